/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of the packets when they come from the handshake and from the ratchet: dtls+ratchet, version 1. */
#pragma once

#include "api/secret.h"

enum {
	SRTPKEYS_EXPORTED = 30, /* key and salt as DTLS-SRTP gives them, AES-128-CM */
	SRTPKEYS_CONTEXT = 32,
	SRTPKEYS_SECRET = 32,
	SRTPKEYS_MIXED = 44, /* key and salt of AES-256-GCM */
};

/* What sotto hands over for one call. */
struct srtpkeys {
	bool mixed;
	guint8 context[SRTPKEYS_CONTEXT];
	Secret *initiator, *responder;
};
void srtpkeys_clear(struct srtpkeys *keys);

/* Key and salt for the packets of one sender; exported: of the sending side of that direction. NULL when lengths are wrong. */
Secret *srtpkeys_mix(const struct srtpkeys *keys, const Secret *exported, bool from_initiator);
