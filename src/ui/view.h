/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a window and the piece of them that is seen. What is looked at stays where it is: new lines move only a
 * view that stands at its end. */
#pragma once

#include "chat/convo.h"

enum line_kind {
	LINE_MESSAGE,
	LINE_OUTPUT,
	LINE_ERROR,
	LINE_EVENT,
	LINE_ALERT,
	LINE_ASK,
	LINE_WIRE_IN,
	LINE_WIRE_OUT,
};

typedef struct View View;

View *view_new(Conversation *conv); /* NULL: lines of our own only */
void view_free(View *view);
void view_limit(View *view, int lines);    /* keeps no more, looked through or not */
void view_forget_conversation(View *view); /* it is gone; what was said stays to be read */

void view_add_message(View *view, const Message *message);
void view_change_message(View *view, const Message *message); /* its state or text changed */
void view_add_text(View *view, enum line_kind kind, const char *text, bool plain);
/* The last line, when it is of our own: its text is replaced. False if others came after it. */
bool view_replace_last(View *view, const char *old, const char *text);
void view_clear(View *view);
/* Read again what the store has: after older messages came. */
void view_older_came(View *view);
bool view_waits(const View *view); /* for older messages from the server */
/* The line that says where reading stopped. */
void view_mark_read(View *view, gint64 at);
gint64 view_last_at(const View *view);

/* Load what a first look needs. */
void view_open(View *view, int rows);
bool view_is_open(const View *view);
/* Towards older (negative: newer) rows, for a view of that size. */
void view_scroll(View *view, int by, int rows, int cols);
void view_to_top(View *view, int rows, int cols);
void view_to_end(View *view);
void view_to_unread(View *view, int rows, int cols);
bool view_at_end(const View *view);
guint view_below(const View *view); /* lines that came below what is seen */
void view_draw(View *view, int row, int col, int rows, int cols);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(View, view_free)
