/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands: one row from which parsing, completion, usage, help and the manual follow. A sub-command is a command
 * with a space in its name. */
#pragma once

#include "chat.h"

enum arg_type {
	ARG_END,
	ARG_TEXT,    /* the rest of the line, spaces and newlines kept; always last */
	ARG_WORD,    /* one word, or "quoted words" */
	ARG_CHOICE,  /* one of .choices */
	ARG_CONTACT, /* a JID, or a roster name, or the part before the @ where that is unambiguous; arrives as a bare JID */
	ARG_JID,     /* any JID, arrives normalised */
	ARG_ACCOUNT, /* one of our accounts */
	ARG_OPTION,  /* the name of a setting */
	ARG_COMMAND, /* the name of a command */
	ARG_NUMBER,
	ARG_DEVICE, /* a device number */
	ARG_PLUGIN,
	ARG_FILE,
	ARG_WINDOW,  /* number, name or JID */
	ARG_MESSAGE, /* a message id */
	ARG_WORDS,   /* all remaining words, joined by one space; completion: the command's own */
};

struct arg {
	const char *name;
	enum arg_type type;
	bool optional;
	const char *const *choices;
};

enum cmd_needs {
	NEEDS_ACCOUNT = 1 << 0,      /* call->account is set */
	NEEDS_ONLINE = 1 << 1,       /* and online */
	NEEDS_CONVERSATION = 1 << 2, /* call->conversation is set */
	NEEDS_STORE = 1 << 3,        /* works only when unlocked; implied by the others */
};

/* The answer to one line typed. Counted: while somebody holds it the command is not done. */
typedef struct Reply Reply;
PUBLIC Reply *reply_ref(Reply *reply);
PUBLIC void reply_unref(Reply *reply);
PUBLIC void reply_print(Reply *reply, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Like print, for tables and pictures: columns are kept. Make them fit reply_columns(). */
PUBLIC void reply_print_plain(Reply *reply, const char *text);
/* How many columns a line of the answer has on the screen; 0 when a program reads it and nobody can be asked. */
PUBLIC int reply_columns(const Reply *reply);
PUBLIC void reply_fail(Reply *reply, const GError *error); /* shown once, done says ok = false */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reply, reply_unref)

struct cmd_call {
	const struct cmd *cmd;
	Account *account;           /* of the conversation, else the only or default one; NULL if none */
	Conversation *conversation; /* the one in view, NULL if none */
	const char *const *args;    /* one per row of cmd->args, NULL where an optional one is absent */
	Reply *reply;               /* keep it with reply_ref() to answer later */
};

struct cmd {
	const char *name;       /* "account add" */
	const char *aliases;    /* other dialects, separated by commas: "query,q"; NULL */
	const struct arg *args; /* ends with an empty row; NULL: takes nothing */
	unsigned needs;
	const char *summary;         /* one line without full stop */
	const char *help;            /* paragraphs for /help and the manual; NULL */
	const char *const *examples; /* lines, NULL-terminated; NULL */
	bool (*run)(const struct cmd_call *call, GError **error);
	/* More candidates for an argument; call add for each. NULL if the type says it all. */
	void (*complete)(const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data),
		gpointer data);
};
