/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls itself by another name than its file. */
#include "plugin.h"

PLUGIN = { PLUGIN_HEAD, .name = "hello", .summary = "x" };
