/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Would change tables that are not its own. */
#include "plugin.h"

static const struct migration migrations[] = { { "archive", 99, "DROP TABLE message" }, { 0 } };

PLUGIN = { PLUGIN_HEAD, .name = "digger", .summary = "x", .migrations = migrations };
