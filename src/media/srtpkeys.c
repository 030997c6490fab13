/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HKDF-SHA256 (RFC 5869) over what the handshake exported and what the ratchet carried: doc/media-keys.md. Who has only one
 * of the two knows nothing of the result. */
#include "media/srtpkeys.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

static const char salt[] = "sotto media keys 1";
static const char label[] = "aes-256-gcm";
enum { PRK = 32, DIRECTION = 1 };

void
srtpkeys_clear(struct srtpkeys *keys)
{
	g_clear_pointer(&keys->initiator, secret_free);
	g_clear_pointer(&keys->responder, secret_free);
	memset(keys, 0, sizeof *keys);
}

static gnutls_datum_t
datum(const void *bytes, size_t length)
{
	return (gnutls_datum_t){ (unsigned char *)(guintptr)bytes, length };
}

Secret *
srtpkeys_mix(const struct srtpkeys *keys, const Secret *exported, bool from_initiator)
{
	if (!keys->initiator || !keys->responder || secret_length(exported) != SRTPKEYS_EXPORTED ||
		secret_length(keys->initiator) != SRTPKEYS_SECRET || secret_length(keys->responder) != SRTPKEYS_SECRET)
		return NULL;

	g_autoptr(Secret) material = secret_new(SRTPKEYS_EXPORTED + 2 * SRTPKEYS_SECRET);
	guint8 *at = secret_fill(material);
	memcpy(at, secret_bytes(exported), SRTPKEYS_EXPORTED);
	memcpy(at + SRTPKEYS_EXPORTED, secret_bytes(keys->initiator), SRTPKEYS_SECRET);
	memcpy(at + SRTPKEYS_EXPORTED + SRTPKEYS_SECRET, secret_bytes(keys->responder), SRTPKEYS_SECRET);

	guint8 info[sizeof label - 1 + SRTPKEYS_CONTEXT + DIRECTION];
	memcpy(info, label, sizeof label - 1);
	memcpy(info + sizeof label - 1, keys->context, SRTPKEYS_CONTEXT);
	info[sizeof info - 1] = from_initiator ? 0x01 : 0x02;

	g_autoptr(Secret) prk = secret_new(PRK);
	g_autoptr(Secret) mixed = secret_new(SRTPKEYS_MIXED);
	gnutls_datum_t ikm = datum(at, secret_length(material)), salted = datum(salt, sizeof salt - 1);
	gnutls_datum_t extracted = datum(secret_bytes(prk), PRK), told = datum(info, sizeof info);
	if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &ikm, &salted, secret_fill(prk)) < 0 ||
		gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &extracted, &told, secret_fill(mixed), SRTPKEYS_MIXED) < 0)
		return NULL;
	return g_steal_pointer(&mixed);
}
