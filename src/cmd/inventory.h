/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is stored about people, column by column: made of the table in doc/pia.md when sotto is built (contrib/inventory). */
#pragma once

struct inventory_row {
	const char *table, *column, *what, *purpose, *kept, *receives;
};
extern const struct inventory_row inventory[]; /* ended by an empty row */
