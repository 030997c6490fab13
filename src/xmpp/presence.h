/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presence on the wire (RFC 6121 §3, §4), and the rule who may learn that we are there. */
#pragma once

#include "api/stream.h"

/* What one presence says; borrowed from its stanza. */
struct presence {
	const char *from;
	const char *type;   /* "" for available */
	const char *show;   /* online, away, xa, dnd, chat: one of ours, never remote text */
	const char *status; /* remote text, "" */
	int priority;
	const char *caps_node, *caps_ver; /* XEP-0115 with sha-1, NULL if it has none */
};
void presence_read(const Element *stanza, struct presence *presence);

/* Our own broadcast, with caps. show "online" has no element. */
bool presence_send(Stream *stream, const char *show, const char *status, int priority);
/* To one address only (RFC 6121 §4.6); the server tells it when we leave. */
bool presence_send_to(Stream *stream, const char *to, const char *show, const char *status);
bool presence_send_unavailable(Stream *stream);
/* type: unavailable, subscribe, subscribed, unsubscribe, unsubscribed, probe. */
bool presence_send_subscription(Stream *stream, const char *to, const char *type);

/* The word if it is one of the five shows, else NULL. */
const char *presence_show_word(const char *word);

/* P18: may this address know that we are online? Set once by account; our own devices and server always may. */
void presence_set_visible_check(bool (*visible)(Stream *stream, const char *jid));
bool presence_visible_to(Stream *stream, const char *jid);
/* The same for a question that arrived: it is left to the route's answer of a dead address when this is false. */
bool presence_may_answer(Stream *stream, const Element *stanza);
