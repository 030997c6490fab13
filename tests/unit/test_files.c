/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of the profile: private modes (threat K01), nothing planted is followed (threat K07), writing is whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/error.h"
#include "base/base.h"
#include "base/files.h"
#include "fake/place.h"

static char *place;

static int
make_place(void **state)
{
	(void)state;
	place = place_new();
	return place ? 0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	place_remove(g_steal_pointer(&place));
	return 0;
}

static char *
in_place(const char *name)
{
	return g_build_filename(place, name, NULL);
}

static int
mode_of(const char *path)
{
	struct stat info;

	assert_int_equal(lstat(path, &info), 0);
	return info.st_mode & 07777;
}

/* K01 */
static void
a_fresh_profile_is_private_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0000, 0022, 0077 };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(masks); i++) {
		g_autofree char *name = g_strdup_printf("deep%u/er", i), *dir = in_place(name), *parent = g_path_get_dirname(dir);
		g_autofree char *path = NULL;

		umask(masks[i]);
		assert_true(files_init(dir, NULL));
		assert_int_equal(mode_of(parent), 0700);
		for (int f = FOLDER_CONFIG; f < FOLDER_DOWNLOADS; f++)
			assert_int_equal(mode_of(files_folder(f)), 0700);
		path = files_path(FOLDER_DATA, "x", NULL);
		umask(masks[i]);
		assert_true(files_write(path, "text", -1, NULL));
		assert_int_equal(mode_of(path), 0600);
	}
}

/* K01 */
static void
an_open_folder_is_closed_to_others(void **state)
{
	g_autofree char *dir = in_place("open"), *shared = in_place("shared");

	(void)state;
	umask(0);
	g_mkdir(dir, 0777);
	g_mkdir(shared, 0777);
	assert_int_equal(chmod(shared, 01777), 0);
	assert_true(files_init(dir, NULL));
	assert_int_equal(mode_of(dir), 0700);
	assert_false(files_init(shared, NULL));
	assert_int_equal(mode_of(shared), 01777);
}

/* K01: closing it would lock out everybody who uses it */
static void
a_folder_of_others_is_not_made_a_profile(void **state)
{
	static const struct {
		int mode;
		const char *holds;
		bool taken;
	} cases[] = {
		{ 0755, "index.html", false },
		{ 0777, ".hidden", false },
		{ 0710, "file", false },
		{ 0755, "data", false },
		{ 0755, "sotto.conf", true },
		{ 0755, NULL, true },
		{ 0700, "index.html", true },
	};

	(void)state;
	umask(0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strdup_printf("others%u", i), *dir = in_place(name);
		g_autofree char *file = cases[i].holds ? g_build_filename(dir, cases[i].holds, NULL) : NULL;
		g_autoptr(GError) error = NULL;

		assert_int_equal(g_mkdir(dir, 0700) | chmod(dir, cases[i].mode), 0);
		if (file)
			assert_true(g_file_set_contents(file, "x", 1, NULL));
		umask(0);
		if (files_init(dir, &error) != cases[i].taken)
			fail_msg("%u: %s", i, error ? error->message : "it was taken");
		assert_int_equal(mode_of(dir), cases[i].taken ? 0700 : cases[i].mode);
		if (!cases[i].taken)
			assert_non_null(strstr(error->message, "a folder of its own"));
	}
}

static void
a_profile_has_a_name_that_is_one_and_fits(void **state)
{
	g_autofree char *gone = in_place("gone"), *long_name = g_strnfill(240, 'x'), *here = g_get_current_dir();
	g_autofree char *deep = g_build_filename(place, long_name, long_name, NULL);
	g_autoptr(GError) empty = NULL, nowhere = NULL, too_long = NULL;

	(void)state;
	assert_false(files_init("", &empty));
	assert_non_null(strstr(empty->message, "empty"));
	assert_false(files_init(deep, &too_long));
	assert_non_null(strstr(too_long->message, "are the most"));
	assert_int_equal(g_mkdir(gone, 0700) | chdir(gone) | g_rmdir(gone), 0);
	assert_false(files_init("profile", &nowhere));
	assert_non_null(strstr(nowhere->message, "is gone"));
	assert_int_equal(chdir(here), 0);
}

/* K07 */
static void
a_folder_that_is_a_link_is_refused(void **state)
{
	g_autofree char *target = in_place("elsewhere"), *dir = in_place("linked"), *profile = in_place("profile");
	g_autofree char *data = g_build_filename(profile, "data", NULL);
	g_autoptr(GError) error = NULL;

	(void)state;
	umask(022);
	g_mkdir(target, 0755);
	g_mkdir(profile, 0700);
	assert_int_equal(symlink(target, dir), 0);
	assert_int_equal(symlink(target, data), 0);
	assert_false(files_init(dir, &error));
	assert_non_null(strstr(error->message, "link"));
	assert_false(files_init(profile, NULL));
	assert_int_equal(mode_of(target), 0755);
}

/* K07 */
static void
planted_links_pipes_and_second_names_are_not_read(void **state)
{
	g_autofree char *secret = in_place("secret"), *link = in_place("link"), *fifo = in_place("fifo");
	g_autofree char *hard = in_place("hard"), *dir = in_place("dir");
	const char *const paths[] = { link, fifo, hard, secret, dir, "/dev/zero" };

	(void)state;
	alarm(60); /* a pipe would be waited for, for ever */
	assert_true(files_write(secret, "private", -1, NULL));
	assert_int_equal(symlink(secret, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(linkat(AT_FDCWD, secret, AT_FDCWD, hard, 0), 0);
	g_mkdir(dir, 0700);
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GError) error = NULL;
		char *text = NULL;

		assert_false(files_read(paths[i], 100, &text, NULL, &error));
		assert_true(error->domain == FAULT);
		assert_null(text);
	}
	alarm(0);
}

/* K07 */
static void
planted_links_and_pipes_are_not_written_through(void **state)
{
	g_autofree char *victim = in_place("victim"), *link = in_place("link"), *fifo = in_place("fifo");
	g_autofree char *hard = in_place("hard"), *fresh = in_place(".new.new"), *path = in_place("new"), *text = NULL;

	(void)state;
	assert_true(g_file_set_contents(victim, "before", -1, NULL));
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(linkat(AT_FDCWD, victim, AT_FDCWD, hard, 0), 0);
	assert_int_equal(symlink(victim, fresh), 0);
	assert_false(files_write(link, "after", -1, NULL));
	assert_false(files_write(fifo, "after", -1, NULL));
	/* The second name is replaced, its other name keeps what it had. */
	assert_true(files_write(hard, "after", -1, NULL));
	assert_true(files_write(path, "after", -1, NULL));
	assert_true(g_file_get_contents(victim, &text, NULL, NULL));
	assert_string_equal(text, "before");
}

/* K07 */
static void
the_log_is_not_written_through_a_link(void **state)
{
	g_autofree char *victim = in_place("victim"), *link = in_place("log"), *fifo = in_place("fifo"), *text = NULL;

	(void)state;
	assert_true(g_file_set_contents(victim, "before", -1, NULL));
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(log_open(link, 3, NULL));
	assert_false(log_open(fifo, 3, NULL));
	assert_true(g_file_get_contents(victim, &text, NULL, NULL));
	assert_string_equal(text, "before");
}

static void
what_was_written_is_read_again(void **state)
{
	g_autofree char *path = in_place("a"), *text = NULL;
	size_t length = 0;

	(void)state;
	assert_true(files_write(path, "a\0b\n", 4, NULL));
	assert_true(files_write(path, "c\0d\n", 4, NULL));
	assert_true(files_read(path, 4, &text, &length, NULL));
	assert_int_equal(length, 4);
	assert_memory_equal(text, "c\0d\n", 5);
	g_clear_pointer(&text, g_free);
	assert_false(files_read(path, 3, &text, NULL, NULL));
}

static void
a_missing_file_is_told_from_a_broken_one(void **state)
{
	g_autofree char *path = in_place("missing");
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	(void)state;
	assert_false(files_read(path, 10, &text, NULL, &error));
	assert_true(g_error_matches(error, FAULT, FAULT_GONE));
}

static void
a_failed_write_leaves_the_old_file(void **state)
{
	g_autofree char *path = in_place("kept"), *fresh = in_place(".kept.new"), *text = NULL;
	struct rlimit limit;

	(void)state;
	assert_true(files_write(path, "old", -1, NULL));
	/* A disk that is full after two bytes. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 2, limit.rlim_max });
	assert_false(files_write(path, "newer", -1, NULL));
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_not_equal(access(fresh, F_OK), 0);
	assert_true(files_read(path, 10, &text, NULL, NULL));
	assert_string_equal(text, "old");
}

static void
names_that_leave_the_folder_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/etc/passwd", "../x" };
	g_autofree char *dir = in_place("p"), *path = NULL, *want = NULL;

	(void)state;
	assert_true(files_init(dir, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		assert_null(files_path(FOLDER_DATA, names[i], NULL));
	assert_null(files_path(FOLDER_DATA, NULL, NULL));
	path = files_path(FOLDER_CONFIG, "sotto.conf", NULL);
	want = g_build_filename(dir, "sotto.conf", NULL);
	assert_string_equal(path, want);
}

/* L05 */
static void
a_file_that_others_may_write_is_not_private(void **state)
{
	g_autofree char *dir = in_place("plugins"), *path = g_build_filename(dir, "x.so", NULL), *link = in_place("l.so");

	(void)state;
	umask(022);
	g_mkdir(dir, 0755);
	assert_true(files_write(path, "", 0, NULL));
	assert_true(files_is_private(path, NULL));
	chmod(path, 0620);
	assert_false(files_is_private(path, NULL));
	chmod(path, 0644);
	chmod(dir, 0777);
	assert_false(files_is_private(path, NULL));
	chmod(dir, 0755);
	assert_true(files_is_private(path, NULL));
	assert_int_equal(symlink(path, link), 0);
	assert_false(files_is_private(link, NULL));
	if (geteuid() == 0 && chown(path, 12345, 0) == 0)
		assert_false(files_is_private(path, NULL));
}

/* L05: a folder in which others may put another one in the place of ours. */
static void
a_folder_that_others_may_replace_is_not_private(void **state)
{
	g_autofree char *open = in_place("shared"), *dir = g_build_filename(open, "plugins", NULL);
	g_autofree char *path = g_build_filename(dir, "x.so", NULL), *link = in_place("way"), *by_link = NULL;

	(void)state;
	umask(022);
	g_mkdir(open, 0755);
	g_mkdir(dir, 0755);
	assert_true(files_write(path, "", 0, NULL));
	assert_true(files_is_private(path, NULL));
	assert_int_equal(symlink(dir, link), 0);
	by_link = g_build_filename(link, "x.so", NULL);
	assert_true(files_is_private(by_link, NULL));
	chmod(open, 0777);
	assert_false(files_is_private(path, NULL));
	assert_false(files_is_private(by_link, NULL));
	chmod(open, 01777);
	assert_true(files_is_private(path, NULL));
}

/* K07 */
static void
nothing_is_written_into_a_linked_folder(void **state)
{
	g_autofree char *target = in_place("elsewhere"), *link = in_place("link"), *path = g_build_filename(link, "x", NULL);
	g_autofree char *there = g_build_filename(target, "x", NULL);

	(void)state;
	g_mkdir(target, 0700);
	assert_int_equal(symlink(target, link), 0);
	assert_false(files_write(path, "text", -1, NULL));
	assert_int_not_equal(access(there, F_OK), 0);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_fresh_profile_is_private_whatever_the_umask),
		IN_PLACE(an_open_folder_is_closed_to_others),
		IN_PLACE(a_folder_of_others_is_not_made_a_profile),
		IN_PLACE(a_profile_has_a_name_that_is_one_and_fits),
		IN_PLACE(a_folder_that_is_a_link_is_refused),
		IN_PLACE(planted_links_pipes_and_second_names_are_not_read),
		IN_PLACE(planted_links_and_pipes_are_not_written_through),
		IN_PLACE(the_log_is_not_written_through_a_link),
		IN_PLACE(what_was_written_is_read_again),
		IN_PLACE(a_missing_file_is_told_from_a_broken_one),
		IN_PLACE(a_failed_write_leaves_the_old_file),
		IN_PLACE(names_that_leave_the_folder_are_refused),
		IN_PLACE(a_file_that_others_may_write_is_not_private),
		IN_PLACE(a_folder_that_others_may_replace_is_not_private),
		IN_PLACE(nothing_is_written_into_a_linked_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
