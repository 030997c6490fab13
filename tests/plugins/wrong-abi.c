/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built for another interface. */
#include "plugin.h"

PLUGIN = { .abi = PLUGIN_ABI + 1, .size = sizeof(struct plugin), .name = "wrong-abi", .summary = "x" };
