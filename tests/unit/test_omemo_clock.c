/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys on a machine whose clock goes wrong: turned when they should be, trusted no sooner, and none lost. */
#include "omemo/bench.h"

#include "base/clock.h"

#include <string.h>

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define YEAR (365 * G_TIME_SPAN_DAY)

static Account *alice, *bob;

static void
log_in_at(Account *account, gint64 now)
{
	clock_hold(now);
	bench_set_online(account, false);
	bench_set_online(account, true);
	bench_turn(1000);
}

static guint
signed_prekeys(void)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT count(*) FROM omemo_signed_prekeys WHERE account = '" BOB "'", "");

	assert_true(rows_next(rows));
	return (guint)rows_int(rows, 0);
}

static void
a_signed_prekey_of_the_future_is_turned_once(void **state)
{
	gint64 today = clock_now();
	g_autofree char *late = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	late = bench_seal(alice, BOB, "under way meanwhile");
	log_in_at(bob, today + 74 * YEAR);
	assert_int_equal(signed_prekeys(), 2);
	for (int login = 0; login < 5; login++)
		log_in_at(bob, today + login * G_USEC_PER_SEC);
	assert_int_equal(signed_prekeys(), 3);
	assert_true(keys_signed_at(BOB) < today + G_TIME_SPAN_DAY);
	bench_hears(bob, alice, late, "under way meanwhile");
	bench_says(alice, bob, "after all");
}

static void
a_lost_clock_turns_no_keys_and_ages_none(void **state)
{
	gint64 today = clock_now();
	g_autofree char *first = NULL, *second = NULL, *late = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	bench_says(alice, bob, "hello");
	bench_says(bob, alice, "hello");
	late = bench_seal(alice, BOB, "comes late");
	for (int login = 0; login < 5; login++)
		log_in_at(bob, login * G_USEC_PER_SEC);
	assert_int_equal(signed_prekeys(), 1);
	/* A key is passed over while it is 1970, and wanted when the clock is right again. */
	second = bench_seal(alice, BOB, "comes first");
	bench_hears(bob, alice, second, "comes first");
	log_in_at(bob, today + 60 * G_USEC_PER_SEC);
	assert_int_equal(signed_prekeys(), 1);
	bench_hears(bob, alice, late, "comes late");
}

/* D03: devices that are met within a minute are all first ones, and not worth an alert; a clock that goes back makes no minute
 * longer. */
static void
a_clock_that_goes_back_hides_no_new_device(void **state)
{
	gint64 today = clock_now();
	guint8 key[KEY_LENGTH] = { 5 };
	enum trust trust = TRUST_UNDECIDED;
	enum key_news news;
	g_autofree char *xml = NULL;

	(void)state;
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	xml = bench_seal(alice, BOB, "never answered");
	assert_non_null(xml);
	store_run(NULL, "UPDATE omemo_keys SET last_used = 0", "");
	clock_hold(today - 3 * G_TIME_SPAN_DAY);
	assert_true(trust_learn(ALICE, BOB, 4711, key, true, "a bundle", &trust, &news, NULL));
	assert_int_equal(news, KEY_NEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_signed_prekey_of_the_future_is_turned_once, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_lost_clock_turns_no_keys_and_ages_none, bench_begin, bench_end),
		cmocka_unit_test_setup_teardown(a_clock_that_goes_back_hides_no_new_device, bench_begin, bench_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
