/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media secrets, version 1: what is sealed for one device, and the context that binds the keys to one call between two certificates
 * of two devices. doc/media-keys.md. */
#include "api/error.h"
#include "call/keys-private.h"

#include <gcrypt.h>
#include <string.h>

enum { VERSION = 0x01, SECRET = 32, WHOLE = 1 + SECRET + PRINT };

Secret *
mediasecret_pack(const Secret *secret, const guint8 print[PRINT])
{
	Secret *bytes = secret_new(WHOLE);
	guint8 *at = secret_fill(bytes);

	at[0] = VERSION;
	memcpy(at + 1, secret_bytes(secret), SECRET);
	memcpy(at + 1 + SECRET, print, PRINT);
	return bytes;
}

Secret *
mediasecret_unpack(const Secret *bytes, const guint8 print[PRINT], GError **error)
{
	const guint8 *at = secret_bytes(bytes);

	if (secret_length(bytes) != WHOLE || at[0] != VERSION)
		return fault_null(error, FAULT_TRUST, "the secret for the call is of a version that is not known here");
	if (memcmp(at + 1 + SECRET, print, PRINT) != 0)
		return fault_null(error, FAULT_TRUST, "the secret for the call belongs to another certificate");
	return secret_copy(at + 1, SECRET);
}

/* lp(x): two bytes of length, big-endian, then x. */
static void
add(GByteArray *text, const void *bytes, size_t length)
{
	const guint8 head[] = { (guint8)(length >> 8), (guint8)length };

	g_byte_array_append(text, head, sizeof head);
	g_byte_array_append(text, bytes, (guint)length);
}

void
keys_context(const struct keys_context *of, guint8 context[32])
{
	g_autoptr(GByteArray) text = g_byte_array_new();

	add(text, of->sid, strlen(of->sid));
	add(text, of->jid_initiator, strlen(of->jid_initiator));
	add(text, of->jid_responder, strlen(of->jid_responder));
	add(text, of->key_initiator, PRINT);
	add(text, of->key_responder, PRINT);
	add(text, of->print_initiator, PRINT);
	add(text, of->print_responder, PRINT);
	gcry_md_hash_buffer(GCRY_MD_SHA256, context, text->data, text->len);
}
