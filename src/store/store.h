/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layer store: its rows. */
#pragma once

void store_init(void); /* migrations and options into the tables */

/* The options of the layer. */
struct store_set {
	char *passphrase_command;
	int keep_days;
};
extern struct store_set store_set;
