/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layer store: its rows. */
#pragma once

void store_init(void); /* migrations and options into the tables */

void store_close(void); /* forgets what is not to be kept, then db_close() */

/* The options of the layer. */
struct store_set {
	char *passphrase_command;
	int keep; /* history.keep */
};
extern struct store_set store_set;
