/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plugins: loading and unloading; their rows go into the same tables as the core's. */
#pragma once

#include "api/plugin.h"

bool plugin_load(const char *name, GError **error); /* NAME or a path to a .so */
bool plugin_unload(const char *name, GError **error);
void plugins_load_all(void); /* those of option plugin.load */
void plugins_unload_all(void);
/* Rows of a plugin without running it, for /plugin show. Caller frees. */
char *plugin_describe(const char *name, GError **error);
GPtrArray *plugin_names(bool loaded); /* of char *: those loaded, or those that could be */
