/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: the border where text becomes a JID, and scissors for what passed it. */
#include "api/jid.h"

#include <idna.h>
#include <string.h>
#include <stringprep.h>

#include "api/error.h"

enum { PART_MAX = 1023, LABEL_MAX = 63 };

static bool
is_plain(const char *text, size_t length, const char *also)
{
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_islower(text[i]) && !g_ascii_isdigit(text[i]) && (!text[i] || !strchr(also, text[i])))
			return false;
	return true;
}

static bool
is_printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

/* Unassigned code points pass (a nick may well be an emoji younger than Unicode 3.2), as servers let them pass. */
static char *
prepare(const char *text, size_t length, const Stringprep_profile *profile)
{
	g_autofree char *once = g_malloc0(PART_MAX * 4 + 1);
	g_autofree char *twice = NULL;

	if (length > PART_MAX)
		return NULL;
	memcpy(once, text, length);
	if (stringprep(once, PART_MAX * 4 + 1, 0, profile) != STRINGPREP_OK || !*once || strlen(once) > PART_MAX)
		return NULL;
	/* What is normalised stays as it is, else the same person would have two names. */
	twice = g_malloc0(PART_MAX * 4 + 1);
	strcpy(twice, once);
	if (stringprep(twice, PART_MAX * 4 + 1, 0, profile) != STRINGPREP_OK || strcmp(once, twice) != 0)
		return NULL;
	return g_strdup(once);
}

/* Letters, digits, hyphens and dots; above ASCII whatever IDNA can express. */
static bool
labels_are_good(const char *domain)
{
	g_autofree char *copy = g_strdup(domain);
	g_auto(GStrv) labels = g_strsplit(copy, ".", 0);
	char *ascii = NULL;
	int result;

	for (guint i = 0; labels[i]; i++) {
		size_t length = strlen(labels[i]);

		if (length == 0 || labels[i][0] == '-' || labels[i][length - 1] == '-')
			return false;
		for (const char *c = labels[i]; *c; c++)
			if (!(*c & 0x80) && !is_plain(c, 1, "-_"))
				return false;
	}
	result = idna_to_ascii_8z(domain, &ascii, IDNA_ALLOW_UNASSIGNED);
	free(ascii);
	return result == IDNA_SUCCESS;
}

static bool
is_bracketed_address(const char *domain)
{
	size_t length = strlen(domain);

	if (length < 4 || domain[0] != '[' || domain[length - 1] != ']')
		return false;
	for (const char *c = domain + 1; c < domain + length - 1; c++)
		if (!g_ascii_isxdigit(*c) && *c != ':' && *c != '.')
			return false;
	return true;
}

static bool
labels_are_short(const char *text, size_t length)
{
	size_t run = 0;

	for (size_t i = 0; i < length; i++) {
		bool dot = text[i] == '.';

		if (dot ? run == 0 || text[i - 1] == '-' : run == 0 && text[i] == '-')
			return false;
		run = dot ? 0 : run + 1;
		if (run > LABEL_MAX)
			return false;
	}
	return run > 0 && text[length - 1] != '-';
}

static char *
normalise_domain(const char *text, size_t length)
{
	g_autofree char *domain = NULL;

	/* RFC 7622 §3.2: the dot of the root is not part of the name. */
	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > PART_MAX)
		return NULL;
	/* Names in Punycode go the long way: they may hide what IDNA forbids. */
	if (is_plain(text, length, "-_.") && labels_are_short(text, length) && !g_strstr_len(text, (gssize)length, "xn--"))
		return g_strndup(text, length);
	domain = prepare(text, length, stringprep_nameprep);
	if (!domain || !(is_bracketed_address(domain) || labels_are_good(domain)))
		return NULL;
	return g_steal_pointer(&domain);
}

static char *
normalise_local(const char *text, size_t length)
{
	if (length == 0 || length > PART_MAX)
		return NULL;
	if (is_plain(text, length, "-_.+!#$%*=?^`{|}~()[],;\\"))
		return g_strndup(text, length);
	return prepare(text, length, stringprep_xmpp_nodeprep);
}

static char *
normalise_resource(const char *text, size_t length)
{
	if (length == 0 || length > PART_MAX)
		return NULL;
	if (is_printable(text, length))
		return g_strndup(text, length);
	return prepare(text, length, stringprep_xmpp_resourceprep);
}

char *
jid_normalise(const char *text, GError **error)
{
	g_autofree char *local = NULL, *domain = NULL, *resource = NULL;
	const char *slash, *at, *end;

	if (!text || !*text)
		return fault_null(error, FAULT_INPUT, "an address cannot be empty: write it like name@server");
	if (strlen(text) > 3 * PART_MAX + 2 || !g_utf8_validate(text, -1, NULL))
		return fault_null(error, FAULT_INPUT, "that is no address: it is too long or not valid text");
	slash = strchr(text, '/');
	end = slash ? slash : text + strlen(text);
	at = memchr(text, '@', (size_t)(end - text));
	if (at && !(local = normalise_local(text, (size_t)(at - text))))
		return fault_null(error, FAULT_INPUT, "%s is no address: the part before the @ is not allowed", text);
	domain = at ? normalise_domain(at + 1, (size_t)(end - at - 1)) : normalise_domain(text, (size_t)(end - text));
	if (!domain)
		return fault_null(error, FAULT_INPUT, "%s is no address: the server's name is not allowed", text);
	if (slash && !(resource = normalise_resource(slash + 1, strlen(slash + 1))))
		return fault_null(error, FAULT_INPUT, "%s is no address: the part after the / is not allowed", text);
	return g_strconcat(local ? local : "", local ? "@" : "", domain, resource ? "/" : NULL, resource, NULL);
}

static size_t
bare_length(const char *jid)
{
	return strcspn(jid, "/");
}

char *
jid_bare(const char *jid)
{
	return g_strndup(jid, bare_length(jid));
}

char *
jid_local(const char *jid)
{
	const char *at = memchr(jid, '@', bare_length(jid));

	return at ? g_strndup(jid, (gsize)(at - jid)) : NULL;
}

char *
jid_domain(const char *jid)
{
	const char *at = memchr(jid, '@', bare_length(jid));
	const char *start = at ? at + 1 : jid;

	return g_strndup(start, (gsize)(jid + bare_length(jid) - start));
}

const char *
jid_resource(const char *jid)
{
	const char *slash = strchr(jid, '/');

	return slash ? slash + 1 : NULL;
}

bool
jid_same_bare(const char *a, const char *b)
{
	size_t length;

	if (!a || !b)
		return false;
	length = bare_length(a);
	return length == bare_length(b) && memcmp(a, b, length) == 0;
}

bool
jid_is_bare(const char *jid)
{
	return !strchr(jid, '/');
}
