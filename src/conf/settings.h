/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: the rows of TABLE_OPTIONS and the text file sotto.conf. */
#pragma once

#include "api/option.h"

/* Give every row's variable its initial value, then what the file says. A bad line is reported by fault and skipped,
 * the rest is loaded; the file itself stays untouched until /save. May be called again: unsaved changes are gone then. */
bool settings_load(GError **error);
/* Rows that came later (a plugin): initial values and what the file said about them. */
void settings_apply_rows(const struct option *rows);
/* Writes our changes into the file as it is now: comments, foreign lines and what another process changed stay. */
bool settings_save(GError **error);
bool settings_set(const char *name, const char *text, GError **error); /* emits EVENT_OPTION */
bool settings_reset(const char *name, GError **error);
char *settings_get(const char *name);               /* as the user would type it; NULL if there is no such setting */
bool settings_is_changed(const struct option *row); /* differs from initial */
bool settings_is_unsaved(const struct option *row);
/* The values that fit, in words, for usage and the manual: "on | off", "1 to 10". Caller frees. */
char *settings_range(const struct option *row);

/* Entries without a row, whose names begin with "alias." or "bind.": kept in the same file. */
const char *settings_extra(const char *name);                                /* NULL if there is none; borrowed */
bool settings_set_extra(const char *name, const char *text, GError **error); /* text NULL removes it */
void settings_each_extra(const char *prefix, void (*visit)(const char *name, const char *text, gpointer data), gpointer data);
bool settings_extra_is_unsaved(const char *name);
