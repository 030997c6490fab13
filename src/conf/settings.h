/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: the rows of TABLE_OPTIONS and the text file sotto.conf. */
#pragma once

#include "api/option.h"

/* Give every row's variable its initial value, then what the file says. A bad line is reported by fault and skipped,
 * the rest is loaded; the file itself stays untouched until /save. */
bool settings_load(GError **error);
/* Rows that came later (a plugin): initial values and what the file said about them. */
void settings_apply_rows(const struct option *rows);
bool settings_save(GError **error);
bool settings_set(const char *name, const char *text, GError **error); /* emits EVENT_OPTION */
bool settings_reset(const char *name, GError **error);
char *settings_get(const char *name);               /* as the user would type it; NULL if there is no such setting */
bool settings_is_changed(const struct option *row); /* differs from initial */
bool settings_is_unsaved(const struct option *row);
