/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: one thing said, by whom, how sealed and how far it came. */
#pragma once

#include "account.h"
#include "e2ee.h"

enum message_direction { MESSAGE_IN, MESSAGE_OUT };
enum message_kind { MESSAGE_CHAT, MESSAGE_GROUPCHAT, MESSAGE_PRIVATE };
enum message_origin { MESSAGE_LIVE, MESSAGE_CARBON, MESSAGE_ARCHIVE };
enum message_state { MESSAGE_PENDING, MESSAGE_SENT, MESSAGE_DELIVERED, MESSAGE_READ, MESSAGE_FAILED };

/* Counted; everything but state, reason and body (corrections) stays as it was made. */
typedef struct Message {
	guint refs;
	gint64 row;         /* in the archive; 0 before it is kept */
	char *id;           /* our own stable id, taken by commands */
	char *account;      /* bare JID */
	char *conversation; /* bare JID of the peer or room */
	char *from;         /* bare for chats, full in rooms */
	char *wire_id;      /* the id attribute: what receipts, markers and corrections name */
	char *origin_id;    /* XEP-0359 */
	char *stanza_id;    /* the archive id by our own server (or the room) */
	char *body;         /* exact; NULL when it could not be opened (reason says why) */
	char *replaces;     /* wire_id of what this corrects (XEP-0308) */
	char *reason;       /* why it failed or could not be opened, a sentence */
	char *seal;         /* the provider's name, NULL if it travelled readable */
	guint32 device;     /* the sending device where the provider knows it */
	enum trust trust;
	enum message_direction direction;
	enum message_kind kind;
	enum message_origin origin;
	enum message_state state;
	gint64 sent_at; /* µs since the epoch, UTC */
	bool edited;    /* body is a correction; the old text is in the archive */
	bool wants_receipt, wants_marker;
	bool hidden; /* kept for deduplication and the outbox but not drawn: a correction that was applied to its original */
	bool notice; /* not said by anybody: an event line that was kept (a skipped stanza, encryption switched) */
} Message;

PUBLIC Message *message_ref(const Message *message);
PUBLIC void message_unref(Message *message);
PUBLIC const char *message_state_word(enum message_state state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_unref)

/* Messages without text, each kind with its allowed content. */
enum signal_kind {
	SIGNAL_RECEIPT,       /* XEP-0184 */
	SIGNAL_MARKER,        /* XEP-0333 */
	SIGNAL_CHAT_STATE,    /* XEP-0085 */
	SIGNAL_KEY_TRANSPORT, /* a provider's own element without text */
	SIGNAL_CALL,          /* XEP-0353; with children */
};

/* Takes content: the one element that says it. to may be bare or full. False when offline or refused by the table. */
PUBLIC bool message_signal(Account *account, enum signal_kind kind, const char *to, Node *content, GError **error);
