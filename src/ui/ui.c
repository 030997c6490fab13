/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which front end is in use. */
#include "ui/ui.h"

#include "api/error.h"
#include "api/option.h"
#include "base/table.h"
#include "ui/bidi.h"
#include "ui/front.h"
#include "ui/line.h"
#include "ui/picture.h"
#include "ui/places.h"
#include "ui/theme.h"

static bool
no_start(const struct ui_calls *calls, GError **error)
{
	(void)calls;
	(void)error;
	return true;
}

static void
no_stop(void)
{
}

static void
no_show(Conversation *conv)
{
	(void)conv;
}

static Conversation *
no_current(void)
{
	return NULL;
}

static void
no_secret(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data)
{
	(void)prompt;
	done(NULL, data);
}

static bool
no_window(const char *verb, const char *arg, GError **error)
{
	(void)verb;
	(void)arg;
	return fault(error, FAULT_GONE, "there are no windows here");
}

static void
no_unlock(bool create)
{
	(void)create;
}

static const struct front_end none = {
	.name = "none",
	.start = no_start,
	.stop = no_stop,
	.show = no_show,
	.current = no_current,
	.ask_secret = no_secret,
	.window = no_window,
	.show_unlock = no_unlock,
	.lock = no_stop,
};
static const struct front_end *front = &none;

void
ui_use(const struct front_end *wanted)
{
	front = wanted ? wanted : &none;
}

const struct front_end *
ui(void)
{
	return front;
}

static const char *const panel_choices[] = { "auto", "on", "off", NULL };
static const char *const notify_choices[] = { "auto", "bell", "osc9", "both", "off", NULL };
static const char *const notify_text_choices[] = { "nothing", "name", "message", "everything", NULL };

static const char *const renderer_choices[] = { "auto", "kitty", "sixel", "truecolor", "256", "16", "mono", "none", NULL };

static bool
theme_exists(const char *name, GError **error)
{
	struct theme tried;
	return theme_read(&tried, name, error);
}

static const struct option options[] = {
	{ .name = "ui.theme",
		.type = OPTION_TEXT,
		.value = &front_options.theme,
		.initial = "default",
		.check = theme_exists,
		.summary = "The theme: a file NAME.theme, yours or one that came with sotto" },
	{ .name = "ui.panel",
		.type = OPTION_CHOICE,
		.value = &front_options.panel,
		.initial = "auto",
		.choices = panel_choices,
		.summary = "Show the contacts at the left",
		.help = "auto shows them beside the console, and beside chats where the screen has 110 columns or more; on "
			"wherever it "
			"has 60." },
	{ .name = "ui.panel_width",
		.type = OPTION_INT,
		.value = &front_options.panel_width,
		.initial = "24",
		.min = 10,
		.max = 60,
		.summary = "Columns of the panel" },
	{ .name = "ui.nick_width",
		.type = OPTION_INT,
		.value = &line_nick_width,
		.initial = "12",
		.min = 3,
		.max = 40,
		.summary = "Columns for names left of the text" },
	{ .name = "ui.time",
		.type = OPTION_BOOL,
		.value = &line_time_is_shown,
		.initial = "on",
		.summary = "Show the time before each line, where the screen has 50 columns or more" },
	{ .name = "ui.group",
		.type = OPTION_BOOL,
		.value = &line_is_grouped,
		.initial = "on",
		.summary = "Leave out name and time while one person goes on within a minute" },
	{ .name = "ui.paste_ask",
		.type = OPTION_BOOL,
		.value = &front_options.paste_ask,
		.initial = "on",
		.summary = "Ask before a paste of more than 5 lines goes into the input line",
		.help = "Nothing that is pasted is sent by itself, however long it is: Enter sends it, as one message. The "
			"question "
			"above the input line is answered with y, which puts the text into the input; any other key drops it. "
			"off puts every paste into the input at once." },
	{ .name = "ui.bidi",
		.type = OPTION_BOOL,
		.value = &bidi_is_on,
		.initial = "on",
		.summary = "Put right-to-left text in order",
		.help = "Switch it off where the terminal does it itself and shows such lines turned twice." },
	{ .name = "ui.notify",
		.type = OPTION_CHOICE,
		.value = &front_options.notify,
		.initial = "auto",
		.choices = notify_choices,
		.summary = "How a message that you do not see is told",
		.help = "bell rings; osc9 asks the terminal for a notice on the desktop, which works over ssh; auto does both "
			"where "
			"the terminal can and has lost the focus." },
	{ .name = "ui.notify_text",
		.type = OPTION_CHOICE,
		.value = &front_options.notify_text,
		.initial = "name",
		.choices = notify_text_choices,
		.summary = "What a notice tells",
		.help = "The desktop may keep notices: message tells only what travelled readable, everything also what came "
			"sealed." },
	{ .name = "video.renderer",
		.type = OPTION_CHOICE,
		.value = &picture_renderer,
		.initial = "auto",
		.choices = renderer_choices,
		.summary = "How the picture of a call is drawn",
		.help = "auto asks the terminal. kitty and sixel show pixels where the terminal can; truecolor, 256 and 16 draw "
			"half blocks in so many colours, mono draws letters; none shows no picture and asks for none. Inside of "
			"tmux "
			"and screen, and at the end of ssh, auto takes half blocks." },
	{ .name = NULL },
};

void
ui_init(void)
{
	places_init();
	table_add(TABLE_OPTIONS, options, "core");
	table_add(TABLE_BINDINGS, keymap_rows, "core");
}
