/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: starts every subsystem down the list and stops it back up. */
#pragma once

#include "api/secret.h"

struct app_options {
	const char *config_dir;
	bool headless, stay;
	bool locked;       /* wait for a person at the unlock screen, whatever source the passphrase has */
	int passphrase_fd; /* -1: none */
	char **commands;   /* -e */
};
/* Returns the exit status. */
int app_main(const struct app_options *options);
/* The rows of every layer, lowest first, into the tables. */
void app_fill_tables(void);
/* Rows only: fills the tables and prints "sotto", "commands", "options" or "config". */
int app_print_manual(const char *which);
