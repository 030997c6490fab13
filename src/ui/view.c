/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a window and the piece of them that is seen. A view knows the newest lines, and older ones as far as
 * somebody has looked; the store knows the rest. */
#include "ui/view-private.h"

#include <string.h>

#include "api/timer.h"

#define KEPT 600 /* lines of a view that stands at its end */
#define KEPT_SLACK 200
#define KEPT_LOOKED 20000 /* lines of one that is looked through */

View *
view_new(Conversation *conv)
{
	View *view = g_new0(View, 1);
	view->conv = conv;
	view->lines = g_ptr_array_new_with_free_func(line_free);
	view->bottom = -1;
	view->open = view->complete = !conv;
	view->kept = KEPT;
	view->kept_looked = KEPT_LOOKED;
	return view;
}

void
view_limit(View *view, int lines)
{
	view->kept = view->kept_looked = lines;
}

void
view_free(View *view)
{
	if (!view)
		return;
	g_ptr_array_unref(view->lines);
	g_free(view);
}

void
view_forget_conversation(View *view)
{
	view->conv = NULL;
	view->complete = true;
}

struct line *
view_line(const View *view, int n)
{
	return view->lines->pdata[n];
}

int
view_count(const View *view)
{
	return view->lines->len;
}

int
view_order(const struct line *a, gint64 at, gint64 row)
{
	if (a->at != at)
		return a->at < at ? -1 : 1;
	return !a->row || !row || a->row == row ? 0 : a->row < row ? -1 : 1;
}

void
view_trim(View *view)
{
	int limit = view->bottom < 0 ? view->kept : view->kept_looked;
	if (view_count(view) <= limit + KEPT_SLACK)
		return;
	int gone = view_count(view) - limit;
	/* What is looked at stays, but for a view that was told its limit. */
	if (view->bottom >= 0 && limit == KEPT_LOOKED)
		gone = MIN(gone, view->bottom - KEPT_SLACK);
	if (gone <= 0) {
		view->cut = view->conv != NULL;
		return;
	}
	g_ptr_array_remove_range(view->lines, 0, gone);
	if (view->bottom >= 0)
		view->bottom = MAX(view->bottom - gone, 0);
	view->complete = !view->conv;
	view->asked_older = false;
}

int
view_find(const View *view, const Message *message)
{
	for (int i = view_count(view) - 1; i >= 0; i--) {
		const Message *is = view_line(view, i)->message;
		if (is && (is == message || (message->row && is->row == message->row)))
			return i;
	}
	return -1;
}

struct line *
view_line_of(const Message *message)
{
	struct line *line = g_new0(struct line, 1);
	line->kind = LINE_MESSAGE;
	line->at = message->sent_at;
	line->row = message->row;
	line->message = message_ref(message);
	return line;
}

gint64
view_last_at(const View *view)
{
	return view_count(view) ? view_line(view, view_count(view) - 1)->at : 0;
}

static void
insert(View *view, struct line *line)
{
	int place = view_count(view);
	while (place > 0 && view_order(view_line(view, place - 1), line->at, line->row) > 0)
		place--;
	g_ptr_array_insert(view->lines, place, line);
	if (view->bottom >= place)
		view->bottom++;
	else if (view->bottom >= 0)
		view->below++;
	view_trim(view);
}

void
view_add_message(View *view, const Message *message)
{
	if (message->hidden || !view->open || view_find(view, message) >= 0)
		return;
	if (view->cut) {
		view->below++;
		return;
	}
	/* Older than what is loaded: it is found when somebody looks there. */
	if (!view->complete && view_count(view) && view_order(view_line(view, 0), message->sent_at, message->row) > 0)
		return;
	insert(view, view_line_of(message));
}

void
view_change_message(View *view, const Message *message)
{
	int n = view_find(view, message);
	if (n < 0)
		return;
	if (message->hidden) {
		g_ptr_array_remove_index(view->lines, n);
		if (view->bottom >= n)
			view->bottom = MAX(view->bottom - 1, 0);
		return;
	}
	struct line *line = view_line(view, n);
	Message *old = line->message;
	line->message = message_ref(message);
	line->cols = 0;
	message_unref(old);
}

void
view_add_text(View *view, enum line_kind kind, const char *text, bool plain)
{
	struct line *line = g_new0(struct line, 1);
	/* Among messages whose clocks run ahead it still comes last. */
	line->at = MAX(clock_now(), view_last_at(view));
	line->kind = kind;
	line->plain = plain;
	line->text = g_strdup(text);
	insert(view, line);
}

bool
view_replace_last(View *view, const char *old, const char *text)
{
	struct line *line = view_count(view) ? view_line(view, view_count(view) - 1) : NULL;
	if (!line || !line->text || strcmp(line->text, old))
		return false;
	g_free(line->text);
	line->text = g_strdup(text);
	line->cols = 0;
	return true;
}

void
view_clear(View *view)
{
	g_ptr_array_set_size(view->lines, 0);
	view->bottom = -1;
	view->hidden = 0;
	view->below = 0;
	view->cut = false;
	/* What is cleared from the screen is still in the store: paging up brings it back. */
	view->complete = !view->conv;
	view->asked_older = false;
}

void
view_mark_read(View *view, gint64 at)
{
	view->read_at = at;
}
