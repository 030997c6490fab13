/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes to exactly one device, for calls: any bytes come back as they were, once, with the device and the trust of the key
 * that sealed; everything else is refused in words. */
#include "omemo/bench.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"

static Account *alice, *bob;

static void
acquaint(void)
{
	bench_meet(&alice, &bob);
	bench_turn(2000);
}

static char *
seal(Account *from, const char *to, const void *bytes, size_t length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) node = omemo_provider.seal_for(from, to, keys_device(to), bytes, length, &error);

	if (!node)
		fail_msg("%s", error->message);
	return node_to_xml(node);
}

struct result {
	enum e2ee_outcome outcome;
	guint32 device;
	enum trust trust;
	Secret *bytes;
	char why[256];
};

static struct result
open_xml(Account *to, const char *sender, const char *xml)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	g_autoptr(GError) error = NULL;
	struct result result = { 0 };

	assert_non_null(stanza);
	result.outcome =
		omemo_provider.open_for(to, sender, stanza_root(stanza), &result.device, &result.trust, &result.bytes, &error);
	assert_true((result.outcome == E2EE_OPENED) == (result.bytes != NULL));
	assert_true((result.outcome == E2EE_OPENED) == (error == NULL));
	g_strlcpy(result.why, error ? error->message : "", sizeof result.why);
	return result;
}

static void
opens_as(Account *to, Account *from, const char *xml, const void *bytes, size_t length)
{
	struct result result = open_xml(to, account_jid(from), xml);

	if (result.outcome != E2EE_OPENED)
		fail_msg("%s", result.why);
	assert_int_equal(result.device, keys_device(account_jid(from)));
	assert_int_equal(secret_length(result.bytes), length);
	assert_memory_equal(secret_bytes(result.bytes), bytes, length);
	secret_free(result.bytes);
}

static void
refused(Account *to, const char *sender, const char *xml, enum e2ee_outcome outcome, const char *words)
{
	struct result result = open_xml(to, sender, xml);

	assert_int_equal(result.outcome, outcome);
	if (!strstr(result.why, words))
		fail_msg("\"%s\" does not say: %s", result.why, words);
}

/* ---- what works ---- */

static void
any_bytes_come_back_as_they_were(void **state)
{
	guint8 bytes[FOR_ONE_MAX];

	(void)state;
	acquaint();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (guint8)(i * 7);
	for (size_t length = 0; length <= sizeof bytes; length = length ? length * 4 : 1) {
		g_autofree char *xml = seal(alice, BOB, bytes, length);

		opens_as(bob, alice, xml, bytes, length);
	}
	bench_says(bob, alice, "on we go");
}

static void
trust_is_that_of_the_key_that_sealed(void **state)
{
	g_autofree char *first = NULL, *second = NULL, *third = NULL;
	struct result result;

	(void)state;
	acquaint();
	first = seal(alice, BOB, "x", 1);
	result = open_xml(bob, ALICE, first);
	assert_int_equal(result.trust, TRUST_TRUSTED);
	secret_free(result.bytes);
	assert_true(trust_set(bob, ALICE, keys_device(ALICE), NULL, TRUST_VERIFIED, NULL));
	second = seal(alice, BOB, "x", 1);
	result = open_xml(bob, ALICE, second);
	assert_int_equal(result.trust, TRUST_VERIFIED);
	secret_free(result.bytes);
	/* It opens, and what it is worth is said: who calls decides. */
	assert_true(trust_set(bob, ALICE, keys_device(ALICE), NULL, TRUST_UNTRUSTED, NULL));
	third = seal(alice, BOB, "x", 1);
	result = open_xml(bob, ALICE, third);
	assert_int_equal(result.trust, TRUST_UNTRUSTED);
	secret_free(result.bytes);
}

/* The first message of a session may be one of a call. */
static void
a_session_may_begin_with_it(void **state)
{
	g_autofree char *xml = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	assert_int_equal(bench_prepare(alice, BOB), E2EE_READY);
	xml = seal(alice, BOB, "a fingerprint", 13);
	assert_non_null(strstr(xml, "prekey"));
	opens_as(bob, alice, xml, "a fingerprint", 13);
	bench_says(bob, alice, "and on");
}

/* A kill after it was opened must not let it be opened again. */
static void
what_was_opened_is_durable(void **state)
{
	g_autofree char *xml = NULL;

	(void)state;
	acquaint();
	xml = seal(alice, BOB, "x", 1);
	opens_as(bob, alice, xml, "x", 1);
	bench_kill();
	refused(bob, ALICE, xml, E2EE_DUPLICATE, "");
	bench_says(alice, bob, "on we go");
}

static void
a_device_tells_its_number_and_key(void **state)
{
	struct own_keys of_bob;
	guint8 key[32];
	enum trust trust;

	(void)state;
	acquaint();
	assert_true(keys_load(BOB, &of_bob, NULL));
	assert_int_equal(omemo_provider.own_device(bob), of_bob.device);
	assert_true(omemo_provider.identity_key(bob, BOB, of_bob.device, key, &trust));
	assert_memory_equal(key, of_bob.identity + 1, 32);
	assert_int_equal(trust, TRUST_VERIFIED);
	assert_true(omemo_provider.identity_key(alice, BOB, of_bob.device, key, &trust));
	assert_memory_equal(key, of_bob.identity + 1, 32);
	assert_int_equal(trust, TRUST_TRUSTED);
	assert_false(omemo_provider.identity_key(alice, BOB, of_bob.device + 1, key, &trust));
	assert_false(omemo_provider.identity_key(alice, "carol@c.test", of_bob.device, key, &trust));
}

/* ---- what does not ---- */

static void
a_replay_is_known(void **state)
{
	g_autofree char *xml = NULL;

	(void)state;
	acquaint();
	xml = seal(alice, BOB, "x", 1);
	opens_as(bob, alice, xml, "x", 1);
	refused(bob, ALICE, xml, E2EE_DUPLICATE, "");
	bench_restart();
	refused(bob, ALICE, xml, E2EE_DUPLICATE, "");
}

static void
somebody_else_cannot_have_sealed_it(void **state)
{
	g_autofree char *xml = NULL;

	(void)state;
	acquaint();
	xml = seal(alice, BOB, "x", 1);
	refused(bob, "mallory@m.test", xml, E2EE_FAILED, "cannot be opened");
	refused(alice, ALICE, xml, E2EE_NOT_FOR_US, "itself");
	/* And it was not used up by that. */
	opens_as(bob, alice, xml, "x", 1);
}

static void
odd_shapes_are_refused_in_words(void **state)
{
	static const struct {
		const char *pattern, *with;
		enum e2ee_outcome outcome;
	} rows[] = {
		{ "<header.*</header>", "", E2EE_FAILED },
		{ "sid=['\"][0-9]+['\"]", "sid='0'", E2EE_FAILED },
		{ "sid=['\"][0-9]+['\"]", "sid='4711'", E2EE_FAILED },
		{ "rid=['\"][0-9]+['\"]", "rid='4711'", E2EE_NOT_FOR_US },
		{ "<payload>.*</payload>", "", E2EE_FAILED },
		{ "<payload>", "<payload>!", E2EE_FAILED },
		{ "<iv>.*</iv>", "", E2EE_FAILED },
		{ "<iv>.*</iv>", "<iv>AAAA</iv>", E2EE_FAILED },
		{ "<key.*</key>", "", E2EE_FAILED },
		{ "(<key.*</key>)", "\\1\\1", E2EE_FAILED },
		{ "(<key.*</key>)", "\\1<key rid='5'>MwohBQ==</key>", E2EE_FAILED },
	};
	g_autofree char *xml = NULL;

	(void)state;
	acquaint();
	xml = seal(alice, BOB, "x", 1);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *odd = bench_replace(xml, rows[i].pattern, rows[i].with);

		refused(bob, ALICE, odd, rows[i].outcome, "it ");
	}
	opens_as(bob, alice, xml, "x", 1);
}

static void
too_much_is_neither_sealed_nor_opened(void **state)
{
	g_autofree guint8 *big = g_malloc0(750 * 1000);
	g_autofree char *text = g_base64_encode(big, 750 * 1000), *xml = NULL, *grown = NULL, *with = NULL;
	g_autoptr(GError) error = NULL;

	(void)state;
	acquaint();
	assert_null(omemo_provider.seal_for(alice, BOB, keys_device(BOB), big, FOR_ONE_MAX + 1, &error));
	assert_non_null(error);
	xml = seal(alice, BOB, "x", 1);
	with = g_strdup_printf("<payload>%s</payload>", text);
	grown = bench_replace(xml, "<payload>.*</payload>", with);
	refused(bob, ALICE, grown, E2EE_FAILED, "too long");
	opens_as(bob, alice, xml, "x", 1);
}

/* One bit, and the key is used up. */
static void
changed_bytes_do_not_open(void **state)
{
	g_autofree char *xml = NULL, *odd = NULL;

	(void)state;
	acquaint();
	xml = seal(alice, BOB, "xyz", 3);
	odd = bench_replace(xml, "<payload>.*</payload>", "<payload>AAAA</payload>");
	refused(bob, ALICE, odd, E2EE_FAILED, "changed on the way");
	refused(bob, ALICE, xml, E2EE_DUPLICATE, "");
	bench_says(alice, bob, "on we go");
}

/* The tag behind the text, as in the first years: not bound by the ratchet, so not for calls. */
static void
a_tag_that_the_ratchet_does_not_bind_is_refused(void **state)
{
	struct recipient device;
	axo_auto_buffer *sealed = NULL;
	guint8 key[16] = { 1 }, iv[12] = { 2 }, payload[5 + 16];
	g_autofree char *key_text = NULL, *iv_text = NULL, *payload_text = NULL, *xml = NULL;
	bool prekey;

	(void)state;
	acquaint();
	assert_true(gcm_seal(key, iv, "hello", 5, payload, payload + 5));
	assert_true(device_find(ALICE, BOB, keys_device(BOB), &device));
	assert_true(session_seal(ALICE, BOB, &device, key, sizeof key, &sealed, &prekey, NULL));
	key_text = g_base64_encode(signal_buffer_data(sealed), signal_buffer_len(sealed));
	iv_text = g_base64_encode(iv, sizeof iv);
	payload_text = g_base64_encode(payload, sizeof payload);
	xml = g_strdup_printf("<encrypted xmlns='" OMEMO_NS "'><header sid='%u'><key rid='%u'>%s</key><iv>%s</iv></header>"
			      "<payload>%s</payload></encrypted>",
		keys_device(ALICE), keys_device(BOB), key_text, iv_text, payload_text);
	refused(bob, ALICE, xml, E2EE_FAILED, "changed on the way");
}

/* D03: another device seals, and names the number, or the key, of one that was verified. */
static void
a_ghost_cannot_be_a_verified_device(void **state)
{
	Account *ghost;
	g_autofree char *xml = NULL, *named = NULL, *sid = NULL;
	struct result result;

	(void)state;
	acquaint();
	assert_true(trust_set(bob, ALICE, keys_device(ALICE), NULL, TRUST_VERIFIED, NULL));
	ghost = bench_account("ghost@g.test");
	assert_int_equal(bench_prepare(ghost, BOB), E2EE_READY);
	xml = seal(ghost, BOB, "mine", 4);
	/* As itself: a new device of alice, and nobody decided upon it. */
	result = open_xml(bob, ALICE, xml);
	assert_int_equal(result.outcome, E2EE_OPENED);
	assert_int_equal(result.trust, TRUST_UNDECIDED);
	secret_free(result.bytes);
	/* As her: the session belongs to another key. */
	g_free(xml);
	xml = seal(ghost, BOB, "mine", 4);
	sid = g_strdup_printf("sid='%u'", keys_device(ALICE));
	named = bench_replace(xml, "sid=['\"][0-9]+['\"]", sid);
	result = open_xml(bob, ALICE, named);
	assert_true(result.outcome != E2EE_OPENED || result.trust == TRUST_UNDECIDED);
	secret_free(result.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_bytes_come_back_as_they_were, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(trust_is_that_of_the_key_that_sealed, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_session_may_begin_with_it, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(what_was_opened_is_durable, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_device_tells_its_number_and_key, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_replay_is_known, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(somebody_else_cannot_have_sealed_it, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(odd_shapes_are_refused_in_words, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(too_much_is_neither_sealed_nor_opened, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(changed_bytes_do_not_open, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_tag_that_the_ratchet_does_not_bind_is_refused, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_ghost_cannot_be_a_verified_device, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
