/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tab: the candidates of a word stand in its place one after the other, and all of them in the status bar. */
#include "ui/cycle.h"

#include <string.h>

#include "ui/layout.h"

static struct {
	GPtrArray *candidates; /* of the word that is being cycled */
	guint candidate;
	size_t from, to;
} cycled;

void
cycle_end(void)
{
	g_clear_pointer(&cycled.candidates, g_ptr_array_unref);
}

static void
hint_candidates(void)
{
	g_autoptr(GString) words = g_string_new(NULL);
	for (guint i = 0; i < cycled.candidates->len && words->len < 1000; i++)
		g_string_append_printf(words, i == cycled.candidate ? "[%s]  " : "%s  ", (char *)cycled.candidates->pdata[i]);
	layout_hint(STYLE_STATUS, words->str);
}

void
cycle(Editor *editor, int by, GPtrArray *(*complete)(const char *line, size_t cursor, size_t *start))
{
	const char *text = editor_text(editor);
	size_t start = editor_cursor(editor);
	if (!cycled.candidates) {
		cycled.candidates = complete(text, editor_cursor(editor), &start);
		if (!cycled.candidates || !cycled.candidates->len) {
			cycle_end();
			return;
		}
		cycled.from = start;
		cycled.to = editor_cursor(editor);
		cycled.candidate = by > 0 ? 0 : cycled.candidates->len - 1;
	} else {
		cycled.candidate = (cycled.candidate + cycled.candidates->len + by) % cycled.candidates->len;
	}
	const char *word = cycled.candidates->pdata[cycled.candidate];
	bool only = cycled.candidates->len == 1;
	g_autofree char *inserted =
		g_strconcat(word, only && !g_str_has_suffix(word, "/") && !g_str_has_suffix(word, " ") ? " " : "", NULL);
	editor_replace(editor, cycled.from, cycled.to, inserted);
	cycled.to = cycled.from + strlen(inserted);
	if (only)
		cycle_end();
	else
		hint_candidates();
}
