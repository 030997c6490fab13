/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: transactions, batches, damage, refusals. */
#define _GNU_SOURCE
#include "api/error.h"
#include "api/event.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "fake/place.h"
#include "store/db.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

static const struct migration test_migrations[] = {
	{ "test", 1, "CREATE TABLE test_item (id INTEGER PRIMARY KEY, word TEXT)" },
	{ "test", 2,
		"CREATE TABLE test_other (id INTEGER PRIMARY KEY); INSERT INTO test_item (word) VALUES ('from the second step')" },
	{ NULL },
};

static char *folder, *path;
static Secret *key;
static int committed, lost, alerts;
static char *last_alert;

static void
count_commit(void)
{
	committed++;
}

static void
count_lost(void)
{
	lost++;
}

static void
look(const Event *event)
{
	alerts++;
	g_free(last_alert);
	last_alert = g_strdup(event->alert.code);
}

static const struct event_watch watches[] = { { "test", EVENT_ALERT, look }, { NULL } };

static int
set_up(void **state)
{
	(void)state;
	folder = place_new();
	path = g_build_filename(folder, "sotto.db", NULL);
	secret_init(NULL);
	key = secret_new(32);
	memset(secret_fill(key), 7, 32);
	table_add(TABLE_MIGRATIONS, test_migrations, "test");
	table_add(TABLE_EVENTS, watches, "test");
	clock_hold(1000000);
	db_on_commit(count_commit);
	db_on_lost(count_lost);
	committed = lost = alerts = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close();
	table_remove("test");
	place_remove(g_steal_pointer(&folder));
	g_clear_pointer(&path, g_free);
	g_clear_pointer(&key, secret_free);
	g_clear_pointer(&last_alert, g_free);
	return 0;
}

static void
open_store(void)
{
	g_autoptr(GError) error = NULL;
	if (!db_open(path, key, &error))
		fail_msg("%s", error->message);
}

static gint64
count(void)
{
	g_autoptr(GError) error = NULL;
	Rows *rows = store_select(&error, "SELECT count(*) FROM test_item", NULL);
	assert_non_null(rows);
	assert_true(rows_next(rows));
	gint64 number = rows_int(rows, 0);
	assert_true(rows_end(rows, &error));
	return number;
}

static void
add(const char *word)
{
	g_autoptr(GError) error = NULL;
	if (!store_run(&error, "INSERT INTO test_item (word) VALUES (?)", "s", word))
		fail_msg("%s", error->message);
}

/* What another process would find if this one died now: the same files, copied, opened. */
static gint64
count_after_death(void)
{
	g_autofree char *copy = g_build_filename(folder, "copy.db", NULL);
	g_autofree char *command =
		g_strdup_printf("cp '%s' '%s'; cp '%s-wal' '%s-wal' 2>/dev/null || rm -f '%s-wal'", path, copy, path, copy, copy);
	assert_int_not_equal(system(command), -1);
	int tube[2];
	assert_int_equal(pipe(tube), 0);
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "test_store", "count", copy, g_strdup_printf("%d", tube[1]), NULL);
		_exit(1);
	}
	close(tube[1]);
	gint64 number = -1;
	assert_int_equal(read(tube[0], &number, sizeof number), sizeof number);
	close(tube[0]);
	waitpid(child, NULL, 0);
	return number;
}

static void
rows_come_back_as_they_were_written(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	size_t length;
	open_store();
	assert_true(store_run(&error, "CREATE TABLE test_kinds (t TEXT, n, i INTEGER, b BLOB, d REAL)", NULL));
	assert_true(store_run(&error, "INSERT INTO test_kinds VALUES (?, ?, ?, ?, ?)", "ssibd", "w\xc3\xb6rt", NULL, G_MAXINT64,
		(const void *)"a\0b", (size_t)3, 0.5));
	Rows *rows = store_select(&error, "SELECT t, n, i, b, d * 2 FROM test_kinds", NULL);
	assert_true(rows_next(rows));
	assert_string_equal(rows_text(rows, 0), "w\xc3\xb6rt");
	assert_null(rows_text(rows, 1));
	assert_true(rows_int(rows, 2) == G_MAXINT64);
	assert_memory_equal(rows_blob(rows, 3, &length), "a\0b", 3);
	assert_int_equal(length, 3);
	assert_int_equal(rows_int(rows, 4), 1);
	assert_false(rows_next(rows));
	assert_true(rows_end(rows, &error));
}

static void
a_wrong_statement_is_an_error_and_not_a_crash(void **state)
{
	(void)state;
	open_store();
	assert_false(store_run(NULL, "INSERT INTO nowhere VALUES (1)", NULL));
	assert_false(store_run(NULL, "INSERT INTO test_item (word) VALUES (?)", NULL));
	assert_false(store_run(NULL, "INSERT INTO test_item (word) VALUES (?)", "x", 1));
	assert_false(store_run(NULL, "DELETE FROM test_item; DELETE FROM test_item", NULL));
	assert_null(store_select(NULL, "SELECT nothing FROM test_item", NULL));
	assert_false(store_commit(STORE_NOW, NULL));
	store_rollback();
	assert_int_equal(count(), 1);
}

static void
an_inner_rollback_undoes_only_the_inner_part(void **state)
{
	(void)state;
	open_store();
	assert_true(store_begin(NULL));
	add("outer");
	assert_true(store_begin(NULL));
	add("inner");
	assert_true(store_begin(NULL));
	add("innermost");
	assert_true(store_commit(STORE_SOON, NULL));
	assert_int_equal(count(), 4);
	store_rollback();
	assert_int_equal(count(), 2);
	assert_true(store_commit(STORE_NOW, NULL));
	assert_int_equal(count(), 2);
	assert_true(store_begin(NULL));
	add("gone");
	store_rollback();
	assert_int_equal(count(), 2);
}

static void
a_rollback_in_a_batch_leaves_what_was_finished_before(void **state)
{
	(void)state;
	open_store();
	for (int i = 0; i < 3; i++) {
		assert_true(store_begin(NULL));
		add("kept");
		assert_true(store_commit(STORE_SOON, NULL));
		assert_true(store_begin(NULL));
		add("undone");
		store_rollback();
	}
	assert_int_equal(count(), 4);
	clock_turn(5);
	assert_int_equal(count_after_death(), 4);
}

static void
a_batch_is_durable_after_5_ms_or_50_commits_or_at_once(void **state)
{
	(void)state;
	open_store();
	committed = 0;
	add("one");
	assert_int_equal(committed, 0);
	assert_int_equal(count_after_death(), 1);
	clock_turn(4);
	assert_int_equal(committed, 0);
	clock_turn(1);
	assert_int_equal(committed, 1);
	assert_int_equal(count_after_death(), 2);
	for (int i = 0; i < 49; i++)
		add("many");
	assert_int_equal(committed, 1);
	add("the fiftieth");
	assert_int_equal(committed, 2);
	assert_int_equal(count_after_death(), 52);
	add("waits");
	assert_true(store_begin(NULL));
	add("now");
	assert_true(store_commit(STORE_NOW, NULL));
	assert_int_equal(committed, 3);
	assert_int_equal(count_after_death(), 54);
	/* NOW inside of another begin makes the outer one durable at its end. */
	assert_true(store_begin(NULL));
	assert_true(store_begin(NULL));
	add("inner now");
	assert_true(store_commit(STORE_NOW, NULL));
	assert_int_equal(committed, 3);
	assert_true(store_commit(STORE_SOON, NULL));
	assert_int_equal(committed, 4);
	db_flush();
	assert_int_equal(committed, 4);
}

static void
a_batch_whose_time_came_within_an_undone_change_waits_no_longer(void **state)
{
	(void)state;
	open_store();
	committed = 0;
	add("kept");
	assert_true(store_begin(NULL));
	add("undone");
	clock_turn(5);
	assert_int_equal(committed, 0);
	store_rollback();
	clock_turn(1);
	assert_int_equal(committed, 1);
	assert_int_equal(count_after_death(), 2);
}

static void
what_joined_the_batch_can_be_made_durable_with_its_fault(void **state)
{
	(void)state;
	open_store();
	committed = 0;
	assert_true(store_flush(NULL));
	assert_int_equal(committed, 0);
	add("one");
	assert_true(db_is_pending());
	assert_true(store_flush(NULL));
	assert_false(db_is_pending());
	assert_int_equal(committed, 1);
	assert_int_equal(count_after_death(), 2);
}

static void
a_closed_store_has_no_log_to_empty(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	assert_false(db_checkpoint(&error));
	assert_true(g_error_matches(error, FAULT, FAULT_STORE));
}

static void
the_timer_does_not_commit_a_change_that_is_not_finished(void **state)
{
	(void)state;
	open_store();
	add("finished");
	assert_true(store_begin(NULL));
	add("not finished");
	clock_turn(1000);
	assert_int_equal(count_after_death(), 1);
	store_rollback();
	assert_int_equal(count(), 2);
	assert_true(store_begin(NULL));
	assert_true(store_commit(STORE_SOON, NULL));
	assert_int_equal(count_after_death(), 2);
}

static void
nobody_else_can_open_the_profile(void **state)
{
	(void)state;
	open_store();
	int tube[2];
	assert_int_equal(pipe(tube), 0);
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "test_store", "error", path, g_strdup_printf("%d", tube[1]), NULL);
		_exit(1);
	}
	close(tube[1]);
	char sentence[300] = "";
	assert_true(read(tube[0], sentence, sizeof sentence - 1) > 0);
	close(tube[0]);
	waitpid(child, NULL, 0);
	g_autofree char *pid = g_strdup_printf("(process %ld)", (long)getpid());
	assert_non_null(strstr(sentence, "in use by another sotto"));
	assert_non_null(strstr(sentence, pid));
}

static void
the_file_is_private_and_not_readable_without_the_key(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	struct stat status;
	open_store();
	add("MARKER-4711");
	db_flush();
	for (int i = 0; i < 2; i++) {
		g_autofree char *file = i ? g_strconcat(path, "-wal", NULL) : g_strdup(path);
		g_autofree char *bytes = NULL;
		gsize length;
		assert_true(g_file_get_contents(file, &bytes, &length, NULL));
		assert_null(memmem(bytes, length, "MARKER-4711", 11));
		assert_null(memmem(bytes, length, "SQLite", 6));
		assert_null(memmem(bytes, length, "test_item", 9));
		assert_int_equal(stat(file, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
	}
	db_close();
	g_autoptr(Secret) other = secret_new(32);
	assert_false(db_open(path, other, &error));
	assert_true(g_error_matches(error, FAULT, FAULT_STORE));
	assert_false(store_is_open());
}

static void
a_file_that_is_not_encrypted_is_refused(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	char plain[4096] = "SQLite format 3";
	assert_true(g_file_set_contents(path, plain, sizeof plain, NULL));
	assert_false(db_open(path, key, &error));
	assert_non_null(strstr(error->message, "is not encrypted"));
}

/* K07 */
static void
links_and_pipes_are_not_followed(void **state)
{
	(void)state;
	g_autofree char *elsewhere = g_build_filename(folder, "elsewhere", NULL);
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	g_autofree char *lock = g_strconcat(path, ".lock", NULL);
	const char *const places[] = { path, wal, lock };
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_remove(places[i]);
		assert_int_equal(symlink(elsewhere, places[i]), 0);
		assert_false(db_open(path, key, NULL));
		assert_false(g_file_test(elsewhere, G_FILE_TEST_EXISTS));
		g_remove(places[i]);
		assert_int_equal(mkfifo(places[i], 0600), 0);
		assert_false(db_open(path, key, NULL));
		g_remove(places[i]);
	}
	open_store();
}

static void
migrations_run_once_and_a_newer_store_is_refused(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	open_store();
	assert_int_equal(count(), 1);
	assert_true(db_migrate(&error));
	assert_int_equal(count(), 1);
	static const struct migration late[] = { { "late", 1, "CREATE TABLE late_one (id)" }, { NULL } };
	static const struct migration broken[] = { { "broken", 1, "CREATE TABLE broken_one (id); CREATE TABLE late_one (id)" },
		{ NULL } };
	static const struct migration gap[] = { { "gap", 2, "CREATE TABLE gap_one (id)" }, { NULL } };
	table_add(TABLE_MIGRATIONS, late, "late");
	assert_true(db_migrate(&error));
	table_add(TABLE_MIGRATIONS, broken, "broken");
	assert_false(db_migrate(NULL));
	assert_false(store_run(NULL, "INSERT INTO broken_one VALUES (1)", NULL));
	table_remove("broken");
	table_add(TABLE_MIGRATIONS, gap, "gap");
	assert_false(db_migrate(NULL));
	table_remove("gap");
	table_remove("late");
	assert_true(store_run(&error, "UPDATE schema_version SET version = 3 WHERE name = 'test'", NULL));
	db_close();
	assert_false(db_open(path, key, &error));
	assert_non_null(strstr(error->message, "newer sotto"));
	assert_false(store_is_open());
}

static void
the_same_question_can_be_asked_inside_of_itself(void **state)
{
	(void)state;
	static const char question[] = "SELECT id, word FROM test_item ORDER BY id";
	open_store();
	add("second");
	int pairs = 0;
	g_autoptr(Rows) outer = store_select(NULL, question, NULL);
	while (rows_next(outer)) {
		g_autoptr(Rows) inner = store_select(NULL, question, NULL);
		while (rows_next(inner))
			pairs++;
		db_flush();
	}
	assert_int_equal(pairs, 4);
}

/* M05: every flipped byte is either in a page that is not read or is told; what comes back is never wrong. */
static void
a_flipped_byte_is_told_and_the_file_is_kept_aside(void **state)
{
	(void)state;
	open_store();
	for (int i = 0; i < 400; i++)
		add("some words that are all the same, so that a wrong one can be seen at once");
	db_close();
	g_autofree char *good = NULL;
	gsize length;
	assert_true(g_file_get_contents(path, &good, &length, NULL));
	int told = 0, tries = 0;
	for (gsize at = 3; at < length; at += 1531, tries++) {
		g_autofree char *bad = g_memdup2(good, length);
		g_autoptr(GError) error = NULL;
		bad[at] ^= 0x10;
		assert_true(g_file_set_contents(path, bad, length, NULL));
		bool damaged = !db_open(path, key, &error);
		if (!damaged) {
			g_autofree char *seen = NULL;
			Rows *rows = store_select(&error, "SELECT word FROM test_item WHERE id > 1", NULL);
			damaged = !rows;
			while (rows && rows_next(rows))
				assert_string_equal(rows_text(rows, 0),
					"some words that are all the same, so that a wrong one can be seen at once");
			damaged = !rows_end(rows, &error);
			if (damaged)
				while (!last_alert || strcmp(last_alert, "store-damaged") != 0)
					g_main_context_iteration(NULL, TRUE);
		}
		if (damaged) {
			told++;
			assert_non_null(strstr(error->message, "damaged"));
			g_autofree char *list = NULL;
			g_autofree char *command = g_strdup_printf("ls '%s'", folder);
			assert_true(g_spawn_command_line_sync(command, &list, NULL, NULL, NULL));
			assert_non_null(strstr(list, "sotto.db.broken-"));
		}
		db_close();
	}
	assert_true(told >= tries / 2);
	/* Nothing was replaced by something new. */
	g_autofree char *now = NULL;
	gsize length_now;
	assert_true(g_file_get_contents(path, &now, &length_now, NULL));
	assert_true(length_now == length);
}

static void
a_cut_file_is_told(void **state)
{
	(void)state;
	open_store();
	for (int i = 0; i < 400; i++)
		add("some words that are all the same, so that a wrong one can be seen at once");
	db_close();
	const off_t cuts[] = { 16384, 9000, 5000, 4096, 1000, 1, 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
		assert_int_equal(truncate(path, cuts[i]), 0);
		g_autoptr(GError) error = NULL;
		bool damaged = !db_open(path, key, &error);
		if (!damaged) {
			Rows *rows = store_select(&error, "SELECT word FROM test_item", NULL);
			damaged = !rows;
			while (rows && rows_next(rows))
				;
			damaged = !rows || !rows_end(rows, &error);
		}
		if (!damaged)
			fail_msg("cut at %ld went unnoticed", (long)cuts[i]);
		db_close();
	}
}

/* M01: a child writes pairs of rows and says each that is durable; it is killed in the middle. */
static void
a_kill_loses_nothing_durable_and_halves_nothing(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		int tube[2];
		assert_int_equal(pipe(tube), 0);
		pid_t child = fork();
		if (child == 0) {
			execl("/proc/self/exe", "test_store", "write", path, g_strdup_printf("%d", tube[1]), NULL);
			_exit(1);
		}
		close(tube[1]);
		gint64 said = -1, number;
		int reads = 0;
		while (reads < 3 + round * 3 && read(tube[0], &number, sizeof number) == sizeof number) {
			said = number;
			reads++;
		}
		g_usleep((gulong)g_random_int_range(0, 3000));
		kill(child, SIGKILL);
		while (read(tube[0], &number, sizeof number) == sizeof number)
			said = number;
		close(tube[0]);
		waitpid(child, NULL, 0);
		open_store();
		gint64 found = count() - 1;
		assert_true(said > 0);
		assert_int_equal(found % 2, 0);
		assert_true(found >= said);
		db_close();
		g_remove(path);
		g_autofree char *wal = g_strconcat(path, "-wal", NULL);
		g_remove(wal);
	}
}

static bool
mount_small_disk(void)
{
	return geteuid() == 0 && mount("tmpfs", folder, "tmpfs", 0, "size=400k") == 0;
}

/* M03 */
static void
a_full_disk_is_said_undone_and_survived(void **state)
{
	(void)state;
	if (!mount_small_disk()) {
		print_message("SKIPPED: a small disk is a mount, which needs root\n");
		if (g_getenv("SOTTO_NO_SKIP"))
			fail();
		skip();
	}
	g_autoptr(GError) error = NULL;
	g_autofree char *word = g_strnfill(2000, 'x');
	open_store();
	committed = lost = alerts = 0;
	gint64 durable = count(), told = 0;
	while (!error) {
		if (store_begin(&error)) {
			if (store_run(&error, "INSERT INTO test_item (word) VALUES (?)", "s", word) &&
				store_commit(STORE_SOON, &error))
				told++;
			else if (!error)
				fail_msg("failed without a reason");
			else
				store_rollback();
		}
		if (committed) {
			durable = count();
			committed = 0;
			told = 0;
		}
	}
	assert_non_null(strstr(error->message, "disk is full"));
	assert_false(db_is_healthy());
	assert_int_equal(count(), durable);
	if (told) {
		assert_int_equal(lost, 1);
		assert_string_equal(last_alert, "store-failed");
	}
	g_autofree char *long_word = g_strnfill(300000, 'x');
	/* Still full: refused each time, nothing half done, no flood of alerts from the timer. */
	for (int i = 0; i < 20; i++) {
		assert_true(!store_begin(NULL) || (store_run(NULL, "INSERT INTO test_item (word) VALUES (?)", "s", long_word),
							  !store_commit(STORE_NOW, NULL)));
		clock_turn(10);
	}
	assert_int_equal(count(), durable);
	/* Room again: it recovers by itself. */
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=4m"), 0);
	assert_true(store_begin(NULL));
	add("small");
	assert_true(store_commit(STORE_NOW, NULL));
	assert_true(db_is_healthy());
	assert_string_equal(last_alert, "store-works");
	assert_int_equal(count(), durable + 1);
	/* Read-only: said. */
	db_close();
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	g_clear_error(&error);
	assert_false(db_open(path, key, &error));
	assert_non_null(strstr(error->message, "ead-only"));
	umount(folder);
}

/* ---- what the children do ---- */

static int
child_main(char **arguments)
{
	g_autoptr(GError) error = NULL;
	int tube = atoi(arguments[3]);
	path = arguments[2];
	secret_init(NULL);
	key = secret_new(32);
	memset(secret_fill(key), 7, 32);
	table_add(TABLE_MIGRATIONS, test_migrations, "test");
	bool opened = db_open(path, key, &error);
	if (g_str_equal(arguments[1], "error"))
		return write(tube, opened ? "opened" : error->message, opened ? 6 : strlen(error->message)) < 0;
	if (!opened)
		return 1;
	if (g_str_equal(arguments[1], "count")) {
		gint64 number = count();
		return write(tube, &number, sizeof number) != sizeof number;
	}
	for (gint64 number = 2;; number += 2) {
		store_begin(NULL);
		add("one");
		store_begin(NULL);
		add("two");
		store_commit(STORE_SOON, NULL);
		store_commit(number % 7 ? STORE_SOON : STORE_NOW, NULL);
		if (number % 7 == 0 && write(tube, &number, sizeof number) != sizeof number)
			return 1;
	}
}

int
main(int count_arguments, char **arguments)
{
	if (count_arguments == 4)
		return child_main(arguments);
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(rows_come_back_as_they_were_written),
		TEST(a_wrong_statement_is_an_error_and_not_a_crash),
		TEST(an_inner_rollback_undoes_only_the_inner_part),
		TEST(a_rollback_in_a_batch_leaves_what_was_finished_before),
		TEST(a_batch_is_durable_after_5_ms_or_50_commits_or_at_once),
		TEST(a_batch_whose_time_came_within_an_undone_change_waits_no_longer),
		TEST(what_joined_the_batch_can_be_made_durable_with_its_fault),
		TEST(a_closed_store_has_no_log_to_empty),
		TEST(the_timer_does_not_commit_a_change_that_is_not_finished),
		TEST(nobody_else_can_open_the_profile),
		TEST(the_file_is_private_and_not_readable_without_the_key),
		TEST(a_file_that_is_not_encrypted_is_refused),
		TEST(links_and_pipes_are_not_followed),
		TEST(migrations_run_once_and_a_newer_store_is_refused),
		TEST(the_same_question_can_be_asked_inside_of_itself),
		TEST(a_flipped_byte_is_told_and_the_file_is_kept_aside),
		TEST(a_cut_file_is_told),
		TEST(a_kill_loses_nothing_durable_and_halves_nothing),
		TEST(a_full_disk_is_said_undone_and_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
