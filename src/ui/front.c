/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal front end: from keys to lines, and what the core asks of it. */
#include "ui/front.h"

#include <string.h>

#include "account/account.h"
#include "api/option.h"
#include "api/store.h"
#include "base/table.h"
#include "ui/cycle.h"
#include "ui/layout.h"
#include "ui/line.h"
#include "ui/places.h"
#include "ui/questions.h"
#include "ui/term.h"
#include "ui/win_call.h"

#define PASTE_LINES 5

struct front_options front_options;

static struct {
	const struct ui_calls *calls;
	bool on, focus;
	guint64 seq;
	char *paste;  /* of many lines: waits for a yes */
	int jump;     /* digits of a window's number: -1 when none is typed */
	bool guarded; /* a line that looks like a mistyped command was held back once */
	bool was_writing;
} front;

static void
do_nothing(void)
{
}

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

static void
run(const char *line)
{
	front.seq++;
	feed_output_window(front.seq);
	front.calls->run_line(line, front.seq);
	feed_line_done();
}

/* Chat states: only whether something is being written, never what. */
static void
tell_writing(void)
{
	const Window *window = window_current();
	const char *text = editor_text(window->editor);
	bool writing = window->conv && *text && *text != '/';
	if (writing == front.was_writing || !window->conv)
		return;
	front.was_writing = writing;
	convo_typing(window->conv, writing);
}

/* " /quit" is a slip more often than a message: it is held back once. */
static bool
is_slip(const char *text)
{
	const char *at = text;
	while (*at == ' ')
		at++;
	return at > text && *at == '/' && g_ascii_isalpha(at[1]);
}

static void
send_line(void)
{
	Window *window = window_current();
	g_autofree char *text = g_strdup(editor_text(window->editor));
	if (editor_search(window->editor)) {
		editor_do(window->editor, "end-of-line");
		return;
	}
	if (!*text) {
		questions_answer_plain(window);
		return;
	}
	/* It would be said where nobody sees it, nor how it is sealed. */
	if (call_has_window(window) && *text != '/') {
		layout_hint(STYLE_STATUS_WARNING, "this window takes commands: Alt+/ or the chat's number goes to where you write");
		return;
	}
	if (is_slip(text) && !front.guarded) {
		front.guarded = true;
		layout_hint(STYLE_STATUS_WARNING, "a space before the slash: Enter again says it, or take the space away");
		return;
	}
	bool as_text = front.guarded;
	front.guarded = false;
	editor_remember(window->editor);
	front.was_writing = false;
	layout_dirty(PART_INPUT);
	if (window->view)
		view_to_end(window->view);
	if (as_text) {
		g_autofree char *said = g_strconcat("/say ", text, NULL);
		run(said);
	} else if (text[0] != '/' || !questions_answer(window, text + 1)) {
		run(text);
	}
}

static void
page(int by)
{
	Window *window = window_current();
	int rows = layout_view_rows();
	if (window->view)
		view_scroll(window->view, by * MAX(rows - 1, 1), rows, layout_view_cols());
	else
		window->top = MAX((int)window->top - by * MAX(rows - 1, 1), 0);
	if (window->view && view_at_end(window->view))
		front_seen();
	layout_dirty(PART_VIEW | PART_STATUS);
}

static void
page_up(void)
{
	page(1);
}

static void
page_down(void)
{
	page(-1);
}

static void
top(void)
{
	Window *window = window_current();
	if (window->view)
		view_to_top(window->view, layout_view_rows(), layout_view_cols());
	window->top = 0;
	layout_dirty(PART_VIEW | PART_STATUS);
}

static void
bottom(void)
{
	if (window_current()->view)
		view_to_end(window_current()->view);
	front_seen();
	layout_dirty(PART_VIEW | PART_STATUS);
}

static void
unread(void)
{
	if (window_current()->view)
		view_to_unread(window_current()->view, layout_view_rows(), layout_view_cols());
	layout_dirty(PART_VIEW | PART_STATUS);
}

static void
panel_up(void)
{
	panel_scroll(-MAX(layout_view_rows() - 1, 1));
}

static void
panel_down(void)
{
	panel_scroll(MAX(layout_view_rows() - 1, 1));
}

static void
complete_forward(void)
{
	cycle(window_current()->editor, 1, front.calls->complete);
}

static void
complete_back(void)
{
	cycle(window_current()->editor, -1, front.calls->complete);
}

static void
drop_input(void)
{
	Editor *editor = window_current()->editor;
	if (*editor_text(editor) || editor_search(editor)) {
		editor_do(editor, "kill-text");
		layout_hint(STYLE_STATUS, "the input is empty; Ctrl+Y brings it back, /quit leaves sotto");
		return;
	}
	layout_hint(STYLE_STATUS, "/quit leaves sotto");
}

static void
jump(void)
{
	front.jump = 0;
	layout_hint(STYLE_STATUS, "to window number (two digits) …");
}

static const struct {
	const char *name;
	void (*run)(void);
} actions[] = {
	{ "send", send_line },
	{ "complete", complete_forward },
	{ "complete-back", complete_back },
	{ "page-up", page_up },
	{ "page-down", page_down },
	{ "top", top },
	{ "bottom", bottom },
	{ "unread", unread },
	{ "panel-up", panel_up },
	{ "panel-down", panel_down },
	{ "suspend", term_suspend },
	{ "external-editor", external_edit },
	{ "drop-input", drop_input },
	{ "jump", jump },
	{ "bare", layout_toggle_bare },
	{ "nothing", do_nothing },
};

static void
run_binding(const char *line)
{
	if (*line != '@') {
		run(line);
		return;
	}
	bool completes = g_str_has_prefix(line, "@complete");
	if (!completes)
		cycle_end();
	if (strcmp(line, "@send"))
		front.guarded = false;
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
		if (!strcmp(actions[i].name, line + 1)) {
			actions[i].run();
			return;
		}
	editor_do(window_current()->editor, line + 1);
}

static guint
count_lines(const char *text)
{
	guint lines = 1;
	for (; *text; text++)
		lines += *text == '\n' && text[1];
	return lines;
}

static void
paste(const char *text)
{
	guint lines = count_lines(text);
	if (lines <= PASTE_LINES || !front_options.paste_ask) {
		editor_insert(window_current()->editor, text);
		return;
	}
	g_free(front.paste);
	front.paste = g_strdup(text);
	g_autofree char *hint =
		g_strdup_printf("paste of %u lines: y puts it into the input, unsent; any other key drops it", lines);
	layout_hint(STYLE_STATUS_WARNING, hint);
}

/* Keys that answer something half done: true when the key is used up. */
static bool
take_pending(const char *name)
{
	if (front.paste) {
		g_autofree char *text = g_steal_pointer(&front.paste);
		if (!strcmp(name, "y"))
			editor_insert(window_current()->editor, text);
		return true;
	}
	if (front.jump < 0)
		return false;
	/* The first digit has 0 before it: told apart by a mark above two digits. */
	bool first = front.jump == 0;
	if (!g_ascii_isdigit(name[0]) || name[1]) {
		front.jump = -1;
		return false;
	}
	front.jump = (first ? 100 : front.jump * 10) + name[0] - '0';
	if (first) {
		layout_hint(STYLE_STATUS, "to window number …");
		return true;
	}
	g_autofree char *line = g_strdup_printf("/window %d", front.jump - 1000);
	front.jump = -1;
	run(line);
	return true;
}

void
front_key(const char *name, const char *text)
{
	const char *line;
	layout_clear_hint();
	if (secret_is_asked()) {
		secret_key(name, text);
		layout_now(PART_INPUT);
		return;
	}
	if (!take_pending(name)) {
		if (text && !strcmp(name, "Paste")) {
			cycle_end();
			paste(text);
		} else if ((line = keymap_line(name))) {
			run_binding(line);
		} else if (text) {
			cycle_end();
			front.guarded = false;
			editor_insert(window_current()->editor, text);
		}
	}
	if (!front.on)
		return;
	/* The echo first: what follows may cost a stanza. */
	layout_now(PART_INPUT);
	tell_writing();
}

static void
on_key(const char *name, const char *text, gpointer data)
{
	(void)data;
	front_key(name, text);
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
	front.jump = -1;
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
	cycle_end();
	g_clear_pointer(&front.paste, g_free);
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
