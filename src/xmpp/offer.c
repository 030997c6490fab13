/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server offers for the login. */
#include "xmpp/offer.h"

#include "base/text.h"
#include "xmpp/ns.h"

#include <gcrypt.h>
#include <string.h>

enum { WORDS = 8, WORD = 32 };

/* Neither can stand in XML, so no name has one in it. */
#define BETWEEN_NAMES "\x1e"
#define BETWEEN_LISTS "\x1f"

static const Element *
mechanisms(const Element *features)
{
	return element_child(features, "mechanisms", NS_SASL);
}

static const Element *
bindings(const Element *features)
{
	return element_child(features, "sasl-channel-binding", NS_SASL_CB);
}

static const Element *
first_of(const Element *list)
{
	return list ? element_first(list) : NULL;
}

bool
offer_has(const Element *features, const char *mechanism)
{
	for (const Element *e = first_of(mechanisms(features)); e; e = element_next(e)) {
		if (element_is(e, "mechanism", NULL) && strcmp(element_text(e), mechanism) == 0)
			return true;
	}
	return false;
}

bool
offer_tells_bindings(const Element *features)
{
	return bindings(features) != NULL;
}

bool
offer_binds(const Element *features, const char *type)
{
	for (const Element *e = first_of(bindings(features)); e; e = element_next(e)) {
		if (element_is(e, "channel-binding", NULL) && g_strcmp0(element_attr(e, "type"), type) == 0)
			return true;
	}
	return false;
}

char *
offer_words(const Element *features)
{
	GString *out = g_string_new(NULL);
	guint n = 0;

	for (const Element *e = first_of(mechanisms(features)); e && n < WORDS; e = element_next(e), n++) {
		g_autofree char *name = text_cut(element_text(e), WORD);
		g_string_append_printf(out, "%s%s", n ? ", " : "", name);
	}
	if (!mechanisms(features))
		g_string_append(out, "nothing");
	return g_string_free(out, FALSE);
}

/* ---- the hash that the server signs ---- */

static int
by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* attribute NULL: the names are the text of the children. */
static void
append_names(GString *out, const Element *list, const char *child, const char *attribute)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const Element *e = first_of(list); e; e = element_next(e)) {
		const char *name = attribute ? element_attr(e, attribute) : element_text(e);
		if (element_is(e, child, NULL) && name)
			g_ptr_array_add(names, (gpointer)name);
	}
	g_ptr_array_sort(names, by_bytes);
	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(out, "%s%s", i ? BETWEEN_NAMES : "", (const char *)g_ptr_array_index(names, i));
}

char *
offer_text(const Element *features)
{
	GString *out = g_string_new(NULL);

	append_names(out, mechanisms(features), "mechanism", NULL);
	if (offer_tells_bindings(features)) {
		g_string_append(out, BETWEEN_LISTS);
		append_names(out, bindings(features), "channel-binding", "type");
	}
	return g_string_free(out, FALSE);
}

bool
offer_is_whole(const char *text, int md, const char *hash, GError **error)
{
	guint8 digest[64];
	size_t length = gcry_md_get_algo_dlen(md);

	g_assert(length && length <= sizeof digest);
	gcry_md_hash_buffer(md, digest, text, strlen(text));
	g_autofree char *ours = g_base64_encode(digest, length);
	return strcmp(ours, hash) == 0 ||
	       fault(error, FAULT_TRUST, "the logins that the server offers were changed on their way here: somebody sits between");
}
