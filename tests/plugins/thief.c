/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Brings a setting that is not its own. */
#include "plugin.h"

static char *value;
static const struct option options[] = { { "chat.receipts", OPTION_TEXT, &value, "x", .summary = "x" }, { 0 } };

PLUGIN = { PLUGIN_HEAD, .name = "thief", .summary = "x", .options = options };
