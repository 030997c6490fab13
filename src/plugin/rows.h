/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of one plugin, and the tables they belong into. */
#pragma once

#include "api/plugin.h"

/* Nothing of it may take a name that is taken, or one that is not its own. */
bool rows_check(const struct plugin *plugin, GError **error);
void rows_add(const struct plugin *plugin);
/* What it hooks, in lines. path: where it would be loaded from; NULL: it is loaded. Caller frees. */
char *rows_describe(const struct plugin *plugin, const char *path);
