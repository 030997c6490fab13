/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may read: first use, verification, changed keys, ghost devices, vanished lists, our own list on the server. */
#include "omemo/bench.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define LIST(inner) "<item id='current'><list xmlns='" OMEMO_NS "'>" inner "</list></item>"

static Account *alice, *bob;

static void
acquaint(void)
{
	bench_meet(&alice, &bob);
	bench_turn(2000);
	g_ptr_array_set_size(bench_signals, 0);
	g_ptr_array_set_size(bench_alerts, 0);
}

/* Another device appears in the list of bob, with a bundle of its own on the server. */
static guint32
ghost(const char *named, bool with_bundle)
{
	Account *account = bench_account(named);
	guint32 device = keys_device(account_jid(account));
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", device);
	g_autofree char *items = g_strdup_printf(LIST("<device id='%u'/><device id='%u'/>"), keys_device(BOB), device);

	if (with_bundle)
		bench_set_node(BOB, node, bench_node(named, node), "open");
	/* The server lies to alice alone. */
	bench_only_online(bob, false);
	bench_push_list(BOB, items);
	bench_only_online(bob, true);
	bench_turn(50);
	return device;
}

static bool
sealed_for(const char *xml, guint32 device)
{
	g_autofree char *rid = g_strdup_printf("rid=\"%u\"", device);

	return strstr(xml, rid) != NULL;
}

static const char *
fingerprint_of(const char *jid)
{
	static char *hex;
	struct own_keys keys;

	assert_true(keys_load(jid, &keys, NULL));
	g_free(hex);
	hex = text_hex(keys.identity + 1, 32);
	return hex;
}

static enum trust
weakest(void)
{
	enum trust trust = TRUST_NONE;
	Node *node;

	assert_int_equal(bench_prepare(alice, BOB), E2EE_READY);
	assert_true(store_begin(NULL));
	node = omemo_provider.seal(alice, BOB, "x", &trust, NULL);
	assert_non_null(node);
	node_free(node);
	assert_true(store_commit(STORE_SOON, NULL));
	return trust;
}

static void
the_first_keys_are_trusted_and_verifying_raises_that(void **state)
{
	(void)state;
	acquaint();
	assert_int_equal(weakest(), TRUST_TRUSTED);
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_VERIFIED, NULL));
	assert_int_equal(weakest(), TRUST_VERIFIED);
	bench_restart();
	assert_int_equal(weakest(), TRUST_VERIFIED);
}

static void
a_new_device_before_verification_is_used_and_loud(void **state)
{
	g_autofree char *xml = NULL;
	guint32 device;

	(void)state;
	acquaint();
	device = ghost("ghost@b.test", true);
	assert_true(bench_alerted("new-device"));
	xml = bench_seal(alice, BOB, "hello");
	assert_true(sealed_for(xml, device));
	assert_true(sealed_for(xml, keys_device(BOB)));
}

static void
with_ask_a_new_device_waits_for_a_decision(void **state)
{
	g_autofree char *xml = NULL;
	guint32 device;

	(void)state;
	acquaint();
	omemo_new_devices = NEW_DEVICES_ASK;
	device = ghost("ghost@b.test", true);
	assert_true(bench_alerted("new-device"));
	xml = bench_seal(alice, BOB, "hello");
	assert_false(sealed_for(xml, device));
	assert_true(sealed_for(xml, keys_device(BOB)));
	omemo_new_devices = NEW_DEVICES_TRUST;
}

/* D03 */
static void
a_ghost_after_verification_gets_nothing(void **state)
{
	g_autofree char *before = NULL, *after = NULL;
	g_autoptr(GPtrArray) history = NULL;
	guint32 device;

	(void)state;
	acquaint();
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_VERIFIED, NULL));
	device = ghost("ghost@b.test", true);
	assert_true(bench_alerted("new-device"));
	before = bench_seal(alice, BOB, "hello");
	assert_false(sealed_for(before, device));
	assert_true(sealed_for(before, keys_device(BOB)));
	assert_true(trust_set(alice, BOB, device, NULL, TRUST_TRUSTED, NULL));
	after = bench_seal(alice, BOB, "hello");
	assert_true(sealed_for(after, device));
	history = omemo_provider.history(alice, BOB);
	assert_int_equal(history->len, 2);
}

static void
a_ghost_without_keys_is_told_too(void **state)
{
	g_autofree char *xml = NULL;
	guint32 device;

	(void)state;
	acquaint();
	device = ghost("ghost@b.test", false);
	assert_true(bench_alerted("new-device"));
	xml = bench_seal(alice, BOB, "hello");
	assert_non_null(xml);
	assert_false(sealed_for(xml, device));
}

/* D03: the key of a known device changes, by bundle. */
static void
a_changed_key_stops_sending(void **state)
{
	g_autofree char *node = NULL, *evil_node = NULL, *xml = NULL;
	g_autoptr(GPtrArray) history = NULL;
	Account *evil;

	(void)state;
	acquaint();
	evil = bench_account("evil@b.test");
	node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(BOB));
	evil_node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(account_jid(evil)));
	bench_set_node(BOB, node, bench_node("evil@b.test", evil_node), "open");
	assert_true(store_run(NULL, "DELETE FROM omemo_sessions WHERE account = '" ALICE "'", ""));
	assert_int_equal(bench_prepare(alice, BOB), E2EE_UNDECIDED);
	assert_non_null(strstr(bench_sentence, "changed"));
	bench_turn(10);
	assert_true(bench_alerted("key-changed"));
	/* Not even when seal is called without asking. */
	assert_true(store_begin(NULL));
	assert_null(omemo_provider.seal(alice, BOB, "x", &(enum trust){ 0 }, NULL));
	store_rollback();
	history = omemo_provider.history(alice, BOB);
	assert_int_equal(history->len, 2);
	/* Refused: nothing is left that may read. */
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_UNTRUSTED, NULL));
	assert_int_equal(bench_prepare(alice, BOB), E2EE_BLOCKED);
	/* Accepted. */
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_TRUSTED, NULL));
	xml = bench_seal(alice, BOB, "x");
	assert_non_null(xml);
}

/* D03: by a message. It is shown as what it is, and stops sending. */
static void
a_changed_key_in_a_message_is_loud(void **state)
{
	g_autofree char *node = NULL, *xml = NULL, *forged = NULL;
	g_autoptr(GRegex) sid = g_regex_new("sid=['\"][0-9]+['\"]", 0, 0, NULL);
	g_autofree char *bobs = NULL;
	Account *evil;
	E2eeOpened opened;

	(void)state;
	acquaint();
	evil = bench_account("evil@b.test");
	xml = bench_seal(evil, ALICE, "it is me, bob");
	bobs = g_strdup_printf("sid='%u'", keys_device(BOB));
	forged = g_regex_replace_literal(sid, xml, -1, 0, bobs, 0, NULL);
	assert_int_equal(bench_open(alice, BOB, forged, &opened), E2EE_OPENED);
	assert_int_equal(opened.trust, TRUST_UNDECIDED);
	e2ee_opened_clear(&opened);
	bench_turn(10);
	assert_true(bench_alerted("key-changed"));
	assert_int_equal(bench_prepare(alice, BOB), E2EE_UNDECIDED);
	bench_turn(2000);
	assert_int_equal(bench_signals->len, 0);
}

static void
nothing_is_sealed_to_an_untrusted_device(void **state)
{
	(void)state;
	acquaint();
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_UNTRUSTED, NULL));
	assert_int_equal(bench_prepare(alice, BOB), E2EE_BLOCKED);
	assert_non_null(strstr(bench_sentence, "/trust"));
	assert_true(store_begin(NULL));
	assert_null(omemo_provider.seal(alice, BOB, "x", &(enum trust){ 0 }, NULL));
	store_rollback();
}

static void
a_key_from_a_picture_is_known_before_it_is_met(void **state)
{
	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	assert_true(trust_set(alice, BOB, keys_device(BOB), fingerprint_of(BOB), TRUST_VERIFIED, NULL));
	assert_int_equal(weakest(), TRUST_VERIFIED);
	bench_turn(10);
	assert_false(bench_alerted("new-device"));
	/* And a wrong one is not met with silence. */
	assert_false(trust_set(alice, BOB, keys_device(BOB), "abcd", TRUST_VERIFIED, NULL));
}

/* ---- lists ---- */

/* D01 */
static void
a_vanished_list_keeps_the_chat_sealed(void **state)
{
	static const char *const refusals[] = { "item-not-found", "forbidden", "service-unavailable", "remote-server-not-found" };

	(void)state;
	acquaint();
	bench_set_node(BOB, OMEMO_LIST, LIST(""), "open");
	bench_push_list(BOB, LIST(""));
	assert_true(bench_alerted("device-list-gone"));
	bench_says(alice, bob, "still sealed");
	bench_set_online(alice, true);
	bench_says(alice, bob, "still sealed");
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		bench_turn(60000);
		bench_set_online(alice, true);
		bench_refuse = refusals[i];
		bench_says(alice, bob, "still sealed");
		bench_refuse = NULL;
	}
	bench_set_node(BOB, OMEMO_LIST, NULL, NULL);
	bench_restart();
	bench_set_online(alice, true);
	bench_says(alice, bob, "still sealed");
}

static void
who_has_no_keys_is_a_question_for_a_person(void **state)
{
	(void)state;
	alice = bench_account(ALICE);
	assert_int_equal(bench_prepare(alice, "carol@c.test"), E2EE_NO_KEYS);
	assert_false(omemo_provider.usable(alice, "carol@c.test"));
	bench_refuse = "forbidden";
	assert_int_equal(bench_prepare(alice, "dave@d.test"), E2EE_BLOCKED);
	assert_non_null(strstr(bench_sentence, "/add dave@d.test"));
	bench_refuse = "remote-server-timeout";
	assert_int_equal(bench_prepare(alice, "erin@e.test"), E2EE_RETRY);
	bench_refuse = NULL;
	bench_only_online(alice, false);
	assert_int_equal(bench_prepare(alice, "carol@c.test"), E2EE_RETRY);
}

/* D13 */
static void
a_list_of_thousands_of_devices_is_cut_with_a_notice(void **state)
{
	GString *items = g_string_new("<item id='current'><list xmlns='" OMEMO_NS "'>");
	g_autoptr(GArray) devices = NULL;

	(void)state;
	acquaint();
	g_string_append_printf(
		items, "<device id='%u'/><device id='0'/><device id='-1'/><device id='2147483648'/><device/>", keys_device(BOB));
	for (int i = 0; i < 4000; i++)
		g_string_append_printf(items, "<device id='%d'/><device id='%d'/>", i + 1, i + 1);
	g_string_append(items, "</list></item>");
	bench_push_list(BOB, items->str);
	g_string_free(items, TRUE);
	devices = devices_of(ALICE, BOB, NULL);
	assert_int_equal(devices->len, DEVICES_MAX);
	assert_true(bench_alerted("device-list-cut"));
	bench_fetches = 0;
	bench_says(alice, bob, "sealed all the same");
	assert_true(bench_fetches <= DEVICES_MAX);
	bench_fetches = 0;
	bench_says(alice, bob, "and quicker now");
	assert_int_equal(bench_fetches, 0);
}

/* D13 */
static void
five_hundred_lists_a_minute_cost_little(void **state)
{
	(void)state;
	acquaint();
	bench_fetches = 0;
	for (int i = 0; i < 500; i++) {
		g_autofree char *items = g_strdup_printf(LIST("<device id='%u'/><device id='%d'/>"), keys_device(BOB), 1000 + i);

		bench_push_list(BOB, items);
		bench_turn(100);
	}
	assert_true(bench_fetches <= 20);
	assert_true(bench_alerts->len <= 20);
	assert_true(bench_alerted("new-device"));
	bench_says(alice, bob, "fine");
}

/* A contact invents a device for each message. */
static void
endless_new_devices_are_neither_remembered_nor_told_for_ever(void **state)
{
	g_autoptr(GRegex) sid = g_regex_new("sid=['\"][0-9]+['\"]", 0, 0, NULL);
	g_autoptr(GPtrArray) history = NULL;
	E2eeOpened opened;
	int refused = 0, explained = 0;

	(void)state;
	acquaint();
	for (int i = 0; i < 300; i++) {
		g_autofree char *number = g_strdup_printf("sid='%d'", 5000 + i), *xml = NULL, *other = NULL;

		store_run(NULL, "DELETE FROM omemo_sessions WHERE account = '" BOB "'", "");
		xml = bench_seal(bob, ALICE, "hi");
		other = g_regex_replace_literal(sid, xml, -1, 0, number, 0, NULL);
		refused += bench_open(alice, BOB, other, &opened) == E2EE_FAILED;
		explained += strstr(bench_why, "256 keys are remembered") != NULL;
		e2ee_opened_clear(&opened);
		bench_turn(7000);
	}
	assert_true(refused > 40);
	assert_int_equal(explained, refused);
	assert_true(bench_alerts->len < 60);
	assert_true(bench_alerted("new-device"));
	history = omemo_provider.history(alice, BOB);
	assert_int_equal(history->len, KEYS_MAX);
	store_run(NULL, "DELETE FROM omemo_sessions WHERE account = '" BOB "'", "");
	bench_says(bob, alice, "the known one still writes");
	bench_says(alice, bob, "and reads");
}

/* One of two devices has a server that never answers: the other does not wait for it long. */
static void
a_bundle_that_never_comes_holds_nobody_up(void **state)
{
	g_autofree char *items = NULL;

	(void)state;
	acquaint();
	items = g_strdup_printf(LIST("<device id='%u'/><device id='99'/>"), keys_device(BOB));
	bench_set_node(BOB, OMEMO_LIST, items, "open");
	bench_set_online(alice, true);
	bench_mute = OMEMO_BUNDLES "99";
	bench_begin_prepare(alice, BOB);
	bench_turn(1000);
	assert_false(bench_prepared_once());
	bench_turn(9000);
	assert_true(bench_prepared_once());
	bench_says(alice, bob, "fine");
	bench_mute = OMEMO_LIST;
	bench_begin_prepare(alice, "carol@c.test");
	bench_turn(9000);
	assert_false(bench_prepared_once());
	bench_turn(30000);
	assert_true(bench_prepared_once());
	bench_mute = NULL;
	bench_turn(70000);
}

/* A07 */
static void
lists_from_others_say_nothing_about_us(void **state)
{
	g_autofree char *before = NULL;
	g_autofree char *evil =
		g_strdup_printf("<message from='%s/evil'><event xmlns='http://jabber.org/protocol/pubsub#event'><items "
				"node='%s'>%s</items></event></message>",
			BOB, OMEMO_LIST, LIST("<device id='5'/>"));
	g_autoptr(Stanza) stanza = stanza_parse(evil, strlen(evil), NULL);
	g_autoptr(GArray) own = NULL, bobs = NULL, strangers = NULL;

	(void)state;
	acquaint();
	before = g_strdup(bench_node(ALICE, OMEMO_LIST));
	bench_only_online(bob, false);
	bench_push_list(BOB, LIST("<device id='7'/>"));
	bench_strangers(true);
	bench_push_list("stranger@x.test", LIST("<device id='8'/>"));
	lists_hooks[0].take(account_stream(alice), stanza_root(stanza));
	assert_string_equal(bench_node(ALICE, OMEMO_LIST), before);
	own = devices_of(ALICE, ALICE, NULL);
	bobs = devices_of(ALICE, BOB, NULL);
	strangers = devices_of(ALICE, "stranger@x.test", NULL);
	assert_int_equal(own->len, 0);
	assert_int_equal(bobs->len, 1);
	assert_int_equal(g_array_index(bobs, struct recipient, 0).device, 7);
	assert_int_equal(strangers->len, 0);
}

/* ---- our own nodes ---- */

static bool
list_names_us(void)
{
	g_autofree char *device = g_strdup_printf("%u", keys_device(ALICE));

	return bench_node(ALICE, OMEMO_LIST) && strstr(bench_node(ALICE, OMEMO_LIST), device);
}

static void
our_list_is_repaired_whatever_happened_to_it(void **state)
{
	g_autofree char *bundle = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bundle = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(ALICE));
	/* Taken out while online. */
	bench_push_list(ALICE, LIST("<device id='7'/>"));
	bench_turn(50);
	assert_true(list_names_us());
	assert_non_null(strstr(bench_node(ALICE, OMEMO_LIST), "\"7\""));
	/* Gone, closed, under another id, while offline. */
	bench_set_node(ALICE, OMEMO_LIST, NULL, NULL);
	bench_set_node(ALICE, bundle, NULL, NULL);
	bench_set_online(alice, true);
	assert_true(list_names_us());
	assert_non_null(bench_node(ALICE, bundle));
	bench_set_node(ALICE, OMEMO_LIST, bench_node(ALICE, OMEMO_LIST), "presence");
	bench_set_node(ALICE, bundle, bench_node(ALICE, bundle), "whitelist");
	bench_set_online(alice, true);
	assert_string_equal(bench_node_access(ALICE, OMEMO_LIST), "open");
	assert_string_equal(bench_node_access(ALICE, bundle), "open");
	bench_set_node(ALICE, OMEMO_LIST, "<item id='uuid'><list xmlns='" OMEMO_NS "'><device id='9'/></list></item>", "open");
	bench_set_online(alice, true);
	assert_true(list_names_us());
	assert_non_null(strstr(bench_node(ALICE, OMEMO_LIST), "current"));
	assert_non_null(strstr(bench_node(ALICE, OMEMO_LIST), "\"9\""));
}

static void
two_clients_do_not_fight_for_ever(void **state)
{
	(void)state;
	alice = bench_account(ALICE);
	bench_publishes = 0;
	for (int i = 0; i < 50; i++) {
		bench_push_list(ALICE, LIST("<device id='7'/>"));
		bench_turn(50);
	}
	assert_true(bench_publishes < 10);
	assert_true(bench_alerted("device-list-fight"));
}

static void
the_doctor_finds_and_mends(void **state)
{
	g_autofree char *bundle = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bundle = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(ALICE));
	assert_true(bench_command(alice, "omemo doctor", NULL, NULL));
	assert_non_null(strstr(bench_output->str, "nothing is wrong"));
	bench_set_node(ALICE, OMEMO_LIST, LIST("<device id='7'/>"), "presence");
	bench_set_node(ALICE, bundle, "<item/>", "presence");
	assert_true(bench_command(alice, "omemo doctor", NULL, NULL));
	bench_turn(50);
	assert_non_null(strstr(bench_output->str, "did not name this device"));
	assert_non_null(strstr(bench_output->str, "missing or damaged"));
	assert_non_null(strstr(bench_output->str, "access \"presence\""));
	assert_non_null(strstr(bench_output->str, "device 7 has no keys"));
	assert_true(list_names_us());
	assert_null(strstr(bench_node(ALICE, OMEMO_LIST), "\"7\""));
	assert_non_null(strstr(bench_node(ALICE, bundle), "identityKey"));
	assert_string_equal(bench_node_access(ALICE, OMEMO_LIST), "open");
	bench_turn(3600 * 1000);
	assert_true(bench_command(alice, "omemo doctor", NULL, NULL));
	assert_non_null(strstr(bench_output->str, "nothing is wrong"));
}

/* ---- our own keys ---- */

/* M05 */
static void
a_lost_or_damaged_identity_is_never_made_anew_by_itself(void **state)
{
	static const char *const damages[] = {
		"UPDATE omemo_identity SET private = zeroblob(32) WHERE account = '" ALICE "'",
		"UPDATE omemo_identity SET public = x'05' WHERE account = '" ALICE "'",
		"UPDATE omemo_identity SET device = 0 WHERE account = '" ALICE "'",
		"DELETE FROM omemo_identity WHERE account = '" ALICE "'",
	};

	(void)state;
	acquaint();
	for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_autofree char *before = g_strdup(bench_node(ALICE, OMEMO_LIST));

		assert_true(store_run(NULL, damages[i], ""));
		bench_set_online(alice, true);
		assert_true(bench_alerted("keys-broken"));
		assert_string_equal(bench_node(ALICE, OMEMO_LIST), before);
		if (i > 0)
			assert_int_equal(bench_prepare(alice, BOB), E2EE_BLOCKED);
	}
	assert_int_equal(keys_device(ALICE), 0);
	bench_answer = "no";
	assert_true(bench_command(alice, "omemo reset", NULL, NULL));
	assert_int_equal(keys_device(ALICE), 0);
	bench_answer = "yes";
	assert_true(bench_command(alice, "omemo reset", NULL, NULL));
	assert_int_not_equal(keys_device(ALICE), 0);
	bench_says(alice, bob, "anew");
}

static void
the_signed_prekey_turns_every_week_and_the_old_one_still_opens(void **state)
{
	g_autofree char *late = NULL;
	gint64 made;

	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	made = keys_signed_at(BOB);
	late = bench_seal(alice, BOB, "under way for long");
	for (int day = 0; day < 8; day++)
		bench_turn(24 * 3600 * 1000);
	bench_set_online(bob, true);
	assert_true(keys_signed_at(BOB) > made);
	bench_hears(bob, alice, late, "under way for long");
	for (int week = 0; week < 6; week++) {
		for (int day = 0; day < 8; day++)
			bench_turn(24 * 3600 * 1000);
		bench_set_online(bob, true);
	}
	{
		g_autoptr(Rows) rows =
			store_select(NULL, "SELECT count(*) FROM omemo_signed_prekeys WHERE account = '" BOB "'", "");

		assert_true(rows_next(rows));
		assert_in_range(rows_int(rows, 0), 2, 6);
	}
}

static void
the_overview_names_what_matters(void **state)
{
	g_autofree char *device = NULL;

	(void)state;
	acquaint();
	device = g_strdup_printf("%u", keys_device(BOB));
	assert_true(bench_command(alice, "omemo", BOB, NULL));
	assert_non_null(strstr(bench_output->str, device));
	assert_non_null(strstr(bench_output->str, "one-time keys left: "));
	assert_non_null(strstr(bench_output->str, "trusted"));
	assert_true(bench_command(alice, "omemo trust", BOB, fingerprint_of(BOB)));
	assert_int_equal(weakest(), TRUST_VERIFIED);
	assert_true(bench_command(alice, "omemo untrust", BOB, fingerprint_of(BOB)));
	assert_int_equal(bench_prepare(alice, BOB), E2EE_BLOCKED);
	assert_false(bench_command(alice, "omemo trust", BOB, "beef"));
}

/* Unloading while a message waits: its caller hears of it once, and what comes later harms nobody. */
static void
unloading_while_keys_are_fetched_answers_once(void **state)
{
	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	for (int turns = 0; turns < 6; turns++) {
		store_run(NULL, "DELETE FROM omemo_sessions", "");
		store_run(NULL, "DELETE FROM omemo_devices", "");
		lists_forget(ALICE);
		bench_begin_prepare(alice, BOB);
		for (int i = 0; i < turns; i++)
			bench_turn(1);
		bench_restart();
		bench_turn(100);
		assert_true(bench_prepared_once());
	}
	bench_says(alice, bob, "after all");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_keys_are_trusted_and_verifying_raises_that, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_new_device_before_verification_is_used_and_loud, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(with_ask_a_new_device_waits_for_a_decision, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_ghost_after_verification_gets_nothing, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_ghost_without_keys_is_told_too, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_changed_key_stops_sending, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_changed_key_in_a_message_is_loud, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(nothing_is_sealed_to_an_untrusted_device, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_key_from_a_picture_is_known_before_it_is_met, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_vanished_list_keeps_the_chat_sealed, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(who_has_no_keys_is_a_question_for_a_person, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_list_of_thousands_of_devices_is_cut_with_a_notice, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(five_hundred_lists_a_minute_cost_little, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(
			endless_new_devices_are_neither_remembered_nor_told_for_ever, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_bundle_that_never_comes_holds_nobody_up, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(lists_from_others_say_nothing_about_us, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(our_list_is_repaired_whatever_happened_to_it, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(two_clients_do_not_fight_for_ever, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(the_doctor_finds_and_mends, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_lost_or_damaged_identity_is_never_made_anew_by_itself, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(
			the_signed_prekey_turns_every_week_and_the_old_one_still_opens, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(the_overview_names_what_matters, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(unloading_while_keys_are_fetched_answers_once, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
