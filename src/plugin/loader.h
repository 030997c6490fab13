/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a plugin's name to its constant. */
#pragma once

#include "api/plugin.h"

/* Where NAME.so lies: the profile's folder, the one beside the program, the installed one. A name with a / is the path itself.
 * NULL with FAULT_GONE. Caller frees. */
char *loader_find(const char *name, GError **error);
/* All names that loader_find() would find, sorted, of char *. */
GPtrArray *loader_names(void);
/* Opens the file and checks it; the constant is copied to *plugin, a missing tail as zero. Nothing of it runs. What was opened
 * stays mapped: answers that are still under way may call into it. */
bool loader_open(const char *path, struct plugin *plugin, GError **error);
