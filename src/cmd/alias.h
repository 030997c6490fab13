/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's own words and keys: entries of the settings. */
#pragma once

#include "api/cmd.h"

/* The line that the first of words stands for, without its slash and with the other words behind; NULL if it is no alias. */
char *alias_expand(const char *words);
/* Put the user's keys into TABLE_BINDINGS anew. */
void alias_update_bindings(void);
extern const struct cmd cmd_alias_rows[];
