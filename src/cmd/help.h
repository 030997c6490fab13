/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, read off the tables. */
#pragma once

#include "api/cmd.h"

bool help_run(const struct cmd_call *call, GError **error);
void help_complete(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data);
