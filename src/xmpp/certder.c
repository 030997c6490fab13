/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xmpp/certder.h"

#include <string.h>

struct span {
	const guint8 *at, *end;
};

/* One element of DER: its tag, its content and, with whole, also its own head. Moves in behind it. */
static bool
der_next(struct span *in, guint8 *tag, struct span *content, struct span *whole)
{
	const guint8 *start = in->at;
	size_t length;

	if (in->end - in->at < 2)
		return false;
	*tag = *in->at++;
	length = *in->at++;
	if (length & 0x80) {
		guint octets = length & 0x7f;
		if (octets == 0 || octets > 3 || in->end - in->at < (ptrdiff_t)octets)
			return false;
		for (length = 0; octets; octets--)
			length = length << 8 | *in->at++;
	}
	if ((size_t)(in->end - in->at) < length)
		return false;
	*content = (struct span){ in->at, in->at + length };
	in->at += length;
	*whole = (struct span){ start, in->at };
	return true;
}

/* RFC 5280 §4.1: in Certificate, in TBSCertificate, behind [0] version, serial, signature, issuer, validity, subject. in: moves
 * behind it. */
static bool
find_key(const guint8 *bytes, size_t size, struct span *in, struct span *key)
{
	struct span content;
	guint8 tag;

	if (!size)
		return false;
	*in = (struct span){ bytes, bytes + size };
	for (int level = 0; level < 2; level++) {
		if (!der_next(in, &tag, &content, key) || tag != 0x30)
			return false;
		*in = content;
	}
	for (int field = 0; field < 7; field++) {
		if (!der_next(in, &tag, &content, key))
			return false;
		if (field == 0 && tag != 0xa0)
			field++;
	}
	return tag == 0x30;
}

bool
certder_key(const guint8 *bytes, size_t length, const guint8 **key, size_t *key_length)
{
	struct span in, found;

	if (!find_key(bytes, length, &in, &found))
		return false;
	*key = found.at;
	*key_length = (size_t)(found.end - found.at);
	return true;
}

static bool
span_is(const struct span *span, const char *bytes, size_t length)
{
	return (size_t)(span->end - span->at) == length && memcmp(span->at, bytes, length) == 0;
}

/* The content of the extension with this identifier. */
static bool
find_extension(struct span in, const char *id, size_t id_length, struct span *content)
{
	struct span extensions, one, part, whole;
	guint8 tag;

	do {
		if (!der_next(&in, &tag, &extensions, &whole))
			return false;
	} while (tag != 0xa3);
	if (!der_next(&extensions, &tag, &in, &whole))
		return false;
	while (der_next(&in, &tag, &one, &whole)) {
		if (!der_next(&one, &tag, &part, &whole) || !span_is(&part, id, id_length))
			continue;
		while (der_next(&one, &tag, content, &whole))
			if (tag == 0x04)
				return true;
	}
	return false;
}

bool
certder_is_for_servers(const guint8 *bytes, size_t length)
{
	static const char usages[] = "\x55\x1d\x25", any[] = "\x55\x1d\x25\x00", server[] = "\x2b\x06\x01\x05\x05\x07\x03\x01";
	struct span in, key, list, content, whole;
	guint8 tag;

	if (!find_key(bytes, length, &in, &key))
		return false;
	if (!find_extension(in, usages, sizeof usages - 1, &content))
		return true;
	if (!der_next(&content, &tag, &list, &whole))
		return false;
	while (der_next(&list, &tag, &content, &whole))
		if (span_is(&content, server, sizeof server - 1) || span_is(&content, any, sizeof any - 1))
			return true;
	return false;
}
