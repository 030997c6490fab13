/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store with real rows is brought up to date by a newer program: old or new, never half, whenever it is killed. */
#define _GNU_SOURCE
#include "api/store.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "fake/place.h"
#include "store/archive.h"
#include "store/db.h"
#include "store/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

enum { NOTES = 3000, ROUNDS = 25 };

#define FIRST                                                                                                  \
	{                                                                                                      \
		"note", 1, "CREATE TABLE note (id INTEGER PRIMARY KEY, who TEXT NOT NULL, text TEXT NOT NULL)" \
	}
/* What a real step does: a table takes another shape and its rows move, then a further step builds on it. */
#define SECOND                                                                                                                 \
	{                                                                                                                      \
		"note", 2,                                                                                                     \
			"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"                             \
			"INSERT INTO person (name) SELECT DISTINCT who FROM note ORDER BY who;"                                \
			"CREATE TABLE note_new (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person (id), text " \
			"TEXT NOT NULL);"                                                                                      \
			"INSERT INTO note_new SELECT n.id, p.id, n.text FROM note n JOIN person p ON p.name = n.who;"          \
			"DROP TABLE note; ALTER TABLE note_new RENAME TO note;"                                                \
	}
#define THIRD                                                                                                                   \
	{                                                                                                                       \
		"note", 3,                                                                                                      \
			"ALTER TABLE note ADD COLUMN length INTEGER NOT NULL DEFAULT 0; UPDATE note SET length = length(text);" \
			"CREATE INDEX note_person ON note (person, length);"                                                    \
	}

static const struct migration old_rows[] = { FIRST, { NULL } };
static const struct migration new_rows[] = { FIRST, SECOND, THIRD, { NULL } };
static const struct migration broken_rows[] = { FIRST, SECOND, { "note", 3, "UPDATE note SET nonsense = 1" }, { NULL } };
static const struct migration gap_rows[] = { FIRST, THIRD, { NULL } };

static char *place, *path;

static void
know(const struct migration *rows)
{
	table_remove("test");
	table_add(TABLE_MIGRATIONS, rows, "test");
}

static bool
open_store(GError **error)
{
	g_autoptr(Secret) key = secret_new(32);
	memset(secret_fill(key), 7, 32);
	return db_open(path, key, error);
}

static gint64
number(const char *sql)
{
	g_autoptr(GError) error = NULL;
	Rows *rows = store_select(&error, sql, NULL);
	if (!rows)
		fail_msg("%s: %s", sql, error->message);
	assert_true(rows_next(rows));
	gint64 value = rows_int(rows, 0);
	assert_true(rows_end(rows, NULL));
	return value;
}

static void
fill(void)
{
	assert_true(store_begin(NULL));
	for (int i = 0; i < NOTES; i++) {
		g_autofree char *who = g_strdup_printf("person%d@a.test", i % 40), *text = g_strnfill(20 + i % 300, 'a' + i % 26);
		assert_true(store_run(NULL, "INSERT INTO note (who, text) VALUES (?, ?)", "ss", who, text));
	}
	assert_true(store_commit(STORE_NOW, NULL));
}

static int
set_up(void **state)
{
	(void)state;
	secret_init(NULL);
	place = place_new();
	path = g_build_filename(place, "sotto.db", NULL);
	if (!table_find(TABLE_MIGRATIONS, "archive"))
		store_init();
	know(old_rows);
	assert_true(open_store(NULL));
	fill();
	db_close();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close();
	table_remove("test");
	place_remove(place);
	g_clear_pointer(&path, g_free);
	return 0;
}

static void
assert_old(void)
{
	assert_int_equal(number("SELECT version FROM schema_version WHERE name = 'note'"), 1);
	assert_int_equal(number("SELECT count(*) FROM note WHERE who LIKE 'person%@a.test'"), NOTES);
	assert_int_equal(number("SELECT count(*) FROM sqlite_master WHERE name IN ('person', 'note_new', 'note_person')"), 0);
}

static void
assert_new(void)
{
	assert_int_equal(number("SELECT version FROM schema_version WHERE name = 'note'"), 3);
	assert_int_equal(
		number("SELECT count(*) FROM note n JOIN person p ON p.id = n.person WHERE p.name LIKE 'person%@a.test' AND "
		       "n.length = length(n.text) AND n.length = 20 + (n.id - 1) % 300"),
		NOTES);
	assert_int_equal(number("SELECT count(*) FROM person"), 40);
	assert_int_equal(number("SELECT count(*) FROM sqlite_master WHERE name = 'note_new'"), 0);
}

static pid_t
start_newer_program(int *tube)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	g_autofree char *fd = g_strdup_printf("%d", ends[1]);
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "test_migration", "migrate", path, fd, NULL);
		_exit(1);
	}
	close(ends[1]);
	*tube = ends[0];
	return child;
}

/* The moments of a migration: it is about to begin, and done. */
static gint64
time_of_a_whole_one(void)
{
	int tube, status;
	char said;
	pid_t child = start_newer_program(&tube);
	assert_int_equal(read(tube, &said, 1), 1);
	gint64 began = g_get_monotonic_time();
	assert_int_equal(read(tube, &said, 1), 1);
	gint64 took = g_get_monotonic_time() - began;
	close(tube);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	know(new_rows);
	assert_true(open_store(NULL));
	assert_new();
	db_close();
	return took;
}

/* Old whole, or new whole. */
static bool
is_new_and_whole(void)
{
	g_autoptr(GError) error = NULL;
	know(old_rows);
	if (open_store(&error)) {
		assert_old();
		db_close();
		return false;
	}
	assert_non_null(strstr(error->message, "newer sotto (note is at version 3"));
	know(new_rows);
	assert_true(open_store(NULL));
	assert_new();
	db_close();
	return true;
}

static void
put_back(const char *copy, gsize length)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal", ".lock" };
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *other = g_strconcat(path, ends[i], NULL);
		g_remove(other);
	}
	assert_true(g_file_set_contents_full(path, copy, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* M01 */
static void
a_migration_that_is_killed_is_old_or_new(void **state)
{
	g_autofree char *copy = NULL;
	gsize length;
	(void)state;
	assert_true(g_file_get_contents(path, &copy, &length, NULL));
	gint64 whole = time_of_a_whole_one();
	for (int round = 0; round < ROUNDS; round++) {
		int tube;
		char said;
		put_back(copy, length);
		pid_t child = start_newer_program(&tube);
		assert_int_equal(read(tube, &said, 1), 1);
		/* Spread over it and a little beyond, never twice at the same place. */
		g_usleep((gulong)(whole * (round + g_random_double()) / (ROUNDS - 4)));
		kill(child, SIGKILL);
		bool told = read(tube, &said, 1) == 1;
		close(tube);
		waitpid(child, NULL, 0);
		bool is_new = is_new_and_whole();
		assert_true(is_new || !told);
		know(new_rows);
		assert_true(open_store(NULL));
		assert_new();
		db_close();
	}
}

static void
a_step_that_fails_leaves_the_store_as_it_was(void **state)
{
	g_autoptr(GError) broken = NULL, gap = NULL;
	(void)state;
	know(broken_rows);
	assert_false(open_store(&broken));
	assert_non_null(strstr(broken->message, "bring up to date"));
	assert_false(is_new_and_whole());
	know(gap_rows);
	assert_false(open_store(&gap));
	assert_non_null(strstr(gap->message, "lacks the step"));
	assert_false(is_new_and_whole());
	know(new_rows);
	assert_true(open_store(NULL));
	assert_new();
}

static int
migrate(const char *where, int tube)
{
	secret_init(NULL);
	path = g_strdup(where);
	store_init();
	know(new_rows);
	if (write(tube, "b", 1) != 1 || !open_store(NULL) || write(tube, "e", 1) != 1)
		return 1;
	db_close();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
	if (argc == 4 && g_str_equal(argv[1], "migrate"))
		return migrate(argv[2], atoi(argv[3]));
	const struct CMUnitTest tests[] = {
		TEST(a_migration_that_is_killed_is_old_or_new),
		TEST(a_step_that_fails_leaves_the_store_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
