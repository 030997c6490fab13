/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows and keys that a plugin or a layer adds. */
#pragma once

#include "chat.h"

/* A key is a command line: one vocabulary for user, key, script and plugin. */
struct binding {
	const char *key;  /* "M-a", "C-p", "PageUp", "F1" */
	const char *line; /* "/window next-active", or an editor action: "@backward-word" */
	const char *summary;
};

/* A kind of window that shows lines of its own. */
struct window_kind {
	const char *name;
	const char *(*title)(gpointer data);
	/* The line number n from the top, NULL past the end: remote text is drawn safely. */
	const char *(*line)(gpointer data, guint n);
};
PUBLIC guint window_open(const struct window_kind *kind, gpointer data, GDestroyNotify data_free);
PUBLIC void window_redraw(guint window);
