/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's first message of SCRAM (RFC 5802 §7), read by us before the library sees it. */
#include "xmpp/scram.h"

#include "api/text.h"

#include <string.h>

enum {
	SALT_LEAST = 8,
	NONCE_MOST = 512,
	ITERATIONS_LEAST = 4096,   /* RFC 5802 §5.1, RFC 7677 §4 */
	ITERATIONS_MOST = 1000000, /* about a second */
};

static bool
read_nonce(const char *own, const char *field, GError **error)
{
	size_t ours = strlen(own);

	if (!field || strncmp(field, "r=", 2) != 0)
		return fault(error, FAULT_PEER, "the server's login message cannot be read");
	field += 2;
	if (strlen(field) > NONCE_MOST || strncmp(field, own, ours) != 0 || strlen(field) == ours)
		return fault(error, FAULT_TRUST, "the server's login message does not answer ours");
	return true;
}

static bool
read_salt(struct scram_first *first, const char *field, GError **error)
{
	if (!field || strncmp(field, "s=", 2) != 0)
		return fault(error, FAULT_PEER, "the server's login message cannot be read");
	first->salt = text_base64(field + 2, SCRAM_SALT, &first->salt_length);
	if (!first->salt || first->salt_length < SALT_LEAST)
		return fault(error, FAULT_TRUST, "the server's login message has an unfit salt");
	return true;
}

static bool
read_iterations(struct scram_first *first, const char *field, GError **error)
{
	g_autoptr(GError) why = NULL;
	guint64 count;

	if (!field || strncmp(field, "i=", 2) != 0)
		return fault(error, FAULT_PEER, "the server's login message cannot be read");
	if (!g_ascii_string_to_unsigned(field + 2, 10, 0, G_MAXUINT32, &count, &why))
		count = g_error_matches(why, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS) ? G_MAXUINT32 : 0;
	if (count < ITERATIONS_LEAST)
		return fault(error, FAULT_TRUST,
			"the server wants the password hashed so few times (%.16s) that it could be guessed from that", field + 2);
	if (count > ITERATIONS_MOST)
		return fault(error, FAULT_TRUST, "the server wants the password hashed %.16s times, which would take too long",
			field + 2);
	first->iterations = (guint)count;
	return true;
}

/* Optional attributes follow (RFC 5802 §5.1); one that says two things says nothing. */
static bool
read_offer(struct scram_first *first, char **fields, GError **error)
{
	for (char **field = fields; *field; field++) {
		if (strncmp(*field, "h=", 2) != 0)
			continue;
		if (first->offer)
			return fault(error, FAULT_PEER, "the server's login message cannot be read");
		first->offer = g_strdup(*field + 2);
	}
	return true;
}

bool
scram_read_first(const char *base64, const char *own, struct scram_first *first, GError **error)
{
	size_t length;
	g_autofree guint8 *bytes = text_base64(base64, SCRAM_MESSAGE, &length);
	g_autofree char *text = bytes ? g_strndup((const char *)bytes, length) : NULL;
	g_auto(GStrv) fields = NULL;
	guint n;

	if (!text || strlen(text) != length || !g_utf8_validate(text, -1, NULL))
		return fault(error, FAULT_PEER, "the server's login message cannot be read");
	fields = g_strsplit(text, ",", -1);
	n = g_strv_length(fields);
	return read_nonce(own, n > 0 ? fields[0] : NULL, error) && read_salt(first, n > 1 ? fields[1] : NULL, error) &&
	       read_iterations(first, n > 2 ? fields[2] : NULL, error) && read_offer(first, fields + 3, error);
}
