/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbered windows: the console is 1, each conversation has one, plugins may open more. */
#pragma once

#include "api/window.h"
#include "ui/editor.h"
#include "ui/view.h"

enum activity { ACTIVITY_NONE, ACTIVITY_EVENT, ACTIVITY_MESSAGE, ACTIVITY_PRIVATE, ACTIVITY_ALERT, ACTIVITY_CALL };

typedef struct Window {
	guint number;
	View *view; /* NULL in windows of plugins */
	Editor *editor;
	Conversation *conv;   /* NULL in others, and when it is gone */
	char *account, *peer; /* of the conversation; NULL in others */
	const struct window_kind *kind;
	gpointer data;
	GDestroyNotify data_free;
	guint top;      /* first line seen of a plugin's window */
	bool has_lines; /* of a call's own: something was answered here */
	enum activity activity;
} Window;

void windows_start(void); /* the console */
void windows_stop(void);
const GPtrArray *windows(void); /* of Window *, by number */
Window *window_console(void);
Window *window_current(void);
bool window_is_seen(const Window *window); /* it has the input, or stands beside the one that has it */
Window *window_number(guint number);       /* NULL if there is none */
Window *window_by_name(const char *name);  /* number, JID, name, or the begin of one */
Window *window_of(const Conversation *conv);
Window *window_of_peer(const char *account, const char *peer); /* account NULL: any */
bool window_is_of_stranger(const Conversation *conv);
/* NULL when there are too many of strangers to open one more unasked. */
Window *window_make(Conversation *conv, bool asked);
Window *window_make_kind(const struct window_kind *kind, gpointer data, GDestroyNotify data_free);
void window_switch(Window *window);
void window_close(Window *window);
/* Neighbours in the order of numbers, around the ends. */
Window *window_step(int by);
Window *window_last(void);
/* The one that wants attention most; NULL if none does. */
Window *window_active(void);
void window_raise(Window *window, enum activity activity);
/* What people call it. Borrowed until the next call. */
const char *window_title(const Window *window);
void window_keep_draft(Window *window);
/* Those whose conversation is gone lose it. */
void windows_check(void);
