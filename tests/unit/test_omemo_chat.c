/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed chats between devices: first contact, order, loss, own devices, restarts. */
#include "omemo/bench.h"

#include <string.h>

static void
keys_are_made_and_published_open_at_the_first_login(void **state)
{
	Account *alice = bench_account("alice@a.test");
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("alice@a.test"));
	g_autofree char *device = g_strdup_printf("<device id='%u'/>", keys_device("alice@a.test"));

	(void)state;
	(void)alice;
	assert_non_null(bench_node("alice@a.test", node));
	assert_string_equal(bench_node_access("alice@a.test", node), "open");
	assert_string_equal(bench_node_access("alice@a.test", OMEMO_LIST), "open");
	assert_non_null(strstr(bench_node("alice@a.test", OMEMO_LIST), "id=\"current\"")
				?: strstr(bench_node("alice@a.test", OMEMO_LIST), "id='current'"));
	assert_int_equal(keys_prekeys_left("alice@a.test"), PREKEYS);
}

static void
two_people_talk_both_ways(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	bench_says(alice, bob, "hello");
	bench_says(bob, alice, "hello yourself");
	for (int i = 0; i < 20; i++) {
		bench_says(alice, bob, "ping");
		bench_says(bob, alice, "pong");
	}
	bench_says(alice, bob, "");
	bench_says(alice, bob, "\xf0\x9f\x90\x8b\xe2\x80\x8d <b>&amp;");
}

static void
a_reader_settles_the_new_session_and_replaces_the_key_that_was_used(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *first = bench_seal(alice, "bob@b.test", "one");
	g_autofree char *second = bench_seal(alice, "bob@b.test", "two");
	g_autofree char *third = NULL;
	guint published = bench_publishes;

	(void)state;
	assert_non_null(strstr(first, "prekey"));
	assert_non_null(strstr(second, "prekey"));
	bench_hears(bob, alice, first, "one");
	bench_hears(bob, alice, second, "two");
	assert_int_equal(keys_prekeys_left("bob@b.test"), PREKEYS - 1);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 1);
	bench_deliver_signals();
	third = bench_seal(alice, "bob@b.test", "three");
	assert_null(strstr(third, "prekey"));
	bench_hears(bob, alice, third, "three");
	bench_turn(20000);
	assert_int_equal(keys_prekeys_left("bob@b.test"), PREKEYS);
	assert_true(bench_publishes > published);
}

/* D05 */
static void
a_replayed_message_is_a_duplicate(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *first = bench_seal(alice, "bob@b.test", "one");
	g_autofree char *later = NULL;
	E2eeOpened opened;

	(void)state;
	bench_hears(bob, alice, first, "one");
	assert_int_equal(bench_open(bob, "alice@a.test", first, &opened), E2EE_DUPLICATE);
	bench_says(bob, alice, "answer");
	later = bench_seal(alice, "bob@b.test", "two");
	bench_hears(bob, alice, later, "two");
	assert_int_equal(bench_open(bob, "alice@a.test", later, &opened), E2EE_DUPLICATE);
	assert_int_equal(bench_open(bob, "alice@a.test", first, &opened), E2EE_DUPLICATE);
	bench_turn(2000);
	bench_turn(2000);
	bench_says(alice, bob, "still fine");
}

/* D07 */
static void
a_thousand_late_messages_in_any_order_are_read_once(void **state)
{
	enum { MANY = 1000 };
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	char *sealed[MANY];
	int order[MANY];
	E2eeOpened opened;

	(void)state;
	bench_says(alice, bob, "first");
	bench_says(bob, alice, "answer");
	for (int i = 0; i < MANY; i++) {
		g_autofree char *text = g_strdup_printf("text %d", i);

		sealed[i] = bench_seal(alice, "bob@b.test", text);
		order[i] = i;
	}
	for (int i = MANY - 1; i > 0; i--) {
		int k = g_random_int_range(0, i + 1), swap = order[i];

		order[i] = order[k];
		order[k] = swap;
	}
	for (int i = 0; i < MANY; i++) {
		g_autofree char *text = g_strdup_printf("text %d", order[i]);

		bench_hears(bob, alice, sealed[order[i]], text);
		if (i % 100 == 0)
			assert_int_equal(bench_open(bob, "alice@a.test", sealed[order[i]], &opened), E2EE_DUPLICATE);
	}
	for (int i = 0; i < MANY; i++)
		g_free(sealed[i]);
	bench_says(bob, alice, "all here");
}

static void
a_gap_too_wide_for_the_ratchet_is_healed_by_a_new_session(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *last = NULL;
	E2eeOpened opened;

	(void)state;
	bench_says(alice, bob, "first");
	bench_says(bob, alice, "answer");
	for (int i = 0; i < 2100; i++) {
		g_free(last);
		last = bench_seal(alice, "bob@b.test", "lost");
	}
	assert_int_equal(bench_open(bob, "alice@a.test", last, &opened), E2EE_FAILED);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 1);
	bench_deliver_signals();
	bench_says(alice, bob, "healed");
	bench_says(bob, alice, "yes");
	/* No loop: another failure right after is not answered with another session. */
	assert_int_equal(bench_open(bob, "alice@a.test", last, &opened), E2EE_FAILED);
	bench_turn(1100);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 0);
}

static void
both_may_write_first_at_the_same_time(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	for (int round = 0; round < 4; round++) {
		g_autofree char *from_alice = bench_seal(alice, "bob@b.test", "from alice");
		g_autofree char *from_bob = bench_seal(bob, "alice@a.test", "from bob");
		g_autofree char *more = bench_seal(alice, "bob@b.test", "more from alice");

		bench_hears(alice, bob, from_bob, "from bob");
		bench_hears(bob, alice, more, "more from alice");
		bench_hears(bob, alice, from_alice, "from alice");
	}
	bench_turn(1100);
	bench_deliver_signals();
	bench_says(alice, bob, "and on");
	bench_says(bob, alice, "and on");
}

static void
a_silent_reader_turns_the_ratchet_now_and_then(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	bench_says(alice, bob, "first");
	bench_says(bob, alice, "answer");
	for (int i = 0; i < 60; i++)
		bench_says(alice, bob, "monologue");
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 1);
	bench_deliver_signals();
	for (int i = 0; i < 40; i++)
		bench_says(alice, bob, "monologue");
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 0);
}

static void
strangers_get_no_answer(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	bench_says(alice, bob, "you do not know me");
	bench_strangers(true);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 0);
}

/* Carbons of what our other devices send to settle their sessions. */
static void
key_transports_for_others_leave_no_line(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test"), *carol = bench_account("carol@c.test");
	g_autofree char *xml = NULL;
	E2eeOpened opened;

	(void)state;
	bench_says(alice, bob, "first");
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 1);
	xml = g_strdup(((struct bench_signal *)g_ptr_array_index(bench_signals, 0))->xml);
	assert_int_equal(bench_open(carol, "bob@b.test", xml, &opened), E2EE_NOTHING);
	assert_int_equal(bench_open(bob, "bob@b.test", xml, &opened), E2EE_NOTHING);
	store_run(NULL, "DELETE FROM omemo_sessions WHERE account = 'alice@a.test'", "");
	assert_int_equal(bench_open(alice, "bob@b.test", xml, &opened), E2EE_NOTHING);
	bench_turn(1100);
	bench_deliver_signals();
	bench_says(alice, bob, "healed");
	bench_says(bob, alice, "healed");
}

static void
a_device_that_was_not_announced_makes_us_ask_for_the_list(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	bench_says(alice, bob, "hello");
	/* The push of the new list was lost. */
	bench_only_online(alice, false);
	bench_command(bob, "omemo reset", NULL, NULL);
	bench_only_online(alice, true);
	bench_says(bob, alice, "from the new one");
	bench_says(alice, bob, "to the new one");
}

/* A second device of bob: another account of the store that owns the same list. */
static void
all_devices_of_the_peer_can_read(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test"), *phone = bench_account("phone@b.test");
	guint32 laptop = keys_device("bob@b.test"), other = keys_device("phone@b.test");
	g_autofree char *items = g_strdup_printf("<item id='x'><list xmlns='" OMEMO_NS
						 "'><device id='%u'/><device id='%u'/><device id='77'/></list></item>",
		laptop, other);
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", other);
	g_autofree char *sealed = NULL;

	(void)state;
	bench_set_node("bob@b.test", node, bench_node("phone@b.test", node), "open");
	bench_set_node("bob@b.test", OMEMO_LIST, items, "open");
	bench_push_list("bob@b.test", items);
	bench_turn(50);
	sealed = bench_seal(alice, "bob@b.test", "both of you");
	bench_hears(bob, alice, sealed, "both of you");
	bench_hears(phone, alice, sealed, "both of you");
	assert_null(strstr(sealed, "\"77\""));
}

static void
everything_goes_on_after_a_restart(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *waiting = bench_seal(alice, "bob@b.test", "under way");

	(void)state;
	bench_restart();
	bench_hears(bob, alice, waiting, "under way");
	bench_restart();
	bench_says(bob, alice, "after");
	bench_restart();
	bench_says(alice, bob, "and again");
}

static void
a_rolled_back_message_costs_nothing_but_its_own_try(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *sealed = bench_seal(alice, "bob@b.test", "once");
	g_autoptr(Stanza) stanza = stanza_parse(sealed, strlen(sealed), NULL);
	E2eeOpened opened;

	(void)state;
	assert_true(store_begin(NULL));
	assert_int_equal(omemo_provider.open(bob, "alice@a.test", stanza_root(stanza), false, &opened, NULL), E2EE_OPENED);
	e2ee_opened_clear(&opened);
	store_rollback();
	bench_hears(bob, alice, sealed, "once");
}

static void
one_time_keys_outlive_the_catch_up(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test"), *carol = bench_account("carol@c.test");
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("bob@b.test"));
	g_autofree char *bundle = g_strdup(bench_node("bob@b.test", node));
	g_autoptr(GRegex) only = g_regex_new("(<prekeys>)(<preKeyPublic.*?</preKeyPublic>).*(</prekeys>)", 0, 0, NULL);
	g_autofree char *one = g_regex_replace(only, bundle, -1, 0, "\\1\\2\\3", 0, NULL);
	g_autofree char *from_alice = NULL, *from_carol = NULL;

	(void)state;
	/* D09: both pick the same one. */
	bench_set_node("bob@b.test", node, one, "open");
	bench_only_online(bob, false);
	from_alice = bench_seal(alice, "bob@b.test", "from alice");
	from_carol = bench_seal(carol, "bob@b.test", "from carol");
	bench_only_online(bob, true);
	bench_catching_up(bob, true);
	bench_hears(bob, alice, from_alice, "from alice");
	bench_turn(30000);
	bench_hears(bob, carol, from_carol, "from carol");
	assert_int_equal(keys_prekeys_left("bob@b.test"), PREKEYS - 1);
	assert_int_equal(bench_signals->len, 0);
	bench_catching_up(bob, false);
	assert_int_equal(keys_prekeys_left("bob@b.test"), PREKEYS);
	bench_turn(1100);
	assert_int_equal(bench_signals->len, 2);
	bench_deliver_signals();
	bench_says(alice, bob, "and on");
	bench_says(carol, bob, "and on");
}

/* D09 */
static void
a_bundle_without_one_time_keys_still_works(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device("bob@b.test"));
	g_autoptr(GRegex) prekeys = g_regex_new("<prekeys>.*</prekeys>", 0, 0, NULL);
	g_autofree char *none = g_regex_replace(prekeys, bench_node("bob@b.test", node), -1, 0, "", 0, NULL);

	(void)state;
	bench_set_node("bob@b.test", node, none, "open");
	bench_says(alice, bob, "no key left");
	bench_says(bob, alice, "fine");
}

/* D09 */
/* P23: what was delivered cannot be opened again, not even with all that the store still holds. */
static void
delivered_messages_cannot_be_opened_from_a_copied_profile(void **state)
{
	enum { MANY = 50 };
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");
	g_autoptr(GPtrArray) recorded = g_ptr_array_new_with_free_func(g_free);
	E2eeOpened opened;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char *xml = bench_seal(alice, "bob@b.test", "recorded");

		bench_hears(bob, alice, xml, "recorded");
		g_ptr_array_add(recorded, xml);
		if (i == 10)
			bench_says(bob, alice, "answer");
	}
	bench_restart();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			assert_int_not_equal(bench_open(bob, "alice@a.test", g_ptr_array_index(recorded, i), &opened), E2EE_OPENED);
		store_run(NULL, "DELETE FROM omemo_sessions", "");
	}
}

static void
draining_one_time_keys_is_told(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	for (int i = 0; i < 90; i++) {
		g_autofree char *sealed = NULL;

		store_run(NULL, "DELETE FROM omemo_sessions WHERE account = 'alice@a.test'", "");
		sealed = bench_seal(alice, "bob@b.test", "drain");
		bench_hears(bob, alice, sealed, "drain");
	}
	bench_turn(16000);
	assert_int_equal(keys_prekeys_left("bob@b.test"), PREKEYS);
	assert_true(bench_alerted("prekeys-drained"));
}

static void
a_reinstalled_peer_is_a_new_device_that_can_read(void **state)
{
	Account *alice = bench_account("alice@a.test"), *bob = bench_account("bob@b.test");

	(void)state;
	bench_says(alice, bob, "before");
	bench_says(bob, alice, "before");
	assert_true(bench_command(bob, "omemo reset", NULL, NULL));
	bench_turn(100);
	assert_true(bench_alerted("new-device"));
	bench_says(alice, bob, "after");
	bench_says(bob, alice, "after");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_made_and_published_open_at_the_first_login, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(two_people_talk_both_ways, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(
			a_reader_settles_the_new_session_and_replaces_the_key_that_was_used, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_replayed_message_is_a_duplicate, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_thousand_late_messages_in_any_order_are_read_once, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_gap_too_wide_for_the_ratchet_is_healed_by_a_new_session, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(both_may_write_first_at_the_same_time, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_silent_reader_turns_the_ratchet_now_and_then, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(strangers_get_no_answer, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(key_transports_for_others_leave_no_line, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_device_that_was_not_announced_makes_us_ask_for_the_list, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(all_devices_of_the_peer_can_read, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(everything_goes_on_after_a_restart, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_rolled_back_message_costs_nothing_but_its_own_try, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(one_time_keys_outlive_the_catch_up, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_bundle_without_one_time_keys_still_works, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(delivered_messages_cannot_be_opened_from_a_copied_profile, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(draining_one_time_keys_is_told, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_reinstalled_peer_is_a_new_device_that_can_read, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
