/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations: what was said with one peer, whether it is sealed and what is still unread. */
#pragma once

#include "message.h"

typedef struct Conversation Conversation; /* lives as long as its account */

enum convo_seal {
	CONVO_SEAL_AUTO, /* sealed as soon as the peer has keys; nothing readable without a person's yes */
	CONVO_SEALED,    /* was sealed once, or switched on: stays so */
	CONVO_READABLE,  /* a person said yes to readable messages */
};

PUBLIC Conversation *convo_get(Account *account, const char *peer);     /* made if it does not exist; NULL for a bad JID */
PUBLIC Conversation *convo_find(const char *account, const char *peer); /* NULL if it does not exist */
PUBLIC Account *convo_account(const Conversation *conv);
PUBLIC const char *convo_peer(const Conversation *conv); /* bare JID */
PUBLIC enum convo_seal convo_seal_state(const Conversation *conv);
PUBLIC guint convo_unread(const Conversation *conv);

/* Send text to the peer. The message appears at once and turns solid when the server has it. Text starting with "/me " is an action
 * (XEP-0245). Returns the message (borrowed until the loop turns), or NULL with a reason; nothing is sent then. */
PUBLIC const Message *convo_say(Conversation *conv, const char *text, GError **error);
/* Replace the last (or the named, by our id) message of ours (XEP-0308). */
PUBLIC const Message *convo_correct(Conversation *conv, const char *id, const char *text, GError **error);
/* A line of our own in the conversation that is kept with the history. */
PUBLIC void convo_note(Conversation *conv, const char *text);
PUBLIC void convo_note_unread(Conversation *conv, const char *text); /* and it wants to be read, as a message does */

/* A filter sees every text on its way, in the order of the rows. It may replace *text (g_free the old one), or refuse with an
 * error. */
struct filter {
	const char *name;
	bool (*filter)(const Message *message, char **text, GError **error);
};
