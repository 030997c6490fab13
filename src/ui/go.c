/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From window to window, and the windows that plugins open. */
#include <string.h>

#include "ui/front.h"
#include "ui/layout.h"
#include "ui/split.h"

static const struct {
	const char *verb;
	Window *(*find)(void);
	const char *otherwise;
} moves[] = {
	{ "last", window_last, "there was no window before" },
	{ "active", window_active, "nothing is waiting in another window" },
	{ "other", split_other, "no other window is beside this one: /window splitv puts one there" },
};

/* The window before is what one most likely wants to see as well. */
static bool
divide(enum split_way way, const char *name, GError **error)
{
	Window *other = name ? window_by_name(name) : window_last();
	if (!name && !other)
		other = window_step(1);
	if (!other)
		return fault(error, FAULT_GONE, "there is no window %s - /wins lists them", name);
	if (other == window_current())
		return fault(error, FAULT_INPUT,
			name ? "this window is seen already: name another one to stand beside it"
			     : "there is no other window yet: /msg opens one");
	split_open(way, other);
	return true;
}

bool
go_window(const char *verb, const char *arg, GError **error)
{
	if (!front_is_on())
		return fault(error, FAULT_GONE, "there are no windows yet");
	for (guint i = 0; i < G_N_ELEMENTS(moves); i++) {
		if (strcmp(moves[i].verb, verb))
			continue;
		Window *window = moves[i].find();
		if (!window) {
			layout_hint(STYLE_STATUS, moves[i].otherwise);
			return true;
		}
		window_switch(window);
		return true;
	}
	if (!strcmp(verb, "splitv") || !strcmp(verb, "splith"))
		return divide(verb[5] == 'v' ? SPLIT_BESIDE : SPLIT_ABOVE, arg, error);
	if (!strcmp(verb, "unsplit") || !strcmp(verb, "zoom")) {
		(*verb == 'u' ? split_close : split_zoom)();
		return true;
	}
	if (!strcmp(verb, "next") || !strcmp(verb, "previous")) {
		window_switch(window_step(*verb == 'n' ? 1 : -1));
		return true;
	}
	Window *window = !strcmp(verb, "close") ? (arg ? window_by_name(arg) : window_current()) : window_by_name(verb);
	/* A key that leads nowhere is no event of a conversation. */
	if (!window && g_ascii_isdigit(*verb)) {
		g_autofree char *hint = g_strdup_printf("there is no window %s - /wins lists them", verb);
		layout_hint(STYLE_STATUS, hint);
		return true;
	}
	if (!window)
		return fault(error, FAULT_GONE, "there is no window %s - /wins lists them", strcmp(verb, "close") ? verb : arg);
	if (strcmp(verb, "close")) {
		window_switch(window);
		return true;
	}
	if (window == window_console())
		return fault(error, FAULT_INPUT, "the console stays - /quit leaves sotto");
	window_close(window);
	return true;
}

/* Windows of plugins (api/window.h). */

guint
window_open(const struct window_kind *kind, gpointer data, GDestroyNotify data_free)
{
	if (!front_is_on()) {
		if (data_free)
			data_free(data);
		return 0;
	}
	Window *window = window_make_kind(kind, data, data_free);
	window_switch(window);
	return window->number;
}

void
window_redraw(guint number)
{
	Window *window = front_is_on() ? window_number(number) : NULL;
	if (window && window_is_seen(window))
		layout_dirty(PART_VIEW | PART_TITLE);
}
