/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of one call: fingerprints sealed to one device, the secrets that are mixed into the media keys, and what all that
 * is worth. Nothing here waits but keys_choose(); what goes out is sealed by keys_seal_into(), what came in is believed only after
 * keys_take(). doc/media-keys.md. */
#pragma once

#include "api/call.h"
#include "call/calls.h"
#include "xmpp/jingle.h"

typedef struct CallKeys CallKeys;

/* peer: bare JID. initiator: we send session-initiate; then lists and bundles of peer are fetched at once, while it rings. rule:
 * enum call_trust. */
CallKeys *keys_new(Account *account, const char *peer, const char *sid, bool initiator, int rule);
void keys_free(CallKeys *keys); /* NULL is fine; no callback comes any more */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CallKeys, keys_free)

/* Initiator, before session-initiate: the device that <proceed> names, 0: none (then fingerprints go in clear if that may be).
 * That name is only a claim of the servers: it must pass the rule before anything is sealed to it. done is called exactly once, at
 * once or when the provider knows the device; error NULL: go on. */
typedef void (*keys_chosen)(const GError *error, gpointer data);
void keys_choose(CallKeys *keys, guint32 device, keys_chosen done, gpointer data);

/* Before jingle_write(). Contents have our fingerprint in clear (has_fingerprint, the same in all); where the call is sealed each
 * is replaced by a seal of its own, and an offer or an answer gets our secret. Durable when it returns. */
bool keys_seal_into(CallKeys *keys, Jingle *jingle, GError **error);

/* After jingle_read(), once for each stanza of this session that describes contents (initiate, accept, content-add,
 * content-accept), from the full JID that the session is with. Afterwards fingerprint is the one in force in each
 * content that has one (has_fingerprint). False: the call ends with the reason <security-error/>; the sentence is for our
 * user. */
bool keys_take(CallKeys *keys, const Jingle *jingle, GError **error);

/* The last refusal, of keys_choose() or keys_take(), was one that a person may lift ("take it anyway?"). keys_allow() does that for
 * this call: go on as if it had been no refusal. False if there is nothing of that kind. */
bool keys_may_allow(const CallKeys *keys);
bool keys_allow(CallKeys *keys);

/* As far as it is known now; both are final when offer and answer have passed. */
enum call_keys keys_level(const CallKeys *keys);
enum trust keys_trust(const CallKeys *keys); /* of the device that sealed, as a person sees it now; TRUST_NONE: nothing is sealed */
guint32 keys_peer_device(const CallKeys *keys);          /* 0: nothing is sealed */
const char *keys_peer_fingerprint(const CallKeys *keys); /* of its identity key, 64 digits of hex; NULL */
const char *keys_peer_name(const CallKeys *keys);        /* "bob's key 1a2b3c4d"; NULL */

/* The body of MEDIA_KEYS, floating. After offer and answer. */
GVariant *keys_link_body(const CallKeys *keys);

/* Four words that are the same at both ends exactly if nobody is in between, after offer and answer: made slowly, beside the main
 * loop, so that nobody finds a certificate that fits. done is called once, unless keys is freed first; words NULL: nothing is
 * sealed, there is nothing to compare. */
typedef void (*keys_spoken)(const char *words, gpointer data);
void keys_words(CallKeys *keys, keys_spoken done, gpointer data);

/* ---- the parts, for tests ---- */

/* What call.trust says of a device (or of a call that nothing seals: TRUST_NONE). */
bool keys_rule_allows(int rule, enum trust trust);
struct keys_context {
	const char *sid, *jid_initiator, *jid_responder;                                 /* bare */
	const guint8 *key_initiator, *key_responder, *print_initiator, *print_responder; /* 32 bytes each */
};
void keys_context(const struct keys_context *of, guint8 context[32]);
/* Argon2id of the context; slow. */
bool keys_words_bytes(const guint8 context[32], guint8 bytes[4]);
