/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: values of every type, and a file that keeps what a person wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "api/error.h"
#include "api/event.h"
#include "base/files.h"
#include "base/table.h"
#include "conf/conffile.h"
#include "conf/settings.h"
#include "fake/place.h"

static bool sound;
static int size, colour;
static char *title, *late;
static const char *const colours[] = { "red", "green", NULL };

static const struct option rows[] = {
	{ "ui.sound", OPTION_BOOL, &sound, "on", 0, 0, NULL, "Ring the bell", NULL },
	{ "ui.size", OPTION_INT, &size, "5", 1, 10, NULL, "How large", NULL },
	{ "ui.colour", OPTION_CHOICE, &colour, "green", 0, 0, colours, "Which colour", NULL },
	{ "ui.title", OPTION_TEXT, &title, "hello", 0, 0, NULL, "What is on top", NULL },
	{ 0 },
};
static const struct option late_rows[] = {
	{ "late.name", OPTION_TEXT, &late, "none", 0, 0, NULL, "Of a plugin", NULL },
	{ 0 },
};

static char *place, *path;
static int told;

static void
count(const Event *event)
{
	(void)event;
	told++;
}

static const struct event_watch watch[] = { { "count", EVENT_OPTION, count }, { 0 } };

static int
fresh_profile(void **state)
{
	(void)state;
	place = place_new();
	if (!files_init(place, NULL))
		return -1;
	path = files_path(FOLDER_CONFIG, "sotto.conf", NULL);
	table_add(TABLE_OPTIONS, rows, "core");
	table_add(TABLE_EVENTS, watch, "core");
	told = 0;
	return 0;
}

static int
remove_profile(void **state)
{
	(void)state;
	table_remove("core");
	table_remove("late");
	place_remove(place);
	g_free(path);
	return 0;
}

static void
write_file(const char *text)
{
	assert_true(files_write(path, text, -1, NULL));
}

static void
file_is(const char *text)
{
	g_autofree char *now = NULL;

	assert_true(files_read(path, 100000, &now, NULL, NULL));
	assert_string_equal(now, text);
}

static void
without_a_file_every_setting_has_its_initial_value(void **state)
{
	(void)state;
	assert_true(settings_load(NULL));
	assert_true(sound);
	assert_int_equal(size, 5);
	assert_int_equal(colour, 1);
	assert_string_equal(title, "hello");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
the_file_is_read_and_bad_lines_are_named(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	write_file("# mine\nui.sound=off\r\n  ui.size = 7\nui.title = \"a\\nb\"\nnonsense\nui.colour = RED\n");
	assert_false(settings_load(&error));
	assert_non_null(strstr(error->message, "line 5"));
	assert_false(sound);
	assert_int_equal(size, 7);
	assert_int_equal(colour, 0);
	assert_string_equal(title, "a\nb");
}

static void
a_value_that_does_not_fit_is_refused_and_kept_in_the_file(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	write_file("ui.size = 70\nui.sound = off\n");
	assert_false(settings_load(&error));
	assert_non_null(strstr(error->message, "ui.size is a number from 1 to 10"));
	assert_int_equal(size, 5);
	assert_false(sound);
	assert_true(settings_set("ui.colour", "red", NULL));
	assert_true(settings_save(NULL));
	file_is("ui.size = 70\nui.sound = off\nui.colour = red\n");
}

static void
saving_keeps_comments_and_foreign_lines(void **state)
{
	static const char text[] =
		"# my settings\n\nui.size   =  3   \nother.plugin = \"x\\ty\"\n??\nui.title = mine # not a comment\n";

	(void)state;
	write_file(text);
	settings_load(NULL);
	assert_string_equal(title, "mine # not a comment");
	assert_true(settings_save(NULL));
	file_is(text);
	assert_true(settings_set("ui.size", "4", NULL));
	assert_true(settings_reset("ui.title", NULL));
	assert_true(settings_save(NULL));
	file_is("# my settings\n\nui.size = 4\nother.plugin = \"x\\ty\"\n??\n");
}

static void
changes_are_known_until_they_are_saved(void **state)
{
	g_autofree char *value = NULL;

	(void)state;
	assert_true(settings_load(NULL));
	assert_false(settings_is_unsaved(&rows[1]));
	assert_true(settings_set("ui.size", "9", NULL));
	assert_true(settings_set("ui.size", "9", NULL));
	assert_int_equal(told, 1);
	assert_true(settings_is_unsaved(&rows[1]));
	assert_true(settings_is_changed(&rows[1]));
	assert_true(settings_save(NULL));
	assert_false(settings_is_unsaved(&rows[1]));
	value = settings_get("ui.size");
	assert_string_equal(value, "9");
	assert_null(settings_get("ui.siz"));
}

static void
nonsense_changes_nothing(void **state)
{
	static const char *const bad[][2] = { { "ui.size", "0" }, { "ui.size", "11" }, { "ui.size", "" }, { "ui.size", "5x" },
		{ "ui.sound", "maybe" }, { "ui.colour", "blue" }, { "ui.colour", "" }, { "ui.title", "\xff" }, { "ui.x", "1" } };

	(void)state;
	assert_true(settings_load(NULL));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(settings_set(bad[i][0], bad[i][1], NULL));
	assert_int_equal(told, 0);
	for (const struct option *row = rows; row->name; row++)
		assert_false(settings_is_changed(row));
}

/* L05: whatever a remote side may have put into a name, it comes back as the same text and adds no line. */
static void
any_text_survives_the_file(void **state)
{
	static const char *const texts[] = { "", " ", "x\nui.sound = off", "a = b", "# x", "x # y", "\"", "\\", "\"quoted\"",
		"]\r\n[x]", "${HOME} $(id) `id`", "\t tab", "end ", "\x01\x1b[2J\x7f", "ünï \xf0\x9f\xa6\x8a", "\xe2\x80\xa8",
		"\\n", "a\\" };

	(void)state;
	assert_true(settings_load(NULL));
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *name = g_strconcat("alias.", texts[i], NULL);

		assert_true(settings_set("ui.title", texts[i], NULL));
		assert_true(settings_set_extra(name, texts[i], NULL));
		assert_true(settings_save(NULL));
		assert_true(settings_set("ui.title", "other", NULL));
		assert_true(settings_load(NULL));
		assert_string_equal(title, texts[i]);
		assert_string_equal(settings_extra(name), texts[i]);
		assert_true(sound);
		assert_true(settings_set_extra(name, NULL, NULL));
	}
}

/* L05 */
static void
every_line_written_reads_back(void **state)
{
	GRand *random = g_rand_new_with_seed(5);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		static const char letters[] = "a=#\"\\\n\r\t []xn0\x01\x7f ";
		char text[12] = "";
		guint length = (guint)g_rand_int_range(random, 0, sizeof text);
		g_autofree char *raw = NULL;
		g_autoptr(GPtrArray) lines = NULL;
		const ConfLine *line;

		for (guint k = 0; k < length; k++)
			text[k] = letters[g_rand_int_range(random, 0, sizeof letters - 1)];
		raw = conffile_line(length % 2 ? "name" : text, text);
		lines = conffile_parse(raw);
		assert_int_equal(lines->len, 1);
		line = g_ptr_array_index(lines, 0);
		assert_string_equal(line->text, text);
		assert_string_equal(line->name, length % 2 ? "name" : text);
	}
	g_rand_free(random);
}

static void
two_processes_do_not_overwrite_each_other(void **state)
{
	(void)state;
	write_file("ui.size = 3\n");
	assert_true(settings_load(NULL));
	assert_true(settings_set("ui.colour", "red", NULL));
	/* The other one, meanwhile. */
	write_file("ui.size = 8\nui.title = theirs\nui.colour = green\n");
	assert_true(settings_save(NULL));
	file_is("ui.size = 8\nui.title = theirs\nui.colour = red\n");
	assert_int_equal(size, 8);
	assert_string_equal(title, "theirs");
}

static void
rows_that_come_later_get_what_the_file_said(void **state)
{
	(void)state;
	write_file("late.name = \"kept for you\"\n");
	assert_true(settings_load(NULL));
	assert_true(settings_save(NULL));
	table_add(TABLE_OPTIONS, late_rows, "late");
	settings_apply_rows(late_rows);
	assert_string_equal(late, "kept for you");
	assert_false(settings_is_unsaved(&late_rows[0]));
}

static void
a_binary_file_is_refused_and_not_overwritten(void **state)
{
	g_autofree char *now = NULL;
	size_t length;

	(void)state;
	assert_true(files_write(path, "ui.size = 3\n\0junk", 17, NULL));
	assert_false(settings_load(NULL));
	assert_int_equal(size, 5);
	assert_true(settings_set("ui.size", "4", NULL));
	assert_false(settings_save(NULL));
	assert_true(files_read(path, 100, &now, &length, NULL));
	assert_int_equal(length, 17);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, fresh_profile, remove_profile)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(without_a_file_every_setting_has_its_initial_value),
		FRESH(the_file_is_read_and_bad_lines_are_named),
		FRESH(a_value_that_does_not_fit_is_refused_and_kept_in_the_file),
		FRESH(saving_keeps_comments_and_foreign_lines),
		FRESH(changes_are_known_until_they_are_saved),
		FRESH(nonsense_changes_nothing),
		FRESH(any_text_survives_the_file),
		FRESH(every_line_written_reads_back),
		FRESH(two_processes_do_not_overwrite_each_other),
		FRESH(rows_that_come_later_get_what_the_file_said),
		FRESH(a_binary_file_is_refused_and_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
