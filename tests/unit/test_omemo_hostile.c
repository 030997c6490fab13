/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an evil peer or server may put into sealed messages and bundles: nothing but the whole, unchanged text is ever shown. */
#include "omemo/bench.h"

#include <string.h>
#include <time.h>

/* ---- an evil peer: everything in a message can be chosen ---- */

struct evil {
	const guint8 *inner;
	size_t inner_length;
	const guint8 *iv;
	size_t iv_length;
	const guint8 *payload;
	size_t payload_length;
};

static void
add(GString *xml, const char *name, const guint8 *bytes, size_t length)
{
	g_autofree char *text = g_base64_encode(bytes, length);

	g_string_append_printf(xml, "<%s>%s</%s>", name, text, name);
}

static char *
craft(const char *from, const char *to, const struct evil *evil)
{
	GString *xml = g_string_new(NULL);
	axo_auto_buffer *sealed = NULL;
	g_autofree char *key = NULL;
	struct recipient device;
	bool prekey;

	assert_true(device_find(from, to, keys_device(to), &device));
	assert_true(store_begin(NULL));
	assert_true(session_seal(from, to, &device, evil->inner, evil->inner_length, &sealed, &prekey, NULL));
	assert_true(store_commit(STORE_SOON, NULL));
	key = g_base64_encode(signal_buffer_data(sealed), signal_buffer_len(sealed));
	g_string_append_printf(xml, "<encrypted xmlns='" OMEMO_NS "'><header sid='%u'><key rid='%u'>%s</key>", keys_device(from),
		keys_device(to), key);
	if (evil->iv)
		add(xml, "iv", evil->iv, evil->iv_length);
	g_string_append(xml, "</header>");
	if (evil->payload)
		add(xml, "payload", evil->payload, evil->payload_length);
	g_string_append(xml, "</encrypted>");
	return g_string_free(xml, FALSE);
}

/* AES-GCM with a start value of any length, as the evil one has it. */
#include <gcrypt.h>
static void
gcm(const guint8 *key, const guint8 *iv, size_t iv_length, const char *text, size_t length, guint8 *sealed, guint8 *tag)
{
	gcry_cipher_hd_t cipher;

	assert_false(gcry_cipher_open(&cipher, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0));
	assert_false(gcry_cipher_setkey(cipher, key, 16));
	if (iv_length)
		assert_false(gcry_cipher_setiv(cipher, iv, iv_length));
	assert_false(gcry_cipher_encrypt(cipher, sealed, length, text, length));
	assert_false(gcry_cipher_gettag(cipher, tag, 16));
	gcry_cipher_close(cipher);
}

#define TEXT "meet me at the old mill"

struct pair {
	Account *alice, *bob;
	guint8 iv[64], inner[64], payload[sizeof TEXT - 1 + 16];
};

static void
acquaint(struct pair *pair)
{
	bench_meet(&pair->alice, &pair->bob);
	random_bytes(pair->iv, sizeof pair->iv);
	random_bytes(pair->inner, sizeof pair->inner);
}

/* Seals TEXT: the key in inner[0..16), the tag both behind it and behind the payload. */
static void
seal(struct pair *pair, size_t iv_length)
{
	gcm(pair->inner, pair->iv, iv_length, TEXT, strlen(TEXT), pair->payload, pair->inner + 16);
	memcpy(pair->payload + strlen(TEXT), pair->inner + 16, 16);
}

static enum e2ee_outcome
opens(struct pair *pair, const struct evil *evil)
{
	g_autofree char *xml = craft("alice@a.test", "bob@b.test", evil);
	E2eeOpened opened;
	enum e2ee_outcome outcome = bench_open(pair->bob, "alice@a.test", xml, &opened);

	if (outcome == E2EE_OPENED)
		assert_string_equal(opened.text, TEXT);
	e2ee_opened_clear(&opened);
	return outcome;
}

/* D11 */
static void
only_start_values_of_12_and_16_bytes_are_accepted(void **state)
{
	static const size_t lengths[] = { 0, 1, 8, 12, 13, 16, 32, 64 };
	struct pair pair;

	(void)state;
	acquaint(&pair);
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		struct evil evil = { pair.inner, 32, pair.iv, lengths[i], pair.payload, strlen(TEXT) };

		seal(&pair, lengths[i]);
		assert_int_equal(opens(&pair, &evil), lengths[i] == 12 || lengths[i] == 16 ? E2EE_OPENED : E2EE_FAILED);
		evil.iv = NULL;
		assert_int_equal(opens(&pair, &evil), E2EE_FAILED);
	}
	bench_says(pair.alice, pair.bob, "still here");
}

/* D11 */
static void
only_whole_tags_are_accepted(void **state)
{
	static const struct {
		size_t inner, payload;
		bool opens;
	} rows[] = {
		{ 32, 0, true },
		{ 16, 16, true }, /* as the first clients did */
		{ 28, 0, false },
		{ 20, 0, false },
		{ 16, 0, false },
		{ 16, 12, false },
		{ 16, 4, false },
		{ 31, 0, false },
		{ 33, 0, false },
		{ 48, 0, false },
		{ 32, 16, false },
		{ 0, 16, false },
		{ 15, 16, false },
		{ 17, 16, false },
	};
	struct pair pair;

	(void)state;
	acquaint(&pair);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct evil evil = { pair.inner, rows[i].inner, pair.iv, 12, pair.payload, strlen(TEXT) + rows[i].payload };

		seal(&pair, 12);
		assert_int_equal(opens(&pair, &evil), rows[i].opens ? E2EE_OPENED : E2EE_FAILED);
	}
	/* A payload shorter than a tag. */
	for (size_t length = 0; length < 16; length++) {
		struct evil evil = { pair.inner, 16, pair.iv, 12, pair.payload, length };

		assert_int_equal(opens(&pair, &evil), E2EE_FAILED);
	}
}

static void
what_was_sealed_must_be_text(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = { { "a\0b", 3 }, { "\xff", 1 }, { "ok \xc3", 4 }, { "\xed\xa0\x80", 3 }, { "\xf5\x80\x80\x80", 4 },
		{ "\xc0\x80", 2 } };
	struct pair pair;

	(void)state;
	acquaint(&pair);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct evil evil = { pair.inner, 32, pair.iv, 12, pair.payload, rows[i].length };

		gcm(pair.inner, pair.iv, 12, rows[i].bytes, rows[i].length, pair.payload, pair.inner + 16);
		assert_int_equal(opens(&pair, &evil), E2EE_FAILED);
	}
}

/* ---- changed on the way ---- */

static char *
change_base64(const char *xml, const char *before, guint index, guint bit, guint cut, gsize *total)
{
	const char *begin = strstr(xml, before), *end;
	g_autofree guint8 *bytes = NULL;
	g_autofree char *text = NULL, *changed = NULL;
	gsize length;

	assert_non_null(begin);
	begin = strchr(begin, '>') + 1;
	end = strchr(begin, '<');
	text = g_strndup(begin, (gsize)(end - begin));
	bytes = g_base64_decode(text, &length);
	*total = length;
	if (index >= length)
		return NULL;
	if (cut)
		length = index;
	else
		bytes[index] ^= (guint8)(1 << bit);
	changed = g_base64_encode(bytes, length);
	return g_strdup_printf("%.*s%s%s", (int)(begin - xml), xml, changed, end);
}

/* D11: one bit flipped, or an end cut off, anywhere. */
/* In a key exchange: the version, the two numbers at its end (of the registration and of the signed prekey) that say only what to
 * try, and the highest bit of the base key, which Curve25519 does not look at (RFC 7748 §5). Its last byte comes after the number
 * of a prekey, of one to five bytes. */
static bool
binds_nothing(guint index, guint bit, gsize length)
{
	enum { NUMBERS_AT_END = 1 + 3 + 1 + 5, BASE_KEY_END = 1 + 1 + 0 + 3 + 31 };

	return index == 0 || index + NUMBERS_AT_END >= length || (bit == 7 && index > BASE_KEY_END && index <= BASE_KEY_END + 5);
}

static void
no_changed_message_opens_and_the_true_one_still_does(void **state)
{
	static const char *const parts[] = { "<key", "<iv", "<payload" };
	struct pair pair;

	(void)state;
	acquaint(&pair);
	for (int round = 0; round < 2; round++) {
		g_autofree char *xml = NULL;

		if (round == 1)
			store_run(NULL, "DELETE FROM omemo_sessions WHERE account = 'alice@a.test'", "");
		xml = bench_seal(pair.alice, "bob@b.test", TEXT);
		assert_true((strstr(xml, "prekey") != NULL) == (round == 1));
		for (size_t part = 0; part < G_N_ELEMENTS(parts); part++)
			for (guint index = 0;; index++) {
				gsize length;
				g_autofree char *flipped = change_base64(xml, parts[part], index, index % 8, 0, &length);
				g_autofree char *cut = change_base64(xml, parts[part], index, 0, 1, &length);
				E2eeOpened opened;

				if (!flipped)
					break;
				assert_true(store_begin(NULL));
				if (bench_open(pair.bob, "alice@a.test", flipped, &opened) == E2EE_OPENED) {
					assert_true(round == 1 && part == 0 && binds_nothing(index, index % 8, length));
					assert_string_equal(opened.text, TEXT);
					e2ee_opened_clear(&opened);
				}
				store_rollback();
				assert_true(store_begin(NULL));
				assert_int_not_equal(bench_open(pair.bob, "alice@a.test", cut, &opened), E2EE_OPENED);
				store_rollback();
			}
		bench_hears(pair.bob, pair.alice, xml, TEXT);
	}
	bench_says(pair.bob, pair.alice, "fine");
}

static void
a_forged_payload_uses_the_key_up_but_nothing_else(void **state)
{
	struct pair pair;
	g_autofree char *xml = NULL, *forged = NULL;
	E2eeOpened opened;
	gsize length;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	forged = change_base64(xml, "<payload", 3, 1, 0, &length);
	assert_int_equal(bench_open(pair.bob, "alice@a.test", forged, &opened), E2EE_FAILED);
	bench_says(pair.alice, pair.bob, "next");
}

/* ---- shapes ---- */

static void
numbers_of_devices_are_read_strictly(void **state)
{
	static const char *const numbers[] = { "0", "-1", "2147483648", "4294967297", "99999999999999999999", "01", "+1", " 1",
		"1 ", "", "0x1", "1.0", "one" };
	struct pair pair;
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *sid = g_strdup_printf("sid=\"%s\"", numbers[i]), *rid = g_strdup_printf("rid=\"%s\"", numbers[i]);
		g_autofree char *bad_sid = bench_replace(xml, "sid=['\"][0-9]+['\"]", sid);
		g_autofree char *bad_rid = bench_replace(xml, "rid=['\"][0-9]+['\"]", rid);

		assert_int_equal(bench_open(pair.bob, "alice@a.test", bad_sid, &opened), E2EE_FAILED);
		assert_int_equal(bench_open(pair.bob, "alice@a.test", bad_rid, &opened), E2EE_NOT_FOR_US);
	}
	bench_hears(pair.bob, pair.alice, xml, TEXT);
}

static void
odd_shapes_are_refused_in_words(void **state)
{
	static const struct {
		const char *pattern, *with;
		enum e2ee_outcome outcome;
	} rows[] = {
		{ "<header.*</header>", "", E2EE_FAILED },
		{ "<header", "<header xmlns='urn:other'", E2EE_FAILED },
		{ "<key ", "<key xmlns='urn:other' ", E2EE_NOT_FOR_US },
		{ "<key.*</key>", "", E2EE_NOT_FOR_US },
		{ "<iv>.*</iv>", "", E2EE_FAILED },
		{ "<iv>", "<iv xmlns='urn:other'>", E2EE_FAILED },
		{ "<payload>", "<payload>!", E2EE_FAILED },
		{ "<payload>", "<payload> ", E2EE_FAILED },
		{ "(<key [^>]*>)", "\\1\n", E2EE_FAILED },
		{ "(<key [^>]*>).*</key>", "\\1</key>", E2EE_FAILED },
		{ "(<key [^>]*>).*</key>", "\\1MwohBQ==</key>", E2EE_FAILED },
		{ "<payload>.*</payload>", "", E2EE_NOTHING },
	};
	struct pair pair;
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *odd = bench_replace(xml, rows[i].pattern, rows[i].with);

		assert_true(store_begin(NULL));
		assert_int_equal(bench_open(pair.bob, "alice@a.test", odd, &opened), rows[i].outcome);
		store_rollback();
	}
	bench_hears(pair.bob, pair.alice, xml, TEXT);
}

static void
any_of_several_keys_that_opens_counts(void **state)
{
	struct pair pair;
	g_autofree char *xml = NULL, *two = NULL, *own = NULL, *other = NULL;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	other = bench_replace(xml, ".*(<key [^>]*>)([^<]*)(</key>).*", "\\1MwohBTNiTWFqbg==\\3");
	own = g_strdup_printf("%s<key rid='%u'>MwohBQ==</key><key rid='5' prekey='1'/>", other, keys_device("alice@a.test"));
	two = bench_replace(xml, "<key ", "@<key ");
	g_free(xml);
	xml = bench_replace(two, "@", own);
	bench_hears(pair.bob, pair.alice, xml, TEXT);
}

static void
a_huge_payload_is_refused_quickly(void **state)
{
	struct pair pair;
	g_autofree guint8 *big = g_malloc0(1000 * 1000);
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	acquaint(&pair);
	xml = craft("alice@a.test", "bob@b.test", &(struct evil){ pair.inner, 32, pair.iv, 12, big, 700 * 1000 });
	assert_int_equal(bench_open(pair.bob, "alice@a.test", xml, &opened), E2EE_FAILED);
	g_free(xml);
	xml = craft("alice@a.test", "bob@b.test", &(struct evil){ pair.inner, 32, pair.iv, 12, big, 780 * 1000 });
	assert_int_equal(bench_open(pair.bob, "alice@a.test", xml, &opened), E2EE_FAILED);
	bench_says(pair.alice, pair.bob, "fine");
}

/* D11: whether it begins a session is said by its bytes; the attribute changes nothing. */
static void
the_prekey_attribute_is_only_a_hint(void **state)
{
	static const char *const words[] = { "true", "false", "1", "0", "yes", "TRUE", "", "prekey" };
	struct pair pair;

	(void)state;
	acquaint(&pair);
	for (int first = 0; first < 2; first++)
		for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
			g_autofree char *xml = NULL, *bare = NULL, *with = g_strdup_printf("<key prekey='%s' ", words[i]);
			g_autoptr(GRegex) attribute = g_regex_new(" prekey=['\"][a-z]*['\"]", 0, 0, NULL);

			if (first)
				store_run(NULL, "DELETE FROM omemo_sessions WHERE account = 'alice@a.test'", "");
			xml = bench_seal(pair.alice, "bob@b.test", TEXT);
			bare = g_regex_replace(attribute, xml, -1, 0, "", 0, NULL);
			g_free(xml);
			xml = i ? bench_replace(bare, "<key ", with) : g_strdup(bare);
			bench_hears(pair.bob, pair.alice, xml, TEXT);
		}
}

/* D11: what is there twice is read once, or it is refused; nothing is put together from two halves. */
static void
doubled_elements_show_the_true_text_or_none(void **state)
{
	static const struct {
		const char *pattern, *with;
		bool opens;
	} rows[] = {
		{ "(<header.*</header>)", "\\1<header sid='1'><key rid='1'>MwohBQ==</key></header>", true },
		{ "(<header.*</header>)", "<header sid='1'><key rid='1'>MwohBQ==</key></header>\\1", false },
		{ "(<payload>.*</payload>)", "\\1<payload>AAAA</payload>", true },
		{ "(<payload>.*</payload>)", "<payload>AAAA</payload>\\1", false },
		{ "(<iv>.*</iv>)", "\\1<iv>AAAAAAAAAAAAAAAA</iv>", true },
		{ "(<iv>.*</iv>)", "<iv>AAAAAAAAAAAAAAAA</iv>\\1", false },
		{ "(<payload>)", "<payload xmlns='urn:other'>AAAA</payload>\\1", true },
		{ "(<payload>)", "\\1<b>AAAA</b>", true },
	};
	struct pair pair;
	g_autofree char *xml = NULL;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *odd = bench_replace(xml, rows[i].pattern, rows[i].with);
		E2eeOpened opened;
		enum e2ee_outcome outcome;

		assert_true(store_begin(NULL));
		outcome = bench_open(pair.bob, "alice@a.test", odd, &opened);
		assert_true(rows[i].opens ? outcome == E2EE_OPENED : outcome == E2EE_FAILED || outcome == E2EE_NOT_FOR_US);
		if (rows[i].opens)
			assert_string_equal(opened.text, TEXT);
		e2ee_opened_clear(&opened);
		store_rollback();
	}
	bench_hears(pair.bob, pair.alice, xml, TEXT);
}

/* D13: as many keys as a stanza can carry cost little, and only the first few for us are tried. */
static void
hundreds_of_keys_cost_little(void **state)
{
	struct pair pair;
	g_autofree char *xml = NULL, *many = NULL;
	GString *keys = g_string_new(NULL);
	E2eeOpened opened;
	clock_t began;

	(void)state;
	acquaint(&pair);
	for (int i = 0; i < 900; i++)
		g_string_append_printf(keys, "<key rid='%u'>MwohBTNiTWFqbg==</key>", keys_device("bob@b.test"));
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	many = bench_replace(xml, "<key ", "@<key ");
	g_free(xml);
	xml = bench_replace(many, "@", keys->str);
	began = clock();
	assert_int_equal(bench_open(pair.bob, "alice@a.test", xml, &opened), E2EE_FAILED);
	assert_true(clock() - began < CLOCKS_PER_SEC / 2);
	g_string_free(keys, TRUE);
	bench_says(pair.alice, pair.bob, "fine");
}

/* Who a message is from is said by the stanza, and the session must be theirs. */
static void
a_message_under_a_foreign_name_does_not_open(void **state)
{
	struct pair pair;
	Account *carol;
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	acquaint(&pair);
	carol = bench_account("carol@c.test");
	bench_says(carol, pair.bob, "hello");
	bench_says(pair.bob, carol, "hello");
	xml = bench_seal(carol, "bob@b.test", "I am alice");
	assert_int_equal(bench_open(pair.bob, "alice@a.test", xml, &opened), E2EE_FAILED);
	bench_hears(pair.bob, carol, xml, "I am alice");
}

static void
our_own_echo_is_not_an_error(void **state)
{
	struct pair pair;
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	acquaint(&pair);
	xml = bench_seal(pair.alice, "bob@b.test", TEXT);
	assert_int_equal(bench_open(pair.alice, "alice@a.test", xml, &opened), E2EE_NOT_FOR_US);
}

/* ---- bundles ---- */

static void
damaged_bundles_give_no_session(void **state)
{
	static const struct {
		const char *pattern, *with;
	} rows[] = {
		{ "(<signedPreKeySignature>)..", "\\1AA" },
		{ "(<identityKey>).", "\\1A" },
		{ "(<identityKey>)....", "\\1" },
		{ "<signedPreKeyPublic.*?</signedPreKeyPublic>", "" },
		{ "(signedPreKeyId=)['\"][0-9]+['\"]", "\\1'-1'" },
		{ "(<signedPreKeyPublic[^>]*>BQ?)..", "\\1//" },
		{ "<bundle", "<bundle xmlns='urn:other' " },
		{ "<item id=['\"]current['\"]>.*</item>", "<item id='current'/>" },
		{ "<bundle.*</bundle>", "<bundle xmlns='" OMEMO_NS "'/>" },
		{ "<signedPreKeySignature>.*</signedPreKeySignature>", "<signedPreKeySignature></signedPreKeySignature>" },
	};
	Account *alice = bench_account("alice@a.test");
	g_autofree char *node = NULL, *whole = NULL;

	(void)state;
	bench_account("bob@b.test");
	node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("bob@b.test"));
	whole = g_strdup(bench_node("bob@b.test", node));
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *damaged = NULL;

		g_autoptr(GRegex) regex = g_regex_new(rows[i].pattern, G_REGEX_DOTALL, 0, NULL);
		damaged = g_regex_replace(regex, whole, -1, 0, rows[i].with, 0, NULL);
		if (strstr(rows[i].with, "other")) {
			g_free(damaged);
			damaged = g_strdup("<item><bundle xmlns='urn:other'/></item>");
		}
		assert_string_not_equal(damaged, whole);
		bench_set_node("bob@b.test", node, damaged, "open");
		assert_int_not_equal(bench_prepare(alice, "bob@b.test"), E2EE_READY);
		assert_false(trust_seen("alice@a.test", "bob@b.test"));
		bench_turn(4000 * 1000);
	}
	bench_set_node("bob@b.test", node, whole, "open");
	assert_int_equal(bench_prepare(alice, "bob@b.test"), E2EE_READY);
}

/* Keys with which everybody knows the secret are no keys. */
static void
keys_of_small_order_are_refused(void **state)
{
	static const char *const points[] = { "BQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"BQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "BeDrenw7QbiuFlbj+vGfxGraCY3rnDKx/YZiBRZfSbgA",
		"BV+clbyjUIwksdCxVZyD71sERFzEWByOhtgiTt3QnxFX", "Bez///////////////////////////////////////9/",
		"Be3///////////////////////////////////////9/", "Be7///////////////////////////////////////9/",
		"BQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA" };
	static const char *const names[] = { "identityKey", "signedPreKeyPublic" };
	Account *alice = bench_account("alice@a.test");
	g_autofree char *node = NULL, *whole = NULL, *weak = NULL;

	(void)state;
	bench_account("bob@b.test");
	node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("bob@b.test"));
	whole = g_strdup(bench_node("bob@b.test", node));
	for (size_t i = 0; i < G_N_ELEMENTS(points) * G_N_ELEMENTS(names); i++) {
		g_autofree char *pattern = g_strdup_printf("(<%s[^>]*>)[^<]*", names[i % 2]);
		g_autofree char *with = g_strdup_printf("\\1%s", points[i / 2]);
		g_autofree char *damaged = bench_replace(whole, pattern, with);

		bench_set_node("bob@b.test", node, damaged, "open");
		assert_int_not_equal(bench_prepare(alice, "bob@b.test"), E2EE_READY);
		assert_false(trust_seen("alice@a.test", "bob@b.test"));
		bench_turn(4000 * 1000);
	}
	/* Weak one-time keys are passed over: the session begins without one. */
	weak = bench_replace(whole, "(<preKeyPublic[^>]*>)[^<]*", "\\1BQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	bench_set_node("bob@b.test", node, weak, "open");
	bench_says(alice, account_find("bob@b.test"), "without one");
}

/* D09 */
static void
a_bundle_with_hundreds_of_one_time_keys_is_used(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("bob@b.test"));
	GString *junk = g_string_new(NULL);
	g_autofree char *fat = NULL, *with = NULL;

	(void)state;
	for (int i = 0; i < 900; i++)
		g_string_append_printf(junk, "<preKeyPublic preKeyId='%d'>BQ==</preKeyPublic>", i);
	with = g_strdup_printf("%s</prekeys>", junk->str);
	fat = bench_replace(bench_node("bob@b.test", node), "</prekeys>", with);
	g_string_free(junk, TRUE);
	bench_set_node("bob@b.test", node, fat, "open");
	bench_says(alice, bob, "hello");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_start_values_of_12_and_16_bytes_are_accepted, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(only_whole_tags_are_accepted, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(what_was_sealed_must_be_text, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(no_changed_message_opens_and_the_true_one_still_does, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_forged_payload_uses_the_key_up_but_nothing_else, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(numbers_of_devices_are_read_strictly, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(odd_shapes_are_refused_in_words, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(any_of_several_keys_that_opens_counts, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_huge_payload_is_refused_quickly, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_message_under_a_foreign_name_does_not_open, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(our_own_echo_is_not_an_error, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(the_prekey_attribute_is_only_a_hint, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(doubled_elements_show_the_true_text_or_none, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(hundreds_of_keys_cost_little, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(keys_of_small_order_are_refused, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_bundle_with_hundreds_of_one_time_keys_is_used, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(damaged_bundles_give_no_session, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
