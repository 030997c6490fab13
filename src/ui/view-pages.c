/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store has before and behind the lines of a view, and the server before the store. */
#include "ui/view-private.h"

bool
view_load_older(View *view, guint limit)
{
	const Message *first = NULL;
	if (view->complete || !view->conv)
		return false;
	for (int i = 0; i < view_count(view) && !first; i++)
		first = view_line(view, i)->message;
	g_autoptr(GPtrArray) page = convo_page(view->conv, first, limit);
	guint added = 0;
	for (guint i = page ? page->len : 0; i > 0; i--) {
		const Message *message = page->pdata[i - 1];
		if (message->hidden || view_find(view, message) >= 0)
			continue;
		struct line *line = view_line_of(message);
		int place = 0;
		/* Lines of our own may be older than the first message. */
		while (place < view_count(view) && view_order(view_line(view, place), line->at, line->row) <= 0)
			place++;
		g_ptr_array_insert(view->lines, place, line);
		if (view->bottom >= place)
			view->bottom++;
		added++;
	}
	if (!page || page->len < limit)
		view->complete = true;
	return added > 0;
}

void
view_load_newer(View *view)
{
	const Message *last = NULL;
	for (int i = view_count(view) - 1; i >= 0 && !last; i--)
		last = view_line(view, i)->message;
	g_autoptr(GPtrArray) page = last ? convo_page_after(view->conv, last, VIEW_PAGE) : NULL;
	view->cut = page && page->len == VIEW_PAGE;
	for (guint i = 0; page && i < page->len; i++) {
		const Message *message = page->pdata[i];
		if (message->hidden || view_find(view, message) >= 0)
			continue;
		struct line *line = view_line_of(message);
		int place = view_count(view);
		/* Lines of our own may have come meanwhile. */
		while (place > 0 && view_order(view_line(view, place - 1), line->at, line->row) > 0)
			place--;
		g_ptr_array_insert(view->lines, place, line);
	}
}

void
view_load_oldest(View *view)
{
	const Message before_all = { .sent_at = G_MININT64 };
	g_autoptr(GPtrArray) page = convo_page_after(view->conv, &before_all, VIEW_PAGE);
	if (!page || !page->len)
		return;
	g_ptr_array_set_size(view->lines, 0);
	for (guint i = 0; i < page->len; i++)
		g_ptr_array_add(view->lines, view_line_of(page->pdata[i]));
	view->bottom = view_count(view) - 1;
	view->hidden = 0;
	view->cut = view->complete = true;
}

void
view_ask_server(View *view)
{
	if (!view->conv || view->asked_older)
		return;
	view->asked_older = true;
	view->top_wanted = convo_fetch_older(view->conv);
}

bool
view_waits(const View *view)
{
	return view->top_wanted;
}

void
view_older_came(View *view)
{
	if (!view->open || !view->top_wanted)
		return;
	view->complete = false;
	view->asked_older = false;
	view->top_wanted = false;
	view_load_older(view, VIEW_PAGE);
}

void
view_open(View *view, int rows)
{
	if (view->open)
		return;
	view->open = true;
	view_load_older(view, MAX(rows * 2, 30));
	view->read_at = convo_read_line(view->conv);
}

bool
view_is_open(const View *view)
{
	return view->open;
}
