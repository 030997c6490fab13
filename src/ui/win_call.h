/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls in windows: one of their own, and a piece of the chat with the same person. */
#pragma once

#include "api/event.h"
#include "ui/picture.h"
#include "ui/theme.h"
#include "ui/window.h"

/* The call that this window shows, in whole or above its chat; 0. */
guint call_in_window(const Window *window);
bool call_has_window(const Window *window); /* it is a call's own */
/* The chat with the same person: what commands in that window mean. NULL in other windows. */
Conversation *call_window_conversation(const Window *window);
/* Brings the call's own window into view, and makes it first. */
void call_window_show(guint id);
/* After another window was chosen: those of calls that are over and not looked at go. */
void call_windows_tidy(void);

/* Takes the piece for a call out of the place for lines. False: none. */
bool call_piece(const Window *window, struct rectangle *lines, struct rectangle *piece);
void call_window_draw(const Window *window, const struct rectangle *where);
void call_not_drawn(void); /* nothing of one is on the screen */

/* For the bar of a window: what rings, else a call that is shown elsewhere; NULL. */
char *call_bar_words(enum style *style);
/* How the call of a window is sealed, for the end of its title; NULL in other windows. */
char *call_badge(const Window *window, enum style *style);

/* callfeed.c: what happens to calls, as lines, signs and notices. */
extern const struct event_watch call_feed_rows[];
void call_feed_reset(void);
/* The last figures of a call and the bit rates before them, oldest first; NULL while there are none. */
enum { CALL_HISTORY = 24 };
struct call_history {
	struct call_stats stats;
	guint count, in[CALL_HISTORY], out[CALL_HISTORY];
};
const struct call_history *call_history(guint id);
