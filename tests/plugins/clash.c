/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings a command that exists. */
#include "plugin.h"

static bool
run(const struct cmd_call *call, GError **error)
{
	(void)call;
	(void)error;
	return true;
}

static const struct cmd cmds[] = { { .name = "plugin load", .summary = "x", .run = run }, { 0 } };

PLUGIN = { PLUGIN_HEAD, .name = "clash", .summary = "x", .cmds = cmds };
