/* SPDX-License-Identifier: GPL-3.0-or-later */
/* D13, D03: lists of devices as an evil server writes them. Nobody who is known is pushed out by those who are not. */
#define _GNU_SOURCE
#include "omemo/bench.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define TABLET "tablet@b.test"
#define TABLET_ID 900900

static Account *alice, *bob;

static void
share_bundle(const char *of, const char *owner, guint32 device)
{
	g_autofree char *theirs = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(of));
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", device);

	bench_set_node(owner, node, bench_node(of, theirs), "open");
}

static int
begin(void **state)
{
	bench_begin(state);
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	bench_says(alice, bob, "hello");
	bench_says(bob, alice, "hello");
	bench_account(TABLET);
	return 0;
}

/* ghosts before, then these two (0: left out), then ghosts behind. */
static char *
list_of(guint before, guint32 one, guint32 two, guint behind, guint32 first_ghost)
{
	GString *items = g_string_new("<item id='current'><list xmlns='" OMEMO_NS "'>");

	for (guint i = 0; i < before; i++)
		g_string_append_printf(items, "<device id='%u'/>", first_ghost++);
	if (one)
		g_string_append_printf(items, "<device id='%u'/>", one);
	if (two)
		g_string_append_printf(items, "<device id='%u'/>", two);
	for (guint i = 0; i < behind; i++)
		g_string_append_printf(items, "<device id='%u'/>", first_ghost++);
	g_string_append(items, "</list></item>");
	return g_string_free(items, FALSE);
}

static void
announce(const char *owner, guint before, guint32 one, guint32 two, guint behind, guint32 first_ghost)
{
	g_autofree char *items = list_of(before, one, two, behind, first_ghost);

	bench_set_node(owner, OMEMO_LIST, items, "open");
	bench_push_list(owner, items);
}

static guint
used(const char *owner)
{
	g_autoptr(GArray) devices = devices_of(ALICE, owner, NULL);

	return devices->len;
}

static bool
list_names(const char *owner, guint32 device)
{
	g_autofree char *attribute = g_strdup_printf("id=['\"]%u['\"]", device);

	return g_regex_match_simple(attribute, bench_node(owner, OMEMO_LIST), 0, 0);
}

/* D13: wherever they stand among however many, and as often as the ghosts change. */
static void
ghosts_push_out_nobody_who_is_known(void **state)
{
	static const struct {
		guint before, behind;
	} rows[] = { { 63, 0 }, { 64, 0 }, { 65, 0 }, { 500, 500 }, { 0, 4000 }, { 4000, 0 }, { 70, 70 } };
	static const enum trust trusts[] = { TRUST_TRUSTED, TRUST_VERIFIED };

	(void)state;
	share_bundle(TABLET, BOB, TABLET_ID);
	announce(BOB, 0, keys_device(BOB), TABLET_ID, 0, 0);
	bench_turn(50);
	for (guint t = 0; t < G_N_ELEMENTS(trusts); t++) {
		assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, trusts[t], NULL));
		assert_true(trust_set(alice, BOB, TABLET_ID, NULL, trusts[t], NULL));
		for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
			announce(BOB, rows[i].before, keys_device(BOB), TABLET_ID, rows[i].behind, 10000 + i * 5000);
			assert_true(device_is_active(ALICE, BOB, keys_device(BOB)));
			assert_true(device_is_active(ALICE, BOB, TABLET_ID));
			assert_int_equal(used(BOB), MIN(DEVICES_MAX, rows[i].before + rows[i].behind + 2));
			bench_says(alice, bob, "sealed for both");
			bench_restart();
			alice = account_find(ALICE);
			bob = account_find(BOB);
		}
	}
}

/* D13: ghosts with keys of their own, trusted by themselves before anything was verified, come later than who was here. */
static void
ghosts_with_keys_push_out_nobody_either(void **state)
{
	(void)state;
	for (guint i = 0; i < 80; i++)
		share_bundle(TABLET, BOB, 5000 + i);
	for (guint round = 0; round < 80; round += 8) {
		announce(BOB, round + 8, keys_device(BOB), 0, 0, 5000);
		bench_turn(700 * 1000);
		assert_true(device_is_active(ALICE, BOB, keys_device(BOB)));
	}
	assert_true(trust_set(alice, BOB, 5000, NULL, TRUST_VERIFIED, NULL));
	announce(BOB, 0, keys_device(BOB), 0, 80, 5000);
	assert_true(device_is_active(ALICE, BOB, 5000));
	assert_int_equal(used(BOB), DEVICES_MAX);
}

/* D13: who was refused takes no place, and stays refused. */
static void
refused_devices_take_no_place(void **state)
{
	(void)state;
	for (guint i = 0; i < 100; i++) {
		struct own_keys keys;
		g_autofree char *hex = NULL;

		assert_true(keys_load(TABLET, &keys, NULL));
		hex = text_hex(keys.identity + 1, KEY_LENGTH - 1);
		assert_true(trust_set(alice, BOB, 7000 + i, hex, TRUST_UNTRUSTED, NULL));
		store_run(NULL, "UPDATE omemo_keys SET current = 1 WHERE device >= 7000", "");
	}
	share_bundle(TABLET, BOB, TABLET_ID);
	announce(BOB, 100, keys_device(BOB), TABLET_ID, 0, 7000);
	bench_turn(50);
	assert_true(device_is_active(ALICE, BOB, keys_device(BOB)));
	assert_true(device_is_active(ALICE, BOB, TABLET_ID));
	bench_says(alice, bob, "fine");
}

/* D13: and our own ones, in our own list: this one first of all. */
static void
ghosts_push_none_of_ours_out_of_our_list(void **state)
{
	static const struct {
		guint before, behind;
		bool names_us;
	} rows[] = { { 100, 0, true }, { 100, 0, false }, { 64, 0, true }, { 0, 100, false }, { 3000, 1000, true } };

	(void)state;
	share_bundle(TABLET, ALICE, TABLET_ID);
	announce(ALICE, 0, keys_device(ALICE), TABLET_ID, 0, 0);
	bench_turn(50);
	assert_true(device_is_active(ALICE, ALICE, TABLET_ID));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		announce(ALICE, rows[i].before, TABLET_ID, rows[i].names_us ? keys_device(ALICE) : 0, rows[i].behind,
			20000 + i * 5000);
		bench_turn(700 * 1000);
		assert_true(device_is_active(ALICE, ALICE, TABLET_ID));
		assert_true(list_names(ALICE, keys_device(ALICE)));
		assert_true(list_names(ALICE, TABLET_ID));
		assert_true(used(ALICE) <= DEVICES_MAX);
	}
}

/* D13: at once, or, where lists come too fast for that, with the next message; once for each list. */
static void
a_list_that_was_cut_is_told_before_a_message(void **state)
{
	(void)state;
	announce(BOB, 100, keys_device(BOB), 0, 0, 1000);
	assert_true(bench_alerted("device-list-cut"));
	bench_says(alice, bob, "one");
	assert_false(bench_alerted("device-list-cut"));
	for (guint i = 0; i < 20; i++)
		announce(BOB, 100, keys_device(BOB), 0, 0, 2000 + i * 200);
	bench_alerted("");
	bench_says(alice, bob, "two");
	assert_true(bench_alerted("device-list-cut"));
	bench_says(alice, bob, "three");
	assert_false(bench_alerted("device-list-cut"));
	/* Another stream: the list is read again. */
	bench_set_online(alice, true);
	bench_says(alice, bob, "four");
	assert_true(bench_alerted("device-list-cut"));
	announce(BOB, 0, keys_device(BOB), 0, 0, 0);
	bench_says(alice, bob, "five");
	assert_false(bench_alerted("device-list-cut"));
}

#define EVENT "http://jabber.org/protocol/pubsub#event"
#define NEWS(inner) "<event xmlns='" EVENT "'>" inner "</event>"
#define ITEMS(inner) "<items node='" OMEMO_LIST "'><item id='current'>" inner "</item></items>"
#define ONE_GHOST "<list xmlns='" OMEMO_NS "'><device id='31337'/></list>"

/* D03, A07: what may look like news of bob's list, and is none, or is empty. */
static void
what_is_no_list_changes_nothing(void **state)
{
	static const struct {
		const char *attributes, *inner;
	} rows[] = {
		{ "from='" BOB "/phone'", NEWS(ITEMS(ONE_GHOST)) },
		{ "from='b.test'", NEWS(ITEMS(ONE_GHOST)) },
		{ "from='pubsub.b.test'", NEWS(ITEMS(ONE_GHOST)) },
		{ "from='" BOB "' type='error'", NEWS(ITEMS(ONE_GHOST)) "<error type='cancel'/>" },
		{ "from='" BOB "'", NEWS("<retract node='" OMEMO_LIST "' id='current'/>") },
		{ "from='" BOB "'", NEWS("<purge node='" OMEMO_LIST "'/>") },
		{ "from='" BOB "'", NEWS("<delete node='" OMEMO_LIST "'/>") },
		{ "from='" BOB "'", NEWS("<items node='" OMEMO_LIST "'><retract id='current'/></items>") },
		{ "from='" BOB "'", NEWS("<items node='" OMEMO_LIST "'/>") },
		{ "from='" BOB "'", NEWS(ITEMS("")) },
		{ "from='" BOB "'", NEWS(ITEMS("<list xmlns='urn:xmpp:omemo:2'><device id='31337'/></list>")) },
		{ "from='" BOB "'", NEWS(ITEMS("<devices xmlns='" OMEMO_NS "'><device id='31337'/></devices>")) },
		{ "from='" BOB "'", NEWS(ITEMS("<list xmlns='" OMEMO_NS "'/>")) },
		{ "from='" BOB "'", NEWS(ITEMS("<list xmlns='" OMEMO_NS "'><device/><device id=''/><device id='0'/></list>")) },
		{ "from='" BOB "'",
			NEWS(ITEMS("<list xmlns='" OMEMO_NS
				   "'><device id='-5'/><device id=' 7'/><device id='07'/><device id='2147483648'/>"
				   "<device id='4294967303'/><device xmlns='urn:other' id='31337'/><x id='31337'/></list>")) },
		{ "from='" BOB "'", NEWS(ITEMS("<list xmlns='" OMEMO_NS
					       "'><device id='7&#10;'/><device id='&#x0667;'/><device id='7e1'/></list>")) },
		{ "from='" BOB "'", "<event xmlns='urn:other'>" ITEMS(ONE_GHOST) "</event>" },
		{ "from='" BOB "'", NEWS("<items node='urn:other'><item>" ONE_GHOST "</item></items>") },
	};

	(void)state;
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, TRUST_VERIFIED, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *xml =
			g_strdup_printf("<message %s to='" ALICE "'>%s</message>", rows[i].attributes, rows[i].inner);
		g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);

		assert_non_null(stanza);
		lists_hooks[0].take(account_stream(alice), stanza_root(stanza));
		bench_turn(10);
		if (used(BOB) != 1 || !device_is_active(ALICE, BOB, keys_device(BOB)) || device_is_active(ALICE, BOB, 31337))
			fail_msg("%s", xml);
	}
	bench_says(alice, bob, "fine");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, bench_end)
	const struct CMUnitTest tests[] = {
		T(ghosts_push_out_nobody_who_is_known),
		T(ghosts_with_keys_push_out_nobody_either),
		T(refused_devices_take_no_place),
		T(ghosts_push_none_of_ours_out_of_our_list),
		T(a_list_that_was_cut_is_told_before_a_message),
		T(what_is_no_list_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
