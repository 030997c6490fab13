/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: what a layer tells those above it. A watcher is a row; it looks and never vetoes. */
#pragma once

#include "call.h"
#include "e2ee.h"
#include "message.h"

enum event_kind {
	EVENT_CONNECTION,      /* .connection */
	EVENT_ROSTER,          /* .roster: one contact changed or was removed */
	EVENT_ROSTER_LOADED,   /* account: the whole roster is here (from the store or the server) */
	EVENT_SUBSCRIPTION,    /* .subscription */
	EVENT_CHAT_STATE,      /* .chat_state */
	EVENT_MESSAGE_ADDED,   /* .message: kept and ready to be shown */
	EVENT_MESSAGE_CHANGED, /* .message: corrected, retracted, reacted to */
	EVENT_MESSAGE_STATE,   /* .message: its state (and reason) changed */
	EVENT_CONVERSATION,    /* .conversation: seal, title, unread count or history changed */
	EVENT_TRUST,           /* .trust */
	EVENT_ALERT,           /* .alert: must be seen by the user */
	EVENT_ASK,             /* .ask: a question for a person; or, with answered set, its end */
	EVENT_OUTPUT,          /* .output: a line of a command's answer */
	EVENT_DONE,            /* .done: the command line number seq is finished */
	EVENT_OPTION,          /* .option: a setting changed */
	EVENT_ACK,             /* .ack: the server has our stanzas up to this sequence (XEP-0198) */
	EVENT_ANNOUNCED,       /* account: a new session is ready, its first presence sent; or the account is no longer invisible */
	EVENT_CAUGHT_UP,       /* account: what the archive had for us is here (or there is no archive) */
	EVENT_ACCOUNT,         /* account: added, changed or removed */
	EVENT_READY,           /* the store is open, plugins and accounts are loaded */
	EVENT_WIRE,            /* .wire: what a stream sent or got, for a raw window; made only while somebody watches */
	EVENT_SIGNAL,          /* .signal: a message without text that chat has no use for, its wrappers taken off and checked */
	EVENT_CALL,            /* .call: a call began, changed or ended */
	EVENT_CALL_STATS,      /* .call_stats */
	EVENT_CALL_FRAME,      /* .call_frame: a picture */
	EVENT_LEAVING,         /* account: a person logs it out, or removes it; what has to be said first is said now */
	EVENT_KINDS,
};

enum connection_state { CONNECTION_OFFLINE, CONNECTION_CONNECTING, CONNECTION_ONLINE, CONNECTION_FAILED };

typedef struct Event {
	enum event_kind kind;
	const char *account; /* bare JID, NULL where none is concerned */
	union {
		struct {
			enum connection_state state;
			const char *reason;                                /* a sentence, NULL if there is none */
			const char *reason_code;                           /* fault_word() */
			const char *tls, *cipher, *auth, *channel_binding; /* when online: "TLSv1.3", ... */
			bool resumed;
			bool will_retry;
		} connection;
		struct {
			const char *jid, *name;
			const char *const *groups; /* NULL-terminated */
			const char *subscription;  /* none, to, from, both, remove */
			const char *presence;      /* offline, online, away, xa, dnd, chat */
			const char *status;        /* remote text, may be NULL */
		} roster;
		struct {
			const char *jid, *kind; /* request, withdrawn (they), approved, refused, removed */
		} subscription;
		struct {
			const char *jid, *state; /* active, composing, paused, inactive, gone */
		} chat_state;
		const Message *message;
		struct Conversation *conversation;
		struct {
			const char *peer;
			guint32 device;
			const char *fingerprint;
			enum trust trust;
			bool own;
		} trust;
		struct {
			const char *code; /* stable word: new-device, key-changed, certificate-changed, login-refused,
					     protection-lost, ... */
			const char *text;
			const char *peer; /* the conversation it belongs to, or NULL */
		} alert;
		struct {
			guint id;
			const char *text;
			const char *const *choices; /* NULL-terminated; the first is the safe one */
			const char *answered;       /* NULL while it is open, "" when it was withdrawn */
			const char *peer;           /* the conversation that waits, or NULL */
		} ask;
		struct {
			guint64 seq; /* of the command line, 0 if it answers none */
			const char *text;
			const char *command;
			const GError *error; /* set: this line is an error */
			bool plain;          /* keep columns: a table, a QR code */
		} output;
		struct {
			guint64 seq;
			bool ok;
		} done;
		struct {
			const char *name;
		} option;
		struct {
			guint64 sequence;
		} ack;
		struct {
			bool out;
			const char *xml; /* laid out for reading; without what logs somebody in, and long ones are cut */
		} wire;
		struct {
			const Element *message;
			const char *from; /* full where it was; who sent it, proven as far as the servers can be believed */
			const char *peer; /* bare: the conversation it belongs to */
			enum message_direction direction;
			enum message_origin origin;
			gint64 sent_at;
		} signal;
		const struct call_facts *call;
		const struct call_stats *call_stats;
		const struct call_frame *call_frame;
	};
} Event;

struct event_watch {
	const char *name; /* for /plugin and the log */
	enum event_kind kind;
	void (*look)(const Event *event);
};

/* Walks the rows in the order of the layers, lowest first. What event points to is borrowed. */
PUBLIC void event_emit(const Event *event);
/* For events that cost something to make. */
PUBLIC bool event_is_watched(enum event_kind kind);

/* Must be seen: a line in the window of peer (or the console), in every window's activity, and for scripts. */
PUBLIC void alert(const char *account, const char *peer, const char *code, const char *format, ...) G_GNUC_PRINTF(4, 5);
