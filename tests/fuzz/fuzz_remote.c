/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes from a server and is read by small readers of our own. The first byte chooses: addresses; rosters, features and their
 * hashes; the messages of SCRAM; certificates; lines as they are drawn. What must hold of any bytes is asserted. */
#include "api/error.h"
#include "api/jid.h"
#include "api/stanza.h"
#include "base/base.h"
#include "base/text.h"
#include "ui/bidi.h"
#include "xmpp/caps.h"
#include "xmpp/certder.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"
#include "xmpp/roster.h"
#include "xmpp/sasl.h"
#include "xmpp/scram.h"

#include <locale.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

/* ---- addresses ---- */

static void
fuzz_jid(const char *text, size_t size)
{
	g_autofree char *copy = g_strndup(text, size), *jid = jid_normalise(copy, NULL), *twice = NULL, *bare = NULL, *local = NULL,
			*domain = NULL, *joined = NULL;

	if (!jid)
		return;
	twice = jid_normalise(jid, NULL);
	g_assert_cmpstr(jid, ==, twice);
	bare = jid_bare(jid);
	local = jid_local(jid);
	domain = jid_domain(jid);
	g_assert(jid_is_bare(bare) && jid_same_bare(jid, bare) && *domain);
	g_assert(jid_is_bare(jid) == !jid_resource(jid));
	joined = g_strconcat(local ? local : "", local ? "@" : "", domain, jid_resource(jid) ? "/" : NULL, jid_resource(jid), NULL);
	g_assert_cmpstr(joined, ==, jid);
	for (const char *c = bare; *c; c = g_utf8_next_char(c))
		g_assert(!text_turns(g_utf8_get_char(c)));
}

/* ---- rosters, features ---- */

static void
check_item(const Element *element)
{
	RosterItem item;

	if (!roster_item_read(element, &item))
		return;
	g_assert(jid_is_bare(item.jid) && item.group_count <= ROSTER_GROUPS_MAX && !item.groups[item.group_count]);
	for (guint i = 1; i < item.group_count; i++)
		g_assert(strcmp(item.groups[i - 1], item.groups[i]) < 0);
	g_assert(!item.name || g_utf8_validate(item.name, -1, NULL));
	roster_item_clear(&item);
}

static void
fuzz_query(const char *xml, size_t size)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, size, NULL);
	const Element *root = stanza ? stanza_root(stanza) : NULL;

	if (!root)
		return;
	g_autofree char *hash = caps_hash(root), *again = caps_hash(root);
	g_auto(GStrv) features = disco_read_features(root);
	guint count = features ? g_strv_length(features) : 0;
	g_assert_cmpstr(hash, ==, again);
	g_assert(count <= 1024);
	for (guint i = 1; i < count; i++)
		g_assert(strcmp(features[i - 1], features[i]) < 0);
	check_item(root);
	for (const Element *child = element_first(root); child; child = element_next(child))
		check_item(child);
}

/* ---- SCRAM ---- */

static const char features[] = "<f><mechanisms xmlns='" NS_SASL "'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></f>";
static bool derived;

static void
on_derived(gpointer data)
{
	(void)data;
	derived = true;
}

static char *
nonce_of(const char *base64)
{
	gsize length;
	g_autofree guchar *bytes = g_base64_decode(base64, &length);
	g_autofree char *first = g_strndup((const char *)bytes, length);

	return g_strdup(strstr(first, ",r=") + 3);
}

/* $ stands for our nonce: nobody hits it by chance. */
static char *
message(const char *text, size_t size, const char *nonce)
{
	g_autofree char *copy = g_strndup(text, size);
	g_auto(GStrv) parts = g_strsplit(copy, "$", 4);
	g_autofree char *whole = g_strjoinv(nonce, parts);

	return g_base64_encode((const guchar *)whole, strlen(whole));
}

/* Two messages of somebody who does not know the password: whatever they are, they prove nothing. */
static void
fuzz_scram(const char *text, size_t size)
{
	const char *second = memchr(text, '\n', size);
	size_t length = second ? (size_t)(second - text) : size;
	g_autoptr(Stanza) stanza = stanza_parse(features, strlen(features), NULL);
	g_autoptr(Secret) password = secret_copy("pencil", 6);
	struct transport_facts facts = { 0 };
	Sasl *sasl = sasl_new();
	g_assert_cmpint(sasl_choose(sasl, stanza_root(stanza), &facts, "me", NULL, false, NULL), ==, SASL_CHOSEN);
	g_autofree char *begun = sasl_begin(sasl, password, NULL), *nonce = nonce_of(begun), *one = message(text, length, nonce),
			*two = message(second ? second + 1 : "", second ? size - length - 1 : 0, nonce), *response = NULL;
	struct scram_first first = { 0 };
	bool fit = scram_read_first(one, nonce, &first, NULL);
	enum sasl_answer answer;

	g_assert(!fit || (first.iterations >= 4096 && first.iterations <= 1000000 && first.salt_length <= SCRAM_SALT));
	g_free(first.salt);
	derived = false;
	if (!fit || first.iterations < 5000) {
		answer = sasl_challenge(sasl, one, password, on_derived, NULL, &response, NULL);
		g_assert(fit || answer == SASL_REFUSED);
		while (answer == SASL_DERIVING && !derived)
			g_main_context_iteration(NULL, TRUE);
		if (derived)
			response = sasl_derived(sasl, NULL);
	}
	g_assert(!sasl_success(sasl, two, NULL) && !sasl_proved(sasl));
	sasl_free(sasl);
}

/* ---- certificates ---- */

static void
fuzz_certificate(const char *text, size_t size)
{
	/* Of exactly that size, so that one byte too far is seen. */
	g_autofree guint8 *bytes = g_memdup2(text, size);
	const guint8 *key = NULL;
	size_t length = 0;

	if (certder_key(bytes, size, &key, &length))
		g_assert(key >= bytes && length >= 2 && key + length <= bytes + size);
	else
		g_assert(!certder_is_for_servers(bytes, size));
	certder_is_for_servers(bytes, size);
}

/* ---- lines ---- */

static void
fuzz_line(const char *text, size_t size)
{
	g_autofree char *valid = text_make_valid(text, (gssize)size), *cut = text_cut(valid, 40);
	g_autofree struct glyph *glyphs = NULL;
	g_autofree guint *order = NULL, *seen = NULL;
	size_t next, length = wrap_next(valid, strlen(valid), 200, &next);
	guint count = 0;
	bool rtl = bidi_is_rtl(valid, strlen(valid));

	g_assert(g_utf8_validate(valid, -1, NULL) && g_utf8_validate(cut, -1, NULL) && strlen(cut) <= 40);
	glyphs = g_new(struct glyph, length + 1);
	order = g_new(guint, length + 1);
	seen = g_new0(guint, length + 1);
	for (size_t at = 0; at < length; at += glyphs[count++].bytes)
		glyph_next(&glyphs[count], valid + at, valid + length);
	bidi_reorder(glyphs, count, rtl, order);
	for (guint i = 0; i < count; i++) {
		g_assert(order[i] < count && !seen[order[i]]++);
		for (guint c = 0; c < glyphs[i].count && !glyphs[i].ends_line; c++)
			g_assert(glyphs[i].odd || !text_turns(glyphs[i].chars[c]));
	}
	for (size_t at = 0; at <= length; at += 7)
		g_assert(bidi_column(valid, length, at, rtl) >= 0);
}

static void (*const readers[])(const char *text, size_t size) = { fuzz_jid, fuzz_query, fuzz_scram, fuzz_certificate, fuzz_line };

int
LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	setlocale(LC_CTYPE, "C.UTF-8");
	secret_init(NULL);
	g_assert(base_init(NULL));
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		readers[(guint8)(data[0] - '0') % G_N_ELEMENTS(readers)]((const char *)data + 1, size - 1);
	return 0;
}
