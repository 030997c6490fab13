/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Login, with proof in both directions (RFC 5802, 7677): choosing the mechanism, bounding what the server asks, requiring its
 * signature, and never less than was seen before. */
#pragma once

#include "api/error.h"
#include "api/secret.h"
#include "api/stanza.h"
#include "xmpp/transport.h"

typedef struct Sasl Sasl;

Sasl *sasl_new(void);
void sasl_free(Sasl *sasl);
void sasl_forget_key(Sasl *sasl); /* the password changed */

enum sasl_choice {
	SASL_CHOSEN,
	SASL_ASK_PLAIN, /* only PLAIN is offered, and nobody said yes to that */
	SASL_NONE,      /* error says why */
};
/* features: of the stream. local: NULL for an account without a name, which logs in as nobody. before: what
 * sasl_strength() said at the last success, or NULL. */
enum sasl_choice sasl_choose(Sasl *sasl, const Element *features, const struct transport_facts *facts, const char *local,
	const char *before, bool plain_allowed, GError **error);
const char *sasl_mechanism(const Sasl *sasl);
const char *sasl_binding(const Sasl *sasl); /* "tls-exporter", "tls-unique", NULL */
char *sasl_strength(const Sasl *sasl);      /* to remember; caller frees */
bool sasl_proved(const Sasl *sasl);         /* the server proved that it knows the password */

/* The first message, base64 or "="; caller frees. */
char *sasl_begin(Sasl *sasl, const Secret *password, GError **error);

enum sasl_answer {
	SASL_ANSWER,   /* *response is to be sent */
	SASL_DERIVING, /* the key is being derived in a thread: done() will be called, then call sasl_derived() */
	SASL_REFUSED,  /* error says why */
};
enum sasl_answer sasl_challenge(Sasl *sasl, const char *base64, const Secret *password, void (*done)(gpointer data), gpointer data,
	char **response, GError **error);
char *sasl_derived(Sasl *sasl, GError **error);
/* What came with success; false when the server has not proved itself. */
bool sasl_success(Sasl *sasl, const char *base64, GError **error);
/* The attempt is over: a derivation that still runs tells nobody. */
void sasl_reset(Sasl *sasl);
