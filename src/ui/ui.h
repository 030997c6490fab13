/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The front end in use: the terminal or the headless one. What cmd asks of it. */
#pragma once

#include "api/chat.h"
#include "api/error.h"
#include "api/secret.h"

/* Given by app: the one permitted upward call. */
struct ui_calls {
	void (*run_line)(const char *line, guint64 seq); /* a command or text for the open conversation */
	/* Candidates for the word at cursor (byte offset): the array holds whole words, *start its begin in the line. */
	GPtrArray *(*complete)(const char *line, size_t cursor, size_t *start);
	void (*unlock)(Secret *passphrase); /* takes it; the answer comes as EVENT_READY or EVENT_ALERT "locked" */
	void (*quit)(int status);           /* after what is on its way has left, 5 s at most */
	bool stay;                          /* the end of input does not end the program */
};

struct front_end {
	const char *name;
	bool can_ask; /* a person is there who can type something unseen */
	bool (*start)(const struct ui_calls *calls, GError **error);
	void (*stop)(void);
	void (*show)(Conversation *conv); /* bring it into view */
	Conversation *(*current)(void);   /* NULL if none is in view */
	/* Ask for something unseen (a password); answer NULL when given up. */
	void (*ask_secret)(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data);
	/* Window commands: "next", "previous", "last", "close", "list", "active", a number or name; false with an error. */
	bool (*window)(const char *verb, const char *arg, GError **error);
	void (*show_unlock)(bool create); /* the store wants its passphrase */
	void (*lock)(void);               /* the store is being closed to be locked: nothing is shown or taken any more */
	int (*columns)(void);             /* that an answer has on the screen; NULL without one */
};
extern const struct front_end ui_terminal, ui_headless;
/* The one line of a headless start that failed before there was a front end to say it. */
void headless_fatal(const GError *error);

/* A passphrase that a person chooses; a script may know better. */
bool ui_passphrase_is_good(const Secret *text);
#define UI_PASSPHRASE_BAD "too short: choose at least 8 characters, better four words"
void ui_use(const struct front_end *front);
const struct front_end *ui(void); /* never NULL: before ui_use() one that does nothing */

void ui_init(void); /* the rows of the layer: options, bindings, events */
