/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input line: actions in a table, each a small change of text and cursor. */
#include "ui/editor.h"

#include <string.h>

#include "ui/caret.h"
#include "ui/killring.h"
#include "ui/recall.h"

#define UNDO_MAX 200
#define TEXT_MAX (1024 * 1024)

struct state {
	char *text;
	size_t cursor;
};

/* Neighbouring changes of one kind are one step of undo; neighbouring kills one entry of the ring. */
enum change { CHANGE_NONE, CHANGE_TYPED, CHANGE_DELETED, CHANGE_KILLED, CHANGE_YANKED };

struct Editor {
	GString *text;
	size_t cursor;
	GPtrArray *undo; /* of struct state * */
	Recall *history;
	GString *search; /* NULL: not searching */
	enum change last, now;
	size_t yank_from;
	guint yank_at;
};

static void
state_free(gpointer data)
{
	struct state *state = data;
	g_free(state->text);
	g_free(state);
}

Editor *
editor_new(void)
{
	Editor *editor = g_new0(Editor, 1);
	editor->text = g_string_new(NULL);
	editor->undo = g_ptr_array_new_with_free_func(state_free);
	editor->history = recall_new();
	return editor;
}

void
editor_free(Editor *editor)
{
	if (!editor)
		return;
	g_string_free(editor->text, TRUE);
	g_ptr_array_unref(editor->undo);
	recall_free(editor->history);
	if (editor->search)
		g_string_free(editor->search, TRUE);
	g_free(editor);
}

const char *
editor_text(const Editor *editor)
{
	return editor->text->str;
}

size_t
editor_cursor(const Editor *editor)
{
	return editor->cursor;
}

const char *
editor_search(const Editor *editor)
{
	return editor->search ? editor->search->str : NULL;
}

static void
save_undo(Editor *editor, enum change change)
{
	editor->now = change;
	if (change == editor->last && change != CHANGE_YANKED)
		return;
	struct state *state = g_new(struct state, 1);
	state->text = g_strdup(editor->text->str);
	state->cursor = editor->cursor;
	if (editor->undo->len == UNDO_MAX)
		g_ptr_array_remove_index(editor->undo, 0);
	g_ptr_array_add(editor->undo, state);
}

void
editor_replace(Editor *editor, size_t from, size_t to, const char *text)
{
	save_undo(editor, CHANGE_YANKED);
	g_string_erase(editor->text, from, to - from);
	g_string_insert(editor->text, from, text);
	editor->cursor = from + strlen(text);
	editor->last = CHANGE_YANKED;
}

void
editor_insert(Editor *editor, const char *text)
{
	size_t length = strlen(text);
	if (editor->text->len + length > TEXT_MAX)
		return;
	if (editor->search) {
		g_string_append(editor->search, text);
		recall_search_anew(editor->history);
		editor_do(editor, "history-search");
		return;
	}
	/* A word is one step of undo. */
	if (g_ascii_isspace(*text))
		editor->last = CHANGE_NONE;
	save_undo(editor, CHANGE_TYPED);
	g_string_insert(editor->text, editor->cursor, text);
	editor->cursor += length;
	editor->last = editor->now;
}

void
editor_set(Editor *editor, const char *text)
{
	save_undo(editor, CHANGE_YANKED);
	g_string_assign(editor->text, text);
	editor->cursor = editor->text->len;
	editor->last = CHANGE_YANKED;
}

static void
cut(Editor *editor, size_t from, size_t to, enum change change)
{
	if (from >= to)
		return;
	save_undo(editor, change);
	if (change == CHANGE_KILLED) {
		g_autofree char *piece = g_strndup(editor->text->str + from, to - from);
		if (editor->last == CHANGE_KILLED)
			kills_extend(piece, to <= editor->cursor);
		else
			kills_add(piece);
	}
	g_string_erase(editor->text, from, to - from);
	editor->cursor = from;
}

/* What was written before, where there is something. */
static void
show(Editor *editor, const char *text)
{
	if (!text)
		return;
	g_string_assign(editor->text, text);
	editor->cursor = editor->text->len;
}

void
editor_remember(Editor *editor)
{
	recall_add(editor->history, editor->text->str);
	g_string_truncate(editor->text, 0);
	editor->cursor = 0;
	editor->last = CHANGE_NONE;
	g_ptr_array_set_size(editor->undo, 0);
}

static void
end_search(Editor *editor)
{
	if (editor->search)
		g_string_free(editor->search, TRUE);
	editor->search = NULL;
}

/* The actions. */

static void
beginning_of_line(Editor *e)
{
	e->cursor = caret_line_start(e->text, e->cursor);
}

static void
end_of_line(Editor *e)
{
	e->cursor = caret_line_end(e->text, e->cursor);
}

static void
backward_char(Editor *e)
{
	e->cursor = caret_before(e->text, e->cursor);
}

static void
forward_char(Editor *e)
{
	e->cursor = caret_after(e->text, e->cursor);
}

static void
backward_word(Editor *e)
{
	e->cursor = caret_word_before(e->text, e->cursor);
}

static void
forward_word(Editor *e)
{
	e->cursor = caret_word_after(e->text, e->cursor);
}

static void
delete_char(Editor *e)
{
	cut(e, e->cursor, caret_after(e->text, e->cursor), CHANGE_DELETED);
}

static void
backward_delete_char(Editor *e)
{
	if (e->search) {
		g_string_truncate(e->search,
			e->search->len ? g_utf8_find_prev_char(e->search->str, e->search->str + e->search->len) - e->search->str
				       : 0);
		return;
	}
	cut(e, caret_before(e->text, e->cursor), e->cursor, CHANGE_DELETED);
}

static void
kill_line(Editor *e)
{
	size_t end = caret_line_end(e->text, e->cursor);
	cut(e, e->cursor, end == e->cursor ? caret_after(e->text, end) : end, CHANGE_KILLED);
}

/* In two pieces, so that they come back in order. */
static void
kill_text(Editor *e)
{
	cut(e, 0, e->cursor, CHANGE_KILLED);
	if (e->now == CHANGE_KILLED)
		e->last = e->now;
	cut(e, e->cursor, e->text->len, CHANGE_KILLED);
}

/* At the start of a line it goes on with all of the text. */
static void
kill_to_start(Editor *e)
{
	size_t start = caret_line_start(e->text, e->cursor);
	if (start == e->cursor && strchr(e->text->str, '\n'))
		kill_text(e);
	else
		cut(e, start, e->cursor, CHANGE_KILLED);
}

static void
kill_word(Editor *e)
{
	cut(e, e->cursor, caret_word_after(e->text, e->cursor), CHANGE_KILLED);
}

static void
backward_kill_word(Editor *e)
{
	cut(e, caret_word_before(e->text, e->cursor), e->cursor, CHANGE_KILLED);
}

static void
kill_to_space(Editor *e)
{
	cut(e, caret_space_before(e->text, e->cursor), e->cursor, CHANGE_KILLED);
}

static void
yank(Editor *e)
{
	if (!kills_count())
		return;
	size_t from = e->cursor;
	e->yank_at = kills_count() - 1;
	editor_replace(e, from, from, kills_get(e->yank_at));
	e->yank_from = from;
}

static void
yank_older(Editor *e)
{
	if (e->last != CHANGE_YANKED || !kills_count() || e->yank_from > e->cursor)
		return;
	e->yank_at = (e->yank_at + kills_count() - 1) % kills_count();
	size_t from = e->yank_from;
	editor_replace(e, from, e->cursor, kills_get(e->yank_at));
	e->yank_from = from;
	e->now = CHANGE_YANKED;
}

static void
transpose(Editor *e)
{
	size_t second_end = e->cursor < e->text->len ? caret_after(e->text, e->cursor) : e->cursor;
	size_t second = caret_before(e->text, second_end), first = caret_before(e->text, second);
	if (first == second || second == second_end)
		return;
	g_autofree char *swapped = g_strdup_printf(
		"%.*s%.*s", (int)(second_end - second), e->text->str + second, (int)(second - first), e->text->str + first);
	editor_replace(e, first, second_end, swapped);
}

static void
undo(Editor *e)
{
	if (!e->undo->len)
		return;
	struct state *state = e->undo->pdata[e->undo->len - 1];
	g_string_assign(e->text, state->text);
	e->cursor = MIN(state->cursor, e->text->len);
	g_ptr_array_set_size(e->undo, e->undo->len - 1);
}

static void
newline_action(Editor *e)
{
	editor_insert(e, "\n");
}

/* In a text of several lines Up goes up a line before it goes back in time. */
static void
previous(Editor *e)
{
	size_t start = caret_line_start(e->text, e->cursor);
	if (start) {
		size_t above = caret_line_start(e->text, start - 1);
		e->cursor = MIN(above + (e->cursor - start), start - 1);
		while (e->cursor > above && (e->text->str[e->cursor] & 0xc0) == 0x80)
			e->cursor--;
	} else {
		show(e, recall_older(e->history, e->text->str));
	}
}

static void
next(Editor *e)
{
	size_t start = caret_line_start(e->text, e->cursor), end = caret_line_end(e->text, e->cursor);
	if (end < e->text->len) {
		e->cursor = MIN(end + 1 + (e->cursor - start), caret_line_end(e->text, end + 1));
		while (e->cursor > end + 1 && (e->text->str[e->cursor] & 0xc0) == 0x80)
			e->cursor--;
	} else {
		show(e, recall_newer(e->history));
	}
}

static void
search(Editor *e)
{
	if (!e->search) {
		e->search = g_string_new(NULL);
		recall_search_anew(e->history);
		return;
	}
	show(e, recall_search(e->history, e->search->str, e->text->str));
}

static void
cancel(Editor *e)
{
	if (e->search) {
		end_search(e);
		show(e, recall_written(e->history, e->text->str));
	}
}

static const struct {
	const char *name, *summary;
	void (*run)(Editor *editor);
} actions[] = {
	{ "beginning-of-line", "to the start of the line", beginning_of_line },
	{ "end-of-line", "to the end of the line", end_of_line },
	{ "backward-char", "one character back", backward_char },
	{ "forward-char", "one character forward", forward_char },
	{ "backward-word", "one word back", backward_word },
	{ "forward-word", "one word forward", forward_word },
	{ "delete-char", "delete the character under the cursor", delete_char },
	{ "backward-delete-char", "delete the character before the cursor", backward_delete_char },
	{ "kill-line", "cut to the end of the line", kill_line },
	{ "kill-to-start", "cut to the start of the line; there: all of the text", kill_to_start },
	{ "kill-text", "cut all of the text", kill_text },
	{ "kill-word", "cut the next word", kill_word },
	{ "backward-kill-word", "cut the word before", backward_kill_word },
	{ "kill-to-space", "cut back to the space before", kill_to_space },
	{ "yank", "insert what was cut last", yank },
	{ "yank-older", "after yank: what was cut before that", yank_older },
	{ "transpose", "swap the two characters around the cursor", transpose },
	{ "undo", "take the last change back", undo },
	{ "newline", "begin a new line without sending", newline_action },
	{ "previous-line", "up a line, or back in the history of the window", previous },
	{ "next-line", "down a line, or forward in the history", next },
	{ "store-unsent", "put the text into the history without sending it", editor_remember },
	{ "history-search", "look backwards through the history", search },
	{ "cancel", "stop looking", cancel },
};

const char *
editor_action(guint n, const char **summary)
{
	if (n >= G_N_ELEMENTS(actions))
		return NULL;
	*summary = actions[n].summary;
	return actions[n].name;
}

bool
editor_do(Editor *editor, const char *action)
{
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(actions[i].name, action))
			continue;
		/* Any other action takes what was found. */
		if (editor->search && actions[i].run != search && actions[i].run != backward_delete_char &&
			actions[i].run != cancel)
			end_search(editor);
		editor->now = CHANGE_NONE;
		actions[i].run(editor);
		editor->last = editor->now;
		return true;
	}
	return false;
}
