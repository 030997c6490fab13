/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose device is it? What is written beside a sealed message may name any device and any key: trust goes by the key that opened
 * it. */
#define _GNU_SOURCE
#include "omemo/bench.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define EVIL "evil@b.test"

static Account *alice, *bob, *evil;

static int
begin(void **state)
{
	bench_begin(state);
	bench_meet(&alice, &bob);
	evil = bench_account(EVIL);
	return 0;
}

static char *
replace(const char *text, const char *pattern, const char *with)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);

	return g_regex_replace_literal(regex, text, -1, 0, with, 0, NULL);
}

/* What evil sealed for alice, under the number of a device of bob. */
static char *
under_bobs_number(const char *xml)
{
	g_autofree char *sid = g_strdup_printf("sid='%u'", keys_device(BOB));

	return replace(xml, "sid=['\"][0-9]+['\"]", sid);
}

/* The identity that is written into the key exchange becomes another one's. */
static char *
naming(const char *xml, const guint8 *from, const guint8 *to)
{
	const char *begin = strchr(strstr(xml, "<key"), '>') + 1, *end = strchr(begin, '<');
	g_autofree char *text = g_strndup(begin, (gsize)(end - begin)), *changed = NULL;
	gsize length;
	g_autofree guint8 *bytes = g_base64_decode(text, &length);
	guint8 *at = memmem(bytes, length, from, KEY_LENGTH);

	assert_non_null(at);
	memcpy(at, to, KEY_LENGTH);
	changed = g_base64_encode(bytes, length);
	return g_strdup_printf("%.*s%s%s", (int)(begin - xml), xml, changed, end);
}

static void
identity_of(const char *account, guint8 key[KEY_LENGTH])
{
	struct own_keys keys;

	assert_true(keys_load(account, &keys, NULL));
	memcpy(key, keys.identity, KEY_LENGTH);
}

/* D03: a session of evil's own is there under bob's number; now a message of it names bob's verified key. */
static void
a_key_that_is_only_named_verifies_nothing(void **state)
{
	g_autofree char *first = NULL, *first_as_bob = NULL, *second = NULL, *second_as_bob = NULL, *forged = NULL;
	guint8 evils[KEY_LENGTH], bobs[KEY_LENGTH];
	enum e2ee_outcome outcome;
	E2eeOpened opened;

	(void)state;
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_VERIFIED, NULL));
	identity_of(EVIL, evils);
	identity_of(BOB, bobs);
	first = bench_seal(evil, ALICE, "one");
	first_as_bob = under_bobs_number(first);
	assert_int_equal(bench_open(alice, BOB, first_as_bob, &opened), E2EE_OPENED);
	assert_int_equal(opened.trust, TRUST_UNDECIDED);
	e2ee_opened_clear(&opened);
	for (int i = 0; i < 3; i++) {
		g_free(second);
		g_free(second_as_bob);
		g_free(forged);
		second = bench_seal(evil, ALICE, "pay the bill");
		second_as_bob = under_bobs_number(second);
		forged = naming(second_as_bob, evils, bobs);
		outcome = bench_open(alice, BOB, forged, &opened);
		assert_int_not_equal(opened.trust, TRUST_VERIFIED);
		assert_int_not_equal(outcome, E2EE_OPENED);
		/* Under its own key it is read, as what it is. */
		assert_int_equal(bench_open(alice, BOB, second_as_bob, &opened), E2EE_OPENED);
		assert_int_equal(opened.trust, TRUST_UNDECIDED);
		e2ee_opened_clear(&opened);
	}
}

/* D03: the same at the first contact, where the key exchange itself binds the name. */
static void
a_key_that_is_named_at_first_must_be_the_one_that_sealed(void **state)
{
	g_autofree char *xml = NULL, *forged = NULL, *as_bob = NULL;
	guint8 evils[KEY_LENGTH], bobs[KEY_LENGTH];
	E2eeOpened opened;

	(void)state;
	identity_of(EVIL, evils);
	identity_of(BOB, bobs);
	xml = bench_seal(evil, ALICE, "it is me, bob");
	forged = naming(xml, evils, bobs);
	as_bob = under_bobs_number(forged);
	assert_int_not_equal(bench_open(alice, BOB, as_bob, &opened), E2EE_OPENED);
	assert_int_not_equal(bench_open(alice, BOB, forged, &opened), E2EE_OPENED);
	assert_int_not_equal(bench_open(alice, EVIL, forged, &opened), E2EE_OPENED);
	bench_turn(10);
	assert_false(bench_alerted("key-changed"));
	bench_says(bob, alice, "still me");
	bench_says(alice, bob, "still you");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, bench_end)
	const struct CMUnitTest tests[] = {
		T(a_key_that_is_only_named_verifies_nothing),
		T(a_key_that_is_named_at_first_must_be_the_one_that_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
