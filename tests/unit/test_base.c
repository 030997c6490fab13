/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The base: errors, secrets, text, the clock, tables, events and questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "api/ask.h"
#include "api/error.h"
#include "api/event.h"
#include "api/log.h"
#include "api/secret.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/mailbox.h"
#include "base/table.h"
#include "base/text.h"

/* ---- errors and secrets ---- */

static void
a_fault_keeps_the_first_reason(void **state)
{
	g_autoptr(GError) error = NULL, foreign = g_error_new_literal(g_quark_from_string("x"), 0, "x");

	(void)state;
	assert_false(fault(&error, FAULT_TRUST, "first %d", 1));
	assert_false(fault(&error, FAULT_STORE, "second"));
	assert_string_equal(error->message, "first 1");
	assert_string_equal(fault_word(error), "trust");
	assert_string_equal(fault_word(foreign), "other");
	assert_string_equal(fault_word(NULL), "other");
	assert_false(fault(NULL, FAULT_TRUST, "nobody asks"));
}

static void
a_secret_holds_its_bytes_and_nothing_else(void **state)
{
	g_autoptr(Secret) a = secret_copy("pass\0word", 9), b = secret_take_text(g_strdup("pässword")), c = secret_ref(a);
	g_autoptr(Secret) d = secret_copy("pass\0worD", 9), e = secret_copy(NULL, 0), f = secret_random(32), g = secret_random(32);

	(void)state;
	assert_int_equal(secret_length(a), 9);
	assert_memory_equal(secret_bytes(a), "pass\0word", 10);
	assert_string_equal(secret_bytes(b), "pässword");
	assert_true(secret_equal(a, c));
	assert_false(secret_equal(a, d));
	assert_false(secret_equal(a, e));
	assert_string_equal(secret_bytes(e), "");
	assert_false(secret_equal(f, g));
	secret_free(NULL);
}

static void
more_secrets_than_the_pool_holds_are_no_failure(void **state)
{
	Secret *many[400];

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = secret_random(4096);
	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		secret_free(many[i]);
}

/* ---- text ---- */

static void
ids_are_long_and_never_repeat(void **state)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	(void)state;
	for (int i = 0; i < 10000; i++) {
		char *id = text_random_id();

		assert_int_equal(strlen(id), 24);
		assert_int_equal(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), 24);
		assert_true(g_hash_table_add(seen, id));
	}
}

static void
text_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *cut;
	} rows[] = { { "short", 5, "short" }, { "longer", 5, "lo…" }, { "äöü", 6, "äöü" }, { "äöüx", 6, "ä…" }, { "äöüx", 5, "ä…" },
		{ "äöüx", 4, "…" }, { "abc", 2, "" }, { "", 0, "" } };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *cut = text_cut(rows[i].text, rows[i].max);

		assert_string_equal(cut, rows[i].cut);
	}
}

static void
times_survive_the_round_trip(void **state)
{
	g_autofree char *plain = text_time((gint64)1795527900 * G_USEC_PER_SEC + 123456, false);
	g_autofree char *exact = text_time((gint64)1795527900 * G_USEC_PER_SEC + 123456, true);

	(void)state;
	assert_string_equal(plain, "2026-11-24T13:45:00Z");
	assert_string_equal(exact, "2026-11-24T13:45:00.123Z");
	assert_true(text_time_parse(exact) == (gint64)1795527900 * G_USEC_PER_SEC + 123000);
	assert_true(text_time_parse("2026-11-24T15:45:00.5+02:00") == (gint64)1795527900 * G_USEC_PER_SEC + 500000);
	assert_true(text_time_parse("2026-11-24T13:45:00.123456789Z") == (gint64)1795527900 * G_USEC_PER_SEC + 123456);
}

static void
what_is_no_time_is_zero(void **state)
{
	static const char *const texts[] = { "", "now", "2026-11-24", "2026-11-24T13:45:00", "2026-11-24T13:45Z",
		"2026-13-24T13:45:00Z", "2026-11-31T13:45:00Z", "2026-11-24T24:45:00Z", "2026-11-24T13:45:00Zx",
		"2026-11-24T13:45:00+99:00", "1969-11-24T13:45:00Z", "+026-11-24T13:45:00Z", "20261124T13:45:00Z" };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		assert_true(text_time_parse(texts[i]) == 0);
	assert_true(text_time_parse(NULL) == 0);
}

static void
base64_is_strict(void **state)
{
	static const char *const bad[] = { "A", "AB", "ABC", "A===", "====", "AB=C", "AA=A", "QUI=\n", " QUI=", "QUI", "QU-_",
		"QUJ=", "QR==", "QUI=QUI=", "Q\xc3\xa4==" };
	size_t length = 99;
	g_autofree guint8 *two = text_base64("QUI=", 2, &length), *none = text_base64("", 0, &length);

	(void)state;
	assert_non_null(none);
	assert_int_equal(length, 0);
	assert_memory_equal(two, "AB", 2);
	assert_null(text_base64("QUI=", 1, &length));
	assert_null(text_base64(NULL, 1, &length));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(text_base64(bad[i], 100, &length));
}

static void
base64_and_hex_agree_with_glib(void **state)
{
	guint8 bytes[70];

	(void)state;
	random_bytes(bytes, sizeof bytes);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		g_autofree char *text = g_base64_encode(bytes, n), *hex = text_hex(bytes, n);
		size_t length = 99;
		g_autofree guint8 *back = text_base64(text, n, &length);

		assert_int_equal(length, n);
		assert_memory_equal(back, bytes, n);
		assert_int_equal(strlen(hex), 2 * n);
	}
}

/* ---- the clock ---- */

static GString *story;

static void
tell(gpointer data)
{
	g_string_append(story, data);
}

static void
tell_and_go_on(gpointer data)
{
	g_string_append(story, data);
	clock_after(5, tell, "again ", NULL);
}

static void
held_time_passes_only_when_it_is_turned(void **state)
{
	guint gone;

	(void)state;
	story = g_string_new(NULL);
	clock_hold(1000);
	clock_after(20, tell, "late ", NULL);
	clock_after(10, tell_and_go_on, "first ", NULL);
	clock_after(10, tell, "second ", NULL);
	gone = clock_after(10, tell, "never ", NULL);
	clock_cancel(gone);
	clock_cancel(gone);
	clock_cancel(0);
	assert_string_equal(story->str, "");
	clock_turn(9);
	assert_string_equal(story->str, "");
	assert_true(clock_now() == 1000 + 9000);
	clock_turn(20);
	assert_string_equal(story->str, "first second again late ");
	assert_true(clock_now() == 1000 + 29000);
	g_string_free(story, TRUE);
}

static int ticks;

static void
tick(void)
{
	ticks++;
}

static void
a_timer_row_ticks_while_it_is_in_the_table(void **state)
{
	static const struct timer rows[] = { { "tick", 60, tick }, { 0 } };

	(void)state;
	assert_true(base_init(NULL));
	clock_hold(1000);
	table_add(TABLE_TIMERS, rows, "test");
	clock_turn(180 * 1000);
	assert_int_equal(ticks, 3);
	table_remove("test");
	clock_turn(180 * 1000);
	assert_int_equal(ticks, 3);
}

/* ---- tables and events ---- */

static void look_a(const Event *event);
static void look_b(const Event *event);

static const struct event_watch watch_a[] = { { "a", EVENT_READY, look_a }, { 0 } };
static const struct event_watch watch_b[] = { { "b", EVENT_READY, look_b }, { "c", EVENT_ALERT, look_b }, { 0 } };
static bool a_removes_b;

static void
look_a(const Event *event)
{
	(void)event;
	g_string_append(story, "a");
	if (a_removes_b)
		table_remove("b");
}

static void
look_b(const Event *event)
{
	g_string_append(story, event->kind == EVENT_ALERT ? event->alert.text : "b");
}

static void
events_reach_those_who_watch_in_the_order_of_the_rows(void **state)
{
	(void)state;
	story = g_string_new(NULL);
	table_add(TABLE_EVENTS, watch_a, "a");
	table_add(TABLE_EVENTS, watch_b, "b");
	event_emit(&(Event){ .kind = EVENT_READY });
	alert(NULL, NULL, "test", "%d%%", 5);
	assert_string_equal(story->str, "ab5%");
	a_removes_b = true;
	event_emit(&(Event){ .kind = EVENT_READY });
	assert_string_equal(story->str, "ab5%a");
	table_remove("a");
	event_emit(&(Event){ .kind = EVENT_READY });
	assert_string_equal(story->str, "ab5%a");
	g_string_free(story, TRUE);
}

static void
a_table_knows_whose_a_row_is(void **state)
{
	static const struct feature rows[] = { { "x" }, { "y" }, { 0 } }, one = { "z" };
	guint before = table_generation(TABLE_FEATURES);

	(void)state;
	table_add(TABLE_FEATURES, rows, "core");
	table_add_one(TABLE_FEATURES, &one, "p");
	assert_true(table_generation(TABLE_FEATURES) > before);
	assert_ptr_equal(table_row(TABLE_FEATURES, 2), &one);
	assert_null(table_row(TABLE_FEATURES, 3));
	assert_ptr_equal(table_find(TABLE_FEATURES, "y"), &rows[1]);
	assert_string_equal(table_owner(TABLE_FEATURES, &one), "p");
	table_remove("p");
	assert_null(table_find(TABLE_FEATURES, "z"));
	assert_null(table_owner(TABLE_FEATURES, &one));
	table_remove("core");
	assert_null(table_row(TABLE_FEATURES, 0));
}

/* ---- questions ---- */

static const char *const yes_no[] = { "no", "yes", NULL };

static void
answered(const char *choice, gpointer data)
{
	g_string_append_printf(story, "%s=%s ", (const char *)data, choice ? choice : "(none)");
}

static void
freed(gpointer data)
{
	(void)data;
	g_string_append_c(story, '.');
}

static void
an_answer_is_to_one_question_also_where_two_read_the_same(void **state)
{
	g_autoptr(GError) error = NULL;
	guint a, b, c;

	(void)state;
	story = g_string_new(NULL);
	a = ask("me@x", "bob@x", "send readable?", yes_no, answered, "a", freed);
	b = ask("me@x", "bob@x", "send readable?", yes_no, answered, "b", freed);
	c = ask("me@x", "eve@x", "send readable?", yes_no, answered, "c", NULL);
	assert_int_not_equal(a, b);
	assert_int_not_equal(a, c);
	assert_int_equal(ask_open(NULL, NULL), a);
	assert_int_equal(ask_open("eve@x", NULL), c);
	assert_int_equal(ask_open(NULL, "yes"), a);
	assert_int_equal(ask_open(NULL, "perhaps"), 0);
	assert_false(ask_answer(a, "perhaps", &error));
	assert_true(g_error_matches(error, FAULT, FAULT_INPUT));
	assert_true(ask_answer(a, "Y", NULL));
	assert_string_equal(story->str, "a=yes .");
	assert_int_equal(ask_open("bob@x", NULL), b);
	ask_withdraw(b);
	assert_string_equal(story->str, "a=yes .b=(none) .");
	g_clear_error(&error);
	assert_false(ask_answer(a, "yes", &error));
	assert_true(g_error_matches(error, FAULT, FAULT_GONE));
	ask_withdraw(c);
	ask_withdraw(c);
	assert_string_equal(story->str, "a=yes .b=(none) .c=(none) ");
	assert_int_equal(ask_open(NULL, NULL), 0);
	g_string_free(story, TRUE);
}

/* ---- mailbox and log ---- */

static GThread *worker;
static GMainLoop *loop;

static void
work(gpointer data)
{
	worker = g_thread_self();
	*(int *)data += 1;
}

static void
done(gpointer data)
{
	*(int *)data += 10;
	assert_ptr_not_equal(worker, g_thread_self());
	g_main_loop_quit(loop);
}

static void
work_happens_elsewhere_and_its_end_here(void **state)
{
	int number = 0;

	(void)state;
	loop = g_main_loop_new(NULL, FALSE);
	mailbox_run(work, done, &number);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	assert_int_equal(number, 11);
}

static void
a_log_entry_is_one_line(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sotto-log-XXXXXX", NULL), *path = g_build_filename(dir, "log", NULL), *text = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	assert_true(log_open(path, LOG_INFO, NULL));
	log_info("stream %s", "evil\n2026-01-01T00:00:00.000Z error faked\x1b[2J");
	log_debug("too fine");
	log_error("end");
	log_close();
	log_error("nobody hears it");
	assert_true(files_read(path, 10000, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	assert_int_equal(g_strv_length(lines), 3);
	assert_non_null(strstr(lines[0], " info stream evil?2026"));
	assert_null(strchr(text, '\x1b'));
	g_unlink(path);
	g_rmdir(dir);
}

/* G01, G03: a log is read in a terminal. */
static void
a_log_commands_no_terminal(void **state)
{
	static const char *const evil[] = { "\x1b]0;x\a",
		"\x9b"
		"31m",
		"\xc2\x9b"
		"31m",
		"\xc2\x90q", "\xc2\x85", "\x7f\b\r",
		"\xe2\x80\xae"
		"exe",
		"\xe2\x81\xa6", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xf3\xa0\x81\x81", "\xf0", "\xe2\x80" };
	g_autofree char *dir = g_dir_make_tmp("sotto-log-XXXXXX", NULL), *path = g_build_filename(dir, "log", NULL), *text = NULL;
	size_t length = 0;

	(void)state;
	assert_true(log_open(path, LOG_INFO, NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(evil); i++)
		log_info("from %s", evil[i]);
	log_info("gr\xc3\xbc\xc3\x9f dich");
	log_close();
	assert_true(files_read(path, 10000, &text, &length, NULL));
	assert_true(g_utf8_validate(text, (gssize)length, NULL));
	for (const char *at = text; *at; at = g_utf8_next_char(at))
		assert_true(*at == '\n' || !text_turns(g_utf8_get_char(at)));
	assert_non_null(strstr(text, "gr\xc3\xbc\xc3\x9f dich"));
	g_unlink(path);
	g_rmdir(dir);
}

static void
a_log_does_not_grow_for_ever(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sotto-log-XXXXXX", NULL), *path = g_build_filename(dir, "log", NULL);
	g_autofree char *old = g_strconcat(path, ".old", NULL), *fill = g_strnfill(1900, 'x'), *text = NULL;

	(void)state;
	assert_true(log_open(path, LOG_INFO, NULL));
	for (int i = 0; i < 3000; i++)
		log_info("%s", fill);
	log_close();
	assert_true(files_read(path, 2200 * 1024, &text, NULL, NULL));
	g_clear_pointer(&text, g_free);
	assert_true(files_read(old, 2200 * 1024, &text, NULL, NULL));
	g_unlink(path);
	g_unlink(old);
	g_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_keeps_the_first_reason),
		cmocka_unit_test(a_secret_holds_its_bytes_and_nothing_else),
		cmocka_unit_test(more_secrets_than_the_pool_holds_are_no_failure),
		cmocka_unit_test(ids_are_long_and_never_repeat),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(times_survive_the_round_trip),
		cmocka_unit_test(what_is_no_time_is_zero),
		cmocka_unit_test(base64_is_strict),
		cmocka_unit_test(base64_and_hex_agree_with_glib),
		cmocka_unit_test(work_happens_elsewhere_and_its_end_here),
		cmocka_unit_test(a_log_entry_is_one_line),
		cmocka_unit_test(a_log_commands_no_terminal),
		cmocka_unit_test(a_log_does_not_grow_for_ever),
		cmocka_unit_test(held_time_passes_only_when_it_is_turned),
		cmocka_unit_test(a_timer_row_ticks_while_it_is_in_the_table),
		cmocka_unit_test(events_reach_those_who_watch_in_the_order_of_the_rows),
		cmocka_unit_test(a_table_knows_whose_a_row_is),
		cmocka_unit_test(an_answer_is_to_one_question_also_where_two_read_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
