/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built with a struct that has more members than ours. */
#include "plugin.h"

PLUGIN = { .abi = PLUGIN_ABI, .size = sizeof(struct plugin) + 8, .name = "newer", .summary = "x" };
