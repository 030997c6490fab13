/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plugins: loading and unloading; their rows go into the same tables as the core's. */
#pragma once

#include "api/plugin.h"

bool plugin_load(const char *name, GError **error); /* NAME or a path to a .so */
bool plugin_unload(const char *name, GError **error);
void plugins_load_all(void); /* those of option plugin.load; what fails is an alert */
void plugins_unload_all(void);
/* Rows of the default plugins without starting them: for the manual. */
void plugins_load_rows(void);
/* Rows of a plugin without running it, for /plugin show. Caller frees. */
char *plugin_describe(const char *name, GError **error);
GPtrArray *plugin_names(bool loaded); /* of char *: those loaded, or those that could be */
bool plugin_is_loaded(const char *name);

/* How tables of a plugin come into an open store (db_migrate); given once by app. */
void plugins_set_migrate(bool (*migrate)(GError **error));
