/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal front end: what its files ask of each other. */
#pragma once

#include "api/event.h"
#include "ui/ui.h"
#include "ui/window.h"

enum panel { PANEL_AUTO, PANEL_ON, PANEL_OFF };
enum notify { NOTIFY_AUTO, NOTIFY_BELL, NOTIFY_OSC9, NOTIFY_BOTH, NOTIFY_OFF };
enum notify_text { NOTIFY_NOTHING, NOTIFY_NAME, NOTIFY_MESSAGE, NOTIFY_ALL };

/* The settings of the layer. */
extern struct front_options {
	char *theme;
	int panel, panel_width;
	int notify, notify_text;
	bool paste_ask;
} front_options;

bool front_is_on(void);
void front_apply_options(void);
void front_leave(void);
bool front_has_focus(void);
/* The current window is looked at: what it shows counts as read. */
void front_seen(void);
void front_run(const char *line);                                          /* a command or a text */
GPtrArray *front_complete(const char *line, size_t cursor, size_t *start); /* as in struct ui_calls */

/* feed.c: what the events of the lower layers mean for windows. */
extern const struct event_watch feed_rows[];
void feed_output_window(guint64 seq); /* answers to line seq go to the window that is seen now */
void feed_line_done(void);
bool feed_line_runs(void); /* what a typed line asks, it asks where it was typed */
void feed_reset(void);
/* Where something about a peer is told: its window, or the console. */
Window *feed_window(const char *account, const char *peer);
/* A line of our own in a window, or in the console if it has none. */
void feed_text(Window *window, enum line_kind kind, const char *text, bool plain);

/* status.c */
void status_connection(const char *account, enum connection_state state);
void status_reset(void);

/* notice.c: something came that a person may want to know of. */
void notice_message(const Message *message, const char *name, bool seen);
void notice_alert(void);
void notice_call(const char *words, const char *name); /* remote text: the name alone */

/* secret.c: questions for something unseen, the unlock screen among them. */
void secret_ask(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data);
void secret_wait(void); /* from the start on, until one of the three below */
void secret_lock(void); /* until the end: nothing that is typed is shown or kept */
void secret_unlock(bool create, void (*unlock)(Secret *passphrase));
bool secret_unlock_failed(const char *reason); /* true when it is shown there */
void secret_unlock_done(void);
void secret_wait_over(void); /* the store will not be opened, and no passphrase is asked for */
bool secret_is_opening(void);
bool secret_is_asked(void);
void secret_key(const char *name, const char *text);
void secret_stop(void);

/* win_raw.c: shows what goes over the wire; account NULL: of all. */
void raw_open(const char *account);

/* external.c: the input line in $VISUAL or $EDITOR. */
void external_edit(void);

/* go.c: "next", "previous", "last", "active", "close", a number or a name. */
bool go_window(const char *verb, const char *arg, GError **error);

/* keymap.c: the line or "@action" of a key; NULL if it has none. */
const char *keymap_line(const char *key);
extern const struct binding keymap_rows[];
