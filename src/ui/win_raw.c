/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of /xmlconsole: what the streams say and hear, while it is open. It holds a bounded number of lines. */
#include "base/table.h"
#include "ui/front.h"
#include "ui/layout.h"

#define OWNER "xml console"
#define LINES_MAX 500

static Window *raw;
static char *only; /* the account that is watched, NULL: all */

static void
on_wire(const Event *event)
{
	if (only && g_strcmp0(only, event->account))
		return;
	g_autofree char *named = only ? NULL : g_strdup_printf("%s\n%s", event->account, event->wire.xml);
	view_add_text(raw->view, event->wire.out ? LINE_WIRE_OUT : LINE_WIRE_IN, named ? named : event->wire.xml, false);
	if (window_is_seen(raw))
		layout_dirty(PART_VIEW);
}

static const struct event_watch watches[] = {
	{ "xml console", EVENT_WIRE, on_wire },
	{ 0 },
};

static const char *
title(gpointer data)
{
	static char *words;
	(void)data;
	g_free(words);
	words = g_strdup_printf("XML of %s - /close ends it", only ? only : "all accounts");
	return words;
}

static const struct window_kind kind = { .name = "xml", .title = title };

static void
closed(gpointer data)
{
	(void)data;
	table_remove(OWNER);
	g_clear_pointer(&only, g_free);
	raw = NULL;
}

void
raw_open(const char *account)
{
	if (!raw) {
		raw = window_make_kind(&kind, (gpointer) "", closed);
		raw->view = view_new(NULL);
		view_limit(raw->view, LINES_MAX);
		table_add(TABLE_EVENTS, watches, OWNER);
		view_add_text(raw->view, LINE_EVENT,
			"What goes over the wire from now on, readable texts too. Passwords, tokens and login messages are hidden; "
			"nothing of this is kept.",
			false);
	}
	g_free(only);
	only = g_strdup(account);
	window_switch(raw);
}
