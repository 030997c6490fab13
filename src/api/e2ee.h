/* SPDX-License-Identifier: GPL-3.0-or-later */
/* End-to-end encryption: the row that a provider fills. The core seals and opens only through it and takes
 * every name of the method from here. A provider keeps no state that a rollback of the store would have to undo. */
#pragma once

#include "account.h"
#include "secret.h"

enum trust { TRUST_NONE, TRUST_UNDECIDED, TRUST_TRUSTED, TRUST_VERIFIED, TRUST_UNTRUSTED };
PUBLIC const char *trust_word(enum trust trust); /* none, undecided, trusted, verified, untrusted */

/* One key of one device, for people to compare. */
typedef struct Identity {
	guint32 device;
	char *fingerprint; /* lower-case hex, no type byte */
	char *label;       /* may be NULL; remote text */
	enum trust trust;
	bool active; /* still announced by its owner */
	bool own, this_device;
	gint64 first_seen, last_used; /* µs since the epoch; 0 unknown */
	char *learnt;                 /* how: "device list", "message", ... */
} Identity;
PUBLIC void identity_free(Identity *identity);

/* What prepare found out. */
enum e2ee_readiness {
	E2EE_READY,     /* seal() can be called now */
	E2EE_NO_KEYS,   /* the peer offers no keys: a person must decide */
	E2EE_UNDECIDED, /* devices wait for a decision; the sentence says which */
	E2EE_BLOCKED,   /* it must not be sent: the sentence says why and what to do */
	E2EE_RETRY,     /* failed for now (network): try again later */
};
typedef void (*e2ee_prepared)(enum e2ee_readiness readiness, const char *sentence, gpointer data);

/* How opening ended. In each case the transaction is committed: what the provider wrote counts. */
enum e2ee_outcome {
	E2EE_OPENED,     /* content is set */
	E2EE_NOTHING,    /* fine, but without content for people (key transport, heartbeat) */
	E2EE_DUPLICATE,  /* seen before */
	E2EE_NOT_FOR_US, /* sealed, but not for this device */
	E2EE_FAILED,     /* cannot be opened: error has the sentence that is kept with the row */
};
typedef struct E2eeOpened {
	char *text;      /* the decrypted body, checked UTF-8; NULL when content is a tree */
	Stanza *content; /* decrypted elements (envelopes); NULL in formats that seal only the body */
	guint32 device;
	enum trust trust;
} E2eeOpened;
PUBLIC void e2ee_opened_clear(E2eeOpened *opened);

struct e2ee_provider {
	const char *name;           /* the word in events and options */
	const char *title;          /* as the title bar writes it */
	const char *ns;             /* of the sealed element */
	const char *element;        /* its name: "encrypted" */
	const char *eme_name;       /* XEP-0380 */
	const char *call_namespace; /* of sealed call fingerprints, NULL if it has none */
	const char *uri_key;        /* the key of fingerprints in xmpp: URIs, with its dash at the end */
	const char *fallback;       /* the body that others read */

	/* Cheap and synchronous: were keys of this peer ever seen? */
	bool (*usable)(Account *account, const char *peer);
	/* Bring lists, bundles and trust up to date; calls done exactly once, later or at once. */
	void (*prepare)(Account *account, const char *peer, e2ee_prepared done, gpointer data);
	/* Inside a transaction of the caller, synchronous: seal text for all devices that may read it and return the element,
	 * or NULL with a reason; the caller then rolls back. */
	Node *(*seal)(Account *account, const char *peer, const char *text, enum trust *weakest, GError **error);
	/* Inside a transaction of the caller. sender is the bare JID of who sealed. from_archive: consumption of
	 * one-time keys is put off until catch-up ends. */
	enum e2ee_outcome (*open)(
		Account *account, const char *sender, const Element *sealed, bool from_archive, E2eeOpened *opened, GError **error);

	GPtrArray *(*identities)(Account *account, const char *peer); /* of Identity *, newest first, own if peer is our bare JID */
	bool (*set_trust)(
		Account *account, const char *peer, guint32 device, const char *fingerprint, enum trust trust, GError **error);
	/* All keys ever seen of the peer, in order of time, also gone ones. */
	GPtrArray *(*history)(Account *account, const char *peer);
	/* For calls: bytes (any, up to 4096) to exactly one device, committed before it is used. NULL if not offered. There must be
	 * a session with it: prepare() makes one with whoever is announced; without one, or when a person refused the device, it
	 * answers with a sentence. Whether an undecided one will do is the caller's rule: identity_key() says the trust. */
	Node *(*seal_for)(Account *account, const char *peer, guint32 device, const void *bytes, size_t length, GError **error);
	/* The other end of it: what seal_for() of sender made, committed before it returns. bytes is set when E2EE_OPENED, an
	 * error in each other case. device is what the header names; that and trust are proven by the key of the session only
	 * when it opened, and then that key is the one that identity_key() tells. */
	enum e2ee_outcome (*open_for)(Account *account, const char *sender, const Element *sealed, guint32 *device,
		enum trust *trust, Secret **bytes, GError **error);
	/* The device of ours that others seal to, 0 if there is none; and the raw public identity key (32 bytes) that a device of
	 * peer (or of ours) uses now. */
	guint32 (*own_device)(Account *account);
	bool (*identity_key)(Account *account, const char *peer, guint32 device, guint8 key[32], enum trust *trust);
};

/* The core's own view over whichever provider is loaded; what verify and others call. Empty array without a provider. */
PUBLIC const struct e2ee_provider *e2ee_provider(void); /* NULL if none is loaded */
PUBLIC GPtrArray *e2ee_identities(Account *account, const char *peer);
PUBLIC GPtrArray *e2ee_history(Account *account, const char *peer);
PUBLIC bool
e2ee_set_trust(Account *account, const char *peer, guint32 device, const char *fingerprint, enum trust trust, GError **error);
/* A provider tells that the peer offers other keys than before: what waits for keys, or for a person because there were none, is
 * tried again. */
PUBLIC void e2ee_keys_changed(Account *account, const char *peer);
