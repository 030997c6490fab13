/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input line: text of any number of lines, a cursor that moves by what people see as characters, undo, the kill
 * ring and the history of its window. It draws nothing. */
#pragma once

#include "api/public.h"

typedef struct Editor Editor;

Editor *editor_new(void);
void editor_free(Editor *editor);
const char *editor_text(const Editor *editor);
size_t editor_cursor(const Editor *editor); /* in bytes */
void editor_insert(Editor *editor, const char *text);
void editor_set(Editor *editor, const char *text); /* cursor at the end */
void editor_replace(Editor *editor, size_t from, size_t to, const char *text);

/* "backward-word" and so on: false when there is no such action. */
bool editor_do(Editor *editor, const char *action);
/* The n-th action's name and what it does; NULL past the end. */
const char *editor_action(guint n, const char **summary);

/* Into the history, and empty again. */
void editor_remember(Editor *editor);

/* Looking backwards through the history: what is looked for, NULL when not looking. */
const char *editor_search(const Editor *editor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Editor, editor_free)
