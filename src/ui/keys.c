/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys do: the actions of the front end, and what is half done between two keys. */
#include "ui/keys.h"

#include <string.h>

#include "ui/cycle.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/questions.h"
#include "ui/term.h"
#include "ui/win_call.h"

#define PASTE_LINES 5

static struct {
	char *paste;  /* of many lines: waits for a yes */
	int jump;     /* digits of a window's number: -1 when none is typed */
	bool guarded; /* a line that looks like a mistyped command was held back once */
	bool was_writing;
} half = { .jump = -1 };

static void
do_nothing(void)
{
}

/* Chat states: only whether something is being written, never what. */
static void
tell_writing(void)
{
	const Window *window = window_current();
	const char *text = editor_text(window->editor);
	bool writing = window->conv && *text && *text != '/';
	if (writing == half.was_writing || !window->conv)
		return;
	half.was_writing = writing;
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
	if (is_slip(text) && !half.guarded) {
		half.guarded = true;
		layout_hint(STYLE_STATUS_WARNING, "a space before the slash: Enter again says it, or take the space away");
		return;
	}
	bool as_text = half.guarded;
	half.guarded = false;
	editor_remember(window->editor);
	half.was_writing = false;
	layout_dirty(PART_INPUT);
	if (window->view)
		view_to_end(window->view);
	if (as_text) {
		g_autofree char *said = g_strconcat("/say ", text, NULL);
		front_run(said);
	} else if (text[0] != '/' || !questions_answer(window, text + 1)) {
		front_run(text);
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
	cycle(window_current()->editor, 1, front_complete);
}

static void
complete_back(void)
{
	cycle(window_current()->editor, -1, front_complete);
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
	half.jump = 0;
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
		front_run(line);
		return;
	}
	bool completes = g_str_has_prefix(line, "@complete");
	if (!completes)
		cycle_end();
	if (strcmp(line, "@send"))
		half.guarded = false;
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
	g_free(half.paste);
	half.paste = g_strdup(text);
	g_autofree char *hint =
		g_strdup_printf("paste of %u lines: y puts it into the input, unsent; any other key drops it", lines);
	layout_hint(STYLE_STATUS_WARNING, hint);
}

/* Keys that answer something half done: true when the key is used up. */
static bool
take_pending(const char *name)
{
	if (half.paste) {
		g_autofree char *text = g_steal_pointer(&half.paste);
		if (!strcmp(name, "y"))
			editor_insert(window_current()->editor, text);
		return true;
	}
	if (half.jump < 0)
		return false;
	/* The first digit has 0 before it: told apart by a mark above two digits. */
	bool first = half.jump == 0;
	if (!g_ascii_isdigit(name[0]) || name[1]) {
		half.jump = -1;
		return false;
	}
	half.jump = (first ? 100 : half.jump * 10) + name[0] - '0';
	if (first) {
		layout_hint(STYLE_STATUS, "to window number …");
		return true;
	}
	g_autofree char *line = g_strdup_printf("/window %d", half.jump - 1000);
	half.jump = -1;
	front_run(line);
	return true;
}

void
keys_press(const char *name, const char *text)
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
			half.guarded = false;
			editor_insert(window_current()->editor, text);
		}
	}
	if (!front_is_on())
		return;
	/* The echo first: what follows may cost a stanza. */
	layout_now(PART_INPUT);
	tell_writing();
}

void
keys_stop(void)
{
	cycle_end();
	g_clear_pointer(&half.paste, g_free);
	half.jump = -1;
}
