/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the keys of a call, for the files that make them up. */
#pragma once

#include "api/secret.h"
#include "call/keys.h"

enum { PRINT = 32 }; /* sha-256 of a certificate, and a raw identity key */

/* What a person may lift. */
enum doubt { DOUBT_NONE, DOUBT_CLEAR = 1 << 0, DOUBT_UNMIXED = 1 << 1 };

struct CallKeys {
	int refs;
	bool freed;
	char *account, *peer, *sid;
	bool initiator;
	int rule;

	/* the question for a device */
	bool asked_again; /* for its lists */
	bool preparing;
	char *unprepared; /* what the provider said when it had nothing to seal with */
	guint32 wanted;
	keys_chosen chosen;
	gpointer chosen_data;

	/* the device that seals, and that we seal to; 0: nothing is sealed */
	guint32 device;
	guint8 own_key[PRINT], their_key[PRINT];
	char *fingerprint, *name;

	/* what the two of them said */
	bool has_own, has_theirs;
	guint8 own_print[PRINT], their_print[PRINT];
	GHashTable *prints; /* name of a content: theirs in force */
	Secret *own_secret, *their_secret;

	enum doubt doubt;
	unsigned allowed; /* of enum doubt */
};

/* ---- protection.c: who may call how, and what is remembered ---- */

/* The provider, when it has all that calls need. */
const struct e2ee_provider *keys_provider(void);
/* Under which it is remembered that this contact sealed calls; caller frees. */
char *protection_sealed_key(const char *peer);
/* Nothing seals the call. */
bool protection_allows_clear(CallKeys *keys, GError **error);
bool protection_allows_device(const CallKeys *keys, guint32 device, enum trust trust, GError **error);
/* The device that seals mixes nothing in. */
bool protection_allows_unmixed(CallKeys *keys, GError **error);
void protection_sealed(const CallKeys *keys);
void protection_mixed(const CallKeys *keys);

/* ---- keys.c ---- */

/* From now on this device seals, and is sealed to: it passed the rule. */
bool keys_bind(CallKeys *keys, guint32 device, GError **error);
/* It is still the key that was decided upon. */
bool keys_still(const CallKeys *keys, GError **error);

/* ---- mediasecret.c ---- */

/* Version, secret and certificate in one. */
Secret *mediasecret_pack(const Secret *secret, const guint8 print[PRINT]);
/* NULL with an error unless it is of that certificate. */
Secret *mediasecret_unpack(const Secret *bytes, const guint8 print[PRINT], GError **error);

/* ---- words.c ---- */

char *words_text(const guint8 bytes[4]); /* caller frees */
