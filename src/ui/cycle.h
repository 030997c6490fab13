/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The candidates of a word, one after the other. */
#pragma once

#include "ui/editor.h"

/* The next (by 1) or the one before (-1); complete as in struct ui_calls. */
void cycle(Editor *editor, int by, GPtrArray *(*complete)(const char *line, size_t cursor, size_t *start));
void cycle_end(void); /* something else was typed */
