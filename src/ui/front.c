/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal front end: its start and end, and what the core asks of it. */
#include "ui/front.h"

#include <string.h>

#include "account/account.h"
#include "api/option.h"
#include "api/store.h"
#include "base/table.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/line.h"
#include "ui/places.h"
#include "ui/questions.h"
#include "ui/term.h"
#include "ui/win_call.h"

struct front_options front_options;

static struct {
	const struct ui_calls *calls;
	bool on, focus;
	guint64 seq;
} front;

bool
front_is_on(void)
{
	return front.on;
}

bool
front_has_focus(void)
{
	return front.focus;
}

void
front_seen(void)
{
	const Window *window = window_current();
	if (front.on && front.focus && window->conv && !secret_is_asked())
		convo_seen(window->conv);
}

void
front_leave(void)
{
	front.calls->quit(0);
}

void
front_run(const char *line)
{
	front.seq++;
	feed_output_window(front.seq);
	front.calls->run_line(line, front.seq);
	feed_line_done();
}

GPtrArray *
front_complete(const char *line, size_t cursor, size_t *start)
{
	return front.calls->complete(line, cursor, start);
}

static void
on_key(const char *name, const char *text, gpointer data)
{
	(void)data;
	keys_press(name, text);
}

static void
on_focus(bool has_it)
{
	front.focus = has_it;
	accounts_set_active(has_it);
	Window *window = window_current();
	if (has_it)
		front_seen();
	else if (window->view && view_at_end(window->view))
		view_mark_read(window->view, view_last_at(window->view));
}

static void
keep_drafts(void)
{
	const GPtrArray *all = windows();
	for (guint i = 0; all && i < all->len; i++)
		window_keep_draft(all->pdata[i]);
}

static void
on_hangup(void)
{
	keep_drafts();
}

void
front_apply_options(void)
{
	struct theme theme;
	g_autoptr(GError) error = NULL;
	const char *name = front_options.theme && *front_options.theme ? front_options.theme : "default";
	theme_default(&theme);
	if (!theme_read(&theme, screen_colours() ? name : "mono", &error))
		layout_hint(STYLE_STATUS_WARNING, error->message);
	screen_theme(&theme);
	term_bidi();
	screen_repaint();
	layout_dirty(PART_ALL);
}

static bool
start(const struct ui_calls *calls, GError **error)
{
	static const struct term_calls term = { on_key, layout_resized, on_focus, on_hangup, front_leave };
	front.calls = calls;
	front.focus = true;
	if (!term_start(&term, error))
		return false;
	windows_start();
	questions_start();
	/* An owner of their own: after the end nothing is left to tell it to. */
	table_add(TABLE_EVENTS, feed_rows, "terminal");
	table_add(TABLE_EVENTS, questions_rows, "terminal");
	table_add(TABLE_EVENTS, call_feed_rows, "terminal");
	front.on = true;
	front_apply_options();
	layout_start();
	secret_wait();
	return true;
}

static void
stop(void)
{
	if (!front.on)
		return;
	keep_drafts();
	places_stop();
	table_remove("terminal");
	front.on = false;
	keys_stop();
	secret_stop();
	layout_stop();
	panel_stop();
	term_stop();
	feed_reset();
	questions_stop();
	call_feed_reset();
	status_reset();
	windows_stop();
}

static void
show_conversation(Conversation *conv)
{
	window_switch(window_make(conv, true));
}

static Conversation *
current_conversation(void)
{
	if (!front.on)
		return NULL;
	const Window *window = window_current();
	return window->conv ? window->conv : call_window_conversation(window);
}

static void
show_unlock(bool create)
{
	secret_unlock(create, front.calls->unlock);
}

static int
answer_columns(void)
{
	return line_answer_columns(layout_view_cols());
}

const struct front_end ui_terminal = {
	.name = "terminal",
	.start = start,
	.stop = stop,
	.show = show_conversation,
	.current = current_conversation,
	.can_ask = true,
	.ask_secret = secret_ask,
	.window = go_window,
	.show_unlock = show_unlock,
	.lock = secret_lock,
	.columns = answer_columns,
};
