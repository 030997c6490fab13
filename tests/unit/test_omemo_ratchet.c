/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of a session and for how long (P23), and messages to exactly one device. */
#include "omemo/bench.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define DAY_MS (24u * 60 * 60 * 1000)

static Account *alice, *bob;

static void
acquaint(void)
{
	bench_meet(&alice, &bob);
}

/* ---- keys of messages that did not come ---- */

static GPtrArray *
seal_many(Account *from, const char *to, guint count)
{
	GPtrArray *sealed = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < count; i++) {
		g_autofree char *text = g_strdup_printf("text %u", i);

		g_ptr_array_add(sealed, bench_seal(from, to, text));
	}
	return sealed;
}

static void
hears(const GPtrArray *sealed, guint i)
{
	g_autofree char *text = g_strdup_printf("text %u", i);

	bench_hears(bob, alice, g_ptr_array_index(sealed, i), text);
}

static enum e2ee_outcome
outcome_of(const GPtrArray *sealed, guint i)
{
	E2eeOpened opened;
	enum e2ee_outcome outcome = bench_open(bob, ALICE, g_ptr_array_index(sealed, i), &opened);

	e2ee_opened_clear(&opened);
	return outcome;
}

static guint
keys_in(session_state *state, const guint8 *ratchet)
{
	axo_auto ec_public_key *key = NULL;
	guint count = 0;

	assert_int_equal(curve_decode_point(&key, ratchet, KEY_LENGTH, crypto_context()), SG_SUCCESS);
	for (guint32 i = 0; i < 5000; i++)
		count += (guint)session_state_has_message_keys(state, key, i);
	return count;
}

/* What the record in the store of bob really holds, counted by the library. */
static guint
skipped_keys(void)
{
	signal_protocol_address address = { ALICE, strlen(ALICE), (int32_t)keys_device(ALICE) };
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT ratchet FROM omemo_chains WHERE account = ? AND peer = ?", "ss", BOB, ALICE);
	axo_auto session_record *record = NULL;
	guint count = 0;

	assert_int_equal(axo_load_session(keystore_of(BOB), &record, &address), SG_SUCCESS);
	while (rows_next(rows)) {
		size_t length;
		const guint8 *ratchet = rows_blob(rows, 0, &length);
		session_record_state_node *node = session_record_get_previous_states_head(record);

		count += keys_in(session_record_get_state(record), ratchet);
		for (; node; node = session_record_get_previous_states_next(node))
			count += keys_in(session_record_get_previous_states_element(node), ratchet);
	}
	return count;
}

/* P23 */
static void
of_skipped_keys_the_newest_thousand_are_kept(void **state)
{
	g_autoptr(GPtrArray) sealed = NULL;

	(void)state;
	acquaint();
	sealed = seal_many(alice, BOB, 1600);
	hears(sealed, 0);
	hears(sealed, 300); /* 299 before it do not come */
	assert_int_equal(skipped_keys(), 299);
	hears(sealed, 5);
	assert_int_equal(skipped_keys(), 298);
	hears(sealed, 1502); /* and 1201 more */
	assert_int_equal(skipped_keys(), 1000);
	/* Too late is said, and not taken for a message that was read before. */
	assert_int_equal(outcome_of(sealed, 7), E2EE_FAILED);
	assert_int_equal(outcome_of(sealed, 501), E2EE_FAILED);
	assert_int_equal(outcome_of(sealed, 5), E2EE_DUPLICATE);
	assert_int_equal(outcome_of(sealed, 300), E2EE_DUPLICATE);
	hears(sealed, 502);
	hears(sealed, 1501);
	assert_int_equal(outcome_of(sealed, 502), E2EE_DUPLICATE);
	assert_int_equal(skipped_keys(), 998);
	hears(sealed, 1503);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 1); /* the heartbeat; nothing is healed */
	bench_deliver_signals();
	bench_says(bob, alice, "fine");
	bench_says(alice, bob, "fine");
}

/* P23: over several chains too. */
static void
the_bound_is_of_the_session_and_not_of_each_chain(void **state)
{
	(void)state;
	acquaint();
	for (int round = 0; round < 4; round++) {
		g_autoptr(GPtrArray) sealed = seal_many(alice, BOB, 400);

		hears(sealed, 399);
		bench_says(bob, alice, "answer");
		assert_int_equal(skipped_keys(), MIN(399 * (round + 1), 1000));
		if (round == 3)
			hears(sealed, 0);
	}
}

/* P23 */
static void
skipped_keys_are_gone_after_thirty_days(void **state)
{
	g_autoptr(GPtrArray) early = NULL, late = NULL, next = NULL;

	(void)state;
	acquaint();
	early = seal_many(alice, BOB, 10);
	hears(early, 9);
	bench_turn(20 * DAY_MS);
	late = seal_many(alice, BOB, 10);
	hears(late, 9);
	hears(early, 3);
	assert_int_equal(skipped_keys(), 17);
	bench_turn(9 * DAY_MS);
	skipped_age();
	assert_int_equal(skipped_keys(), 17);
	bench_turn(2 * DAY_MS);
	skipped_age();
	assert_int_equal(skipped_keys(), 9);
	assert_int_equal(outcome_of(early, 2), E2EE_FAILED);
	assert_int_equal(outcome_of(early, 3), E2EE_DUPLICATE);
	hears(late, 2);
	bench_restart();
	hears(late, 3);
	/* A chain that has a successor derives keys too: it ends as late, the one in use never does. */
	early = (g_ptr_array_unref(early), seal_many(alice, BOB, 2));
	bench_says(bob, alice, "answer");
	next = seal_many(alice, BOB, 2);
	hears(next, 0);
	bench_turn(29 * DAY_MS);
	skipped_age();
	hears(early, 0);
	bench_turn(2 * DAY_MS);
	skipped_age();
	assert_int_equal(outcome_of(early, 1), E2EE_FAILED);
	hears(next, 1);
	bench_turn(2000);
	bench_deliver_signals();
	bench_says(bob, alice, "fine");
	bench_says(alice, bob, "fine");
}

static void
notes_of_a_session_that_is_gone_go_too(void **state)
{
	g_autoptr(GPtrArray) sealed = NULL;
	g_autoptr(Rows) rows = NULL;

	(void)state;
	acquaint();
	sealed = seal_many(alice, BOB, 5);
	hears(sealed, 4);
	store_run(NULL, "DELETE FROM omemo_sessions WHERE account = ?", "s", BOB);
	bench_turn(31 * DAY_MS);
	skipped_age();
	rows = store_select(NULL,
		"SELECT (SELECT count(*) FROM omemo_skipped) + (SELECT count(*) FROM omemo_sessions WHERE account = ?)", "s", BOB);
	assert_true(rows_next(rows));
	assert_int_equal(rows_int(rows, 0), 0);
}

/* What is noted beside sessions does not grow for ever. */
static void
a_long_chat_leaves_few_notes(void **state)
{
	g_autoptr(Rows) rows = NULL;

	(void)state;
	acquaint();
	for (int i = 0; i < 300; i++) {
		g_autofree char *lost = bench_seal(alice, BOB, "lost");

		bench_says(alice, bob, "ping");
		bench_says(bob, alice, "pong");
	}
	rows = store_select(NULL, "SELECT (SELECT count(*) FROM omemo_chains), (SELECT count(*) FROM omemo_skipped)", "");
	assert_true(rows_next(rows));
	assert_true(rows_int(rows, 0) <= 2 * 129);
	assert_true(rows_int(rows, 1) <= 301);
}

/* ---- for exactly one device ---- */

static char *
seal_for(const char *text, GError **error)
{
	g_autoptr(Node) node = omemo_provider.seal_for(alice, BOB, keys_device(BOB), text, strlen(text), error);

	return node ? node_to_xml(node) : NULL;
}

static guint
count(const char *text, const char *what)
{
	guint found = 0;

	for (; (text = strstr(text, what)); text++)
		found++;
	return found;
}

static void
what_is_for_one_device_opens_there_and_names_no_other(void **state)
{
	g_autofree char *xml = NULL;
	Account *other;

	(void)state;
	acquaint();
	/* Another device of alice could read along otherwise. */
	other = bench_account("phone@a.test");
	(void)other;
	xml = seal_for("a fingerprint", NULL);
	assert_non_null(xml);
	assert_int_equal(count(xml, "<key "), 1);
	bench_hears(bob, alice, xml, "a fingerprint");
	assert_int_equal(bench_open(bob, ALICE, xml, &(E2eeOpened){ 0 }), E2EE_DUPLICATE);
	bench_says(bob, alice, "on we go");
}

/* A kill after it returned must not make the ratchet seal with the same key again. */
static void
what_is_for_one_device_is_durable_before_it_is_used(void **state)
{
	g_autofree char *first = NULL, *second = NULL;

	(void)state;
	acquaint();
	bench_turn(100);
	first = seal_for("one", NULL);
	bench_kill();
	second = seal_for("two", NULL);
	assert_non_null(second);
	/* Both open: two keys were used. With one and the same key the second would be a duplicate. */
	bench_hears(bob, alice, first, "one");
	bench_hears(bob, alice, second, "two");
}

static void
a_lost_iq_burns_one_key_only(void **state)
{
	(void)state;
	acquaint();
	for (int i = 0; i < 3; i++) {
		g_autofree char *lost = seal_for("lost", NULL);

		assert_non_null(lost);
	}
	bench_says(alice, bob, "after");
	bench_says(bob, alice, "after");
	bench_says(alice, bob, "after");
}

static void
nothing_is_for_a_device_that_is_not_trusted_or_not_met(void **state)
{
	g_autoptr(GError) error = NULL, unknown = NULL;

	(void)state;
	acquaint();
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_UNTRUSTED, NULL));
	assert_null(seal_for("secret", &error));
	assert_true(g_error_matches(error, FAULT, FAULT_TRUST));
	assert_null(omemo_provider.seal_for(alice, BOB, 4711, "x", 1, &unknown));
	assert_true(g_error_matches(unknown, FAULT, FAULT_TRUST));
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_VERIFIED, NULL));
	bench_says(alice, bob, "still fine");
}

/* ---- a server that takes no keys ---- */

static void
publishing_that_fails_is_tried_again_ever_more_seldom(void **state)
{
	guint before;

	(void)state;
	acquaint();
	bench_refuse_publish = "forbidden";
	for (int i = 0; i < 20; i++) {
		keys_set_published(ALICE, 0, NULL);
		bundle_publish(alice);
		bench_turn(5);
	}
	before = bench_publishes;
	for (int hour = 0; hour < 24; hour++)
		bench_turn(60 * 60 * 1000);
	assert_in_range(bench_publishes - before, 4, 26); /* of two accounts */
	bench_refuse_publish = NULL;
	for (int hour = 0; hour < 7; hour++)
		bench_turn(60 * 60 * 1000);
	before = bench_publishes;
	bench_turn(60 * 60 * 1000);
	assert_int_equal(bench_publishes, before);
	bench_says(bob, alice, "fine");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_skipped_keys_the_newest_thousand_are_kept, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(the_bound_is_of_the_session_and_not_of_each_chain, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(skipped_keys_are_gone_after_thirty_days, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(notes_of_a_session_that_is_gone_go_too, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_long_chat_leaves_few_notes, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(what_is_for_one_device_opens_there_and_names_no_other, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(what_is_for_one_device_is_durable_before_it_is_used, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_lost_iq_burns_one_key_only, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(publishing_that_fails_is_tried_again_ever_more_seldom, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(nothing_is_for_a_device_that_is_not_trusted_or_not_met, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
