/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept on a machine whose clock goes wrong: it stays, and in order. */
#include "api/ask.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "fake/place.h"
#include "store/archive.h"
#include "store/db.h"
#include "store/history.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ME "me@home.example"
#define BOB "bob@away.example"
#define TODAY G_GINT64_CONSTANT(1795536000000000)
#define DAY G_TIME_SPAN_DAY
#define YEAR (365 * DAY)

static char *place;

static int
set_up(void **state)
{
	(void)state;
	secret_init(NULL);
	place = place_new();
	if (!table_find(TABLE_MIGRATIONS, "archive"))
		store_init();
	clock_hold(TODAY);
	place_store(place);
	store_set.keep = 3;
	return 0;
}

static int
tear_down(void **state)
{
	guint question;
	(void)state;
	while ((question = ask_open(NULL, NULL)))
		ask_withdraw(question);
	db_close();
	place_remove(place);
	return 0;
}

static void
put(const char *body, gint64 sent_at)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Message) message = g_new0(Message, 1);
	message->refs = 1;
	message->account = g_strdup(ME);
	message->conversation = g_strdup(BOB);
	message->from = g_strdup(BOB);
	message->body = g_strdup(body);
	message->sent_at = sent_at;
	if (!archive_add(message, &error))
		fail_msg("%s", error->message);
}

static void
say(const char *body)
{
	put(body, archive_next_at(ME, BOB));
}

/* All bodies in order. */
static char *
bodies(void)
{
	g_autoptr(GPtrArray) page = archive_page(archive_conversation(ME, BOB, NULL), G_MAXINT64, 0, 100, NULL);
	GString *out = g_string_new(NULL);
	for (guint i = 0; i < page->len; i++)
		g_string_append_printf(out, "%s%s", i ? "," : "", ((Message *)g_ptr_array_index(page, i))->body);
	return g_string_free(out, FALSE);
}

static void
assert_bodies(const char *expected)
{
	g_autofree char *found = bodies();
	assert_string_equal(found, expected);
}

static void
prune_at(gint64 now)
{
	clock_hold(now);
	history_prune();
	for (int i = 0; i < 20; i++)
		clock_turn(20);
}

static void
a_clock_that_leaps_deletes_nothing_unasked(void **state)
{
	guint question;
	(void)state;
	put("old", TODAY - 10 * DAY);
	put("new", TODAY - DAY);
	prune_at(TODAY);
	assert_bodies("old,new");
	prune_at(TODAY + 74 * YEAR);
	assert_bodies("old,new");
	assert_true((question = ask_open(NULL, "yes")) != 0);
	/* The same, day after day, in one program and in the next one. */
	prune_at(TODAY + 74 * YEAR + DAY);
	db_close();
	place_store(place);
	prune_at(TODAY + 74 * YEAR + 2 * DAY);
	assert_bodies("old,new");
	assert_true(ask_open(NULL, "yes") != 0 && ask_open(NULL, "yes") != question);
	assert_true(ask_answer(ask_open(NULL, "yes"), "no", NULL));
	assert_bodies("old,new");
	/* The clock is mended: nothing is asked any more. */
	prune_at(TODAY + DAY);
	assert_bodies("old,new");
	assert_int_equal(ask_open(NULL, NULL), 0);
}

static void
who_was_away_for_long_is_asked_and_obeyed(void **state)
{
	(void)state;
	put("old", TODAY - 10 * DAY);
	prune_at(TODAY);
	prune_at(TODAY + 20 * DAY);
	assert_bodies("old");
	assert_int_equal(ask_open(NULL, NULL), 0);
	prune_at(TODAY + 120 * DAY);
	assert_bodies("old");
	assert_true(ask_answer(ask_open(NULL, "yes"), "yes", NULL));
	for (int i = 0; i < 20; i++)
		clock_turn(20);
	assert_bodies("");
	/* And where there is nothing to delete, nobody is asked. */
	prune_at(TODAY + 300 * DAY);
	assert_int_equal(ask_open(NULL, NULL), 0);
	put("newer", TODAY + 201 * DAY);
	prune_at(TODAY + 300 * DAY);
	assert_bodies("");
}

static void
a_store_of_before_is_measured_by_its_newest_message(void **state)
{
	(void)state;
	put("old", TODAY - 100 * DAY);
	put("new", TODAY);
	prune_at(TODAY + 74 * YEAR);
	assert_bodies("old,new");
	prune_at(TODAY + DAY);
	assert_bodies("new");
}

/* A machine without a battery begins in 1970, until the network tells it the time. */
static void
what_is_said_while_the_clock_is_lost_is_not_old_afterwards(void **state)
{
	(void)state;
	put("before", TODAY - DAY);
	prune_at(TODAY);
	clock_hold(1000000);
	say("question");
	say("answer");
	prune_at(2000000);
	assert_bodies("before,question,answer");
	prune_at(TODAY + DAY);
	say("after");
	assert_bodies("before,question,answer,after");
	assert_int_equal(ask_open(NULL, NULL), 0);
}

static void
what_is_said_comes_last_whatever_the_clock_says(void **state)
{
	static const gint64 clocks[] = { 0, 3 * DAY, -5 * DAY, -DAY, 12 * YEAR, 74 * YEAR, 0, -TODAY, 1 };
	g_autoptr(GString) expected = g_string_new(NULL);
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(clocks); i++) {
		g_autofree char *body = g_strdup_printf("m%u", i);
		clock_hold(TODAY + clocks[i]);
		say(body);
		g_string_append_printf(expected, "%s%s", i ? "," : "", body);
		assert_bodies(expected->str);
	}
	g_autoptr(GPtrArray) list = archive_conversations(ME, NULL);
	assert_int_equal(((ArchivedConversation *)g_ptr_array_index(list, 0))->unread, G_N_ELEMENTS(clocks));
	/* The next start finds them years ahead. */
	clock_hold(TODAY + DAY);
	archive_mend_times();
	assert_bodies(expected->str);
	say("last");
	g_string_append(expected, ",last");
	assert_bodies(expected->str);
	assert_true(archive_last_at(ME) <= TODAY + DAY + 1);
}

/* Weeks may well be a clock that is behind now: only what no clock can be is changed. */
static void
times_are_mended_only_when_they_are_absurd(void **state)
{
	(void)state;
	put("soon", TODAY + 100 * DAY);
	archive_mend_times();
	assert_true(archive_last_at(ME) == TODAY + 100 * DAY);
	clock_hold(1000000);
	archive_mend_times();
	assert_true(archive_last_at(ME) == TODAY + 100 * DAY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_leaps_deletes_nothing_unasked),
		TEST(who_was_away_for_long_is_asked_and_obeyed),
		TEST(a_store_of_before_is_measured_by_its_newest_message),
		TEST(what_is_said_while_the_clock_is_lost_is_not_old_afterwards),
		TEST(what_is_said_comes_last_whatever_the_clock_says),
		TEST(times_are_mended_only_when_they_are_absurd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
