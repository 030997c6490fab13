/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that is away, slow or silent: when the stream gives up and when it tries again, on a clock that the test turns. */
#include "base/clock.h"
#include "fake/online.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream

static int
setup(void **state)
{
	clock_hold(G_GINT64_CONSTANT(1700000000000000));
	return online_setup(state);
}

static guint
connections(void)
{
	return fake_server_connections(SERVER);
}

/* Turns in steps until the next attempt; how long that took, in ms. */
static guint
time_to_next_attempt(guint longest)
{
	enum { STEP = 50 };
	guint before = connections();

	for (guint ms = STEP; ms <= longest; ms += STEP) {
		clock_turn(STEP);
		if (connections() > before) {
			fake_server_turn(5);
			return ms;
		}
	}
	return 0;
}

/* ---- trying again ---- */

static void
attempts_come_later_and_later_and_never_at_the_same_moment(void **state)
{
	(void)state;
	guint exact = 0;

	fake_server_offer(SERVER)->refuse = true;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_true(online.will_retry);
	for (guint n = 0; n < 14; n++) {
		guint expected = MIN(1000u << MIN(n, 9u), 300000u);
		guint waited = time_to_next_attempt(400000);
		assert_in_range(waited, expected * 7 / 10, expected * 13 / 10 + 50);
		exact += waited == expected;
	}
	assert_true(exact < 5);
}

static void
a_login_starts_the_waits_anew(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->refuse = true;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	for (guint n = 0; n < 5; n++)
		assert_true(time_to_next_attempt(400000) > 0);
	fake_server_offer(SERVER)->refuse = false;
	assert_true(time_to_next_attempt(400000) > 10000);
	assert_true(online_reach(CONNECTION_ONLINE));
	fake_server_cut(SERVER);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_in_range(time_to_next_attempt(5000), 700, 1350);
}

static void
a_new_network_is_tried_at_once(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->refuse = true;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	for (guint n = 0; n < 8; n++)
		assert_true(time_to_next_attempt(400000) > 0);
	guint before = connections();
	fake_server_offer(SERVER)->refuse = false;
	fake_server_turn(20);
	assert_int_equal(connections(), before);
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
}

static void
a_new_network_asks_a_living_stream_whether_it_lives(void **state)
{
	(void)state;
	online_log_in();
	fake_server_on(SERVER, "<r ", NULL);
	stream_network_changed();
	assert_non_null(fake_server_wait(SERVER, "<r "));
	clock_turn(29900);
	assert_int_equal(online.state, CONNECTION_ONLINE);
	clock_turn(200);
	assert_int_equal(online.state, CONNECTION_FAILED);
	assert_non_null(strstr(online.reason, "does not answer any more"));
	assert_true(online.will_retry);
}

static void
what_only_a_person_mends_is_not_tried_again(void **state)
{
	(void)state;
	online.password = "pen";
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	guint before = connections();
	clock_turn(3600000);
	fake_server_turn(10);
	stream_network_changed();
	fake_server_turn(10);
	assert_int_equal(connections(), before);
}

static void
missing_encryption_is_tried_again_after_a_minute_and_not_before(void **state) /* C09 */
{
	(void)state;
	fake_server_offer(SERVER)->direct = fake_server_offer(SERVER)->starttls = false;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_true(online.will_retry);
	assert_in_range(time_to_next_attempt(100000), 42000, 78050);
}

static void
who_does_not_want_to_be_online_is_not_made_so(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->refuse = true;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	stream_disconnect(STREAM);
	guint before = connections();
	clock_turn(3600000);
	stream_network_changed();
	fake_server_turn(10);
	assert_int_equal(connections(), before);
}

/* ---- giving up ---- */

/* Each step of the way in that the server may leave unanswered. */
static void
every_step_of_the_login_has_fifteen_seconds(void **state) /* C09 */
{
	(void)state;
	static const struct {
		const char *unanswered;
		bool direct;
	} steps[] = {
		{ "<stream:stream", false },
		{ "<starttls", false },
		{ "<stream:stream", true },
		{ "<auth", true },
		{ "<response", true },
		{ "<bind", true },
		{ "<enable", true },
	};
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		online_teardown(state);
		setup(state);
		fake_server_offer(SERVER)->direct = steps[i].direct;
		fake_server_on(SERVER, steps[i].unanswered, NULL);
		stream_connect(STREAM);
		if (strcmp(steps[i].unanswered, "<stream:stream") != 0)
			assert_non_null(fake_server_wait(SERVER, steps[i].unanswered));
		fake_server_turn(30);
		clock_turn(14900);
		if (online.state != CONNECTION_CONNECTING)
			fail_msg("%s: given up before its time: %s", steps[i].unanswered, online.reason);
		clock_turn(200);
		if (online.state != CONNECTION_FAILED)
			fail_msg("%s: waits for ever", steps[i].unanswered);
		assert_non_null(strstr(online.reason, "good.test did not answer in time"));
		assert_true(online.will_retry);
		assert_in_range(time_to_next_attempt(5000), 550, 1350);
	}
}

/* A byte now and then does not keep it alive: the time counts from where the stanza began. */
static void
a_stanza_that_is_not_finished_ends_the_stream_after_a_minute(void **state)
{
	(void)state;
	online_log_in();
	fake_server_send(SERVER, "<message from='evil@x/1'><body>");
	fake_server_turn(20);
	for (guint s = 0; s < 59; s++) {
		fake_server_send(SERVER, "x");
		fake_server_turn(2);
		clock_turn(1000);
		assert_int_equal(online.state, CONNECTION_ONLINE);
	}
	clock_turn(1100);
	assert_int_equal(online.state, CONNECTION_FAILED);
	assert_non_null(strstr(online.reason, "did not finish"));
	assert_true(online.will_retry);
	fake_server_turn(20);
	assert_non_null(strstr(fake_server_received(SERVER), "connection-timeout"));
	assert_in_range(time_to_next_attempt(5000), 550, 1350);
	assert_true(online_reach(CONNECTION_ONLINE));
}

static void
a_finished_stanza_starts_the_minute_anew(void **state)
{
	(void)state;
	online_log_in();
	for (guint n = 0; n < 4; n++) {
		fake_server_send(SERVER, "<message from='bob@good.test/1'><body>slow");
		fake_server_turn(10);
		clock_turn(40000);
		fake_server_send(SERVER, "</body></message>");
		fake_server_turn(10);
	}
	assert_int_equal(online.state, CONNECTION_ONLINE);
	clock_turn(300000);
	assert_int_equal(online.state, CONNECTION_ONLINE);
}

static void
goodbye_takes_two_seconds_at_most(void **state)
{
	(void)state;
	online_log_in();
	fake_server_offer(SERVER);
	fake_server_on(SERVER, "</stream:stream>", NULL);
	stream_disconnect(STREAM);
	clock_turn(1900);
	clock_turn(200);
	assert_int_equal(online.state, CONNECTION_OFFLINE);
}

/* No timer of its own runs while nothing happens: an idle client sleeps. */
static void
an_idle_stream_does_nothing_for_a_day(void **state)
{
	(void)state;
	online_log_in();
	fake_server_turn(50);
	gsize before = strlen(fake_server_received(SERVER));
	guint changes = online.changes;
	clock_turn(24 * 3600 * 1000);
	fake_server_turn(20);
	assert_int_equal(strlen(fake_server_received(SERVER)), before);
	assert_int_equal(online.changes, changes);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, online_teardown)
	const struct CMUnitTest tests[] = {
		T(attempts_come_later_and_later_and_never_at_the_same_moment),
		T(a_login_starts_the_waits_anew),
		T(a_new_network_is_tried_at_once),
		T(a_new_network_asks_a_living_stream_whether_it_lives),
		T(what_only_a_person_mends_is_not_tried_again),
		T(missing_encryption_is_tried_again_after_a_minute_and_not_before),
		T(who_does_not_want_to_be_online_is_not_made_so),
		T(every_step_of_the_login_has_fifteen_seconds),
		T(a_stanza_that_is_not_finished_ends_the_stream_after_a_minute),
		T(a_finished_stanza_starts_the_minute_anew),
		T(goodbye_takes_two_seconds_at_most),
		T(an_idle_stream_does_nothing_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
