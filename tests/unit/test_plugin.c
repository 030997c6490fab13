/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plugins: loading, refusing, and leaving nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/files.h"
#include "base/table.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "conf/settings.h"
#include "fake/place.h"
#include "plugin/options.h"
#include "plugin/plugin.h"
#include "plugin/registry.h"

static char *place, *built;
static GString *story;

static void
take_output(const Event *event)
{
	g_string_append_printf(story, "%s\n", event->output.text);
}

static void
take_alert(const Event *event)
{
	g_string_append_printf(story, "alert %s\n", event->alert.text);
}

static const struct event_watch watches[] = {
	{ "output", EVENT_OUTPUT, take_output },
	{ "alert", EVENT_ALERT, take_alert },
	{ 0 },
};

static int
set_up(void **state)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL), *units = g_path_get_dirname(program);
	g_autofree char *tests = g_path_get_dirname(units);

	(void)state;
	built = g_path_get_dirname(tests);
	place = place_new();
	base_init(NULL);
	cmd_init();
	plugin_init();
	table_add(TABLE_EVENTS, watches, "test");
	story = g_string_new(NULL);
	return files_init(place, NULL) && settings_load(NULL) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	plugins_unload_all();
	table_remove("core");
	table_remove("test");
	place_remove(place);
	g_string_free(story, TRUE);
	g_free(built);
	return 0;
}

static char *
file_of(const char *folder, const char *name)
{
	return g_strdup_printf("%s/%s/%s.so", built, folder, name);
}

/* How many rows there are in all tables. */
static guint
rows_everywhere(void)
{
	guint count = 0;

	for (int t = 0; t < TABLES; t++)
		for (guint i = 0; table_row(t, i); i++)
			count++;
	return count;
}

static void
a_loaded_plugin_is_part_of_the_program(void **state)
{
	g_autofree char *path = file_of("plugins", "hello");
	g_autoptr(GError) error = NULL;
	guint before = rows_everywhere();

	(void)state;
	if (!plugin_load(path, &error))
		fail_msg("%s", error->message);
	assert_true(plugin_is_loaded("hello"));
	cmd_run("/hello Ada", 1);
	assert_string_equal(story->str, "Hello, Ada!\n");
	assert_true(settings_set("hello.greeting", "Moin", NULL));
	g_string_truncate(story, 0);
	cmd_run("/hello", 1);
	assert_string_equal(story->str, "Moin, world!\n");
	assert_false(plugin_load(path, NULL));
	assert_true(plugin_unload("hello", NULL));
	assert_int_equal(rows_everywhere(), before);
	g_string_truncate(story, 0);
	cmd_run("/hello", 1);
	assert_non_null(strstr(story->str, "there is no command /hello"));
	assert_false(plugin_unload("hello", NULL));
}

static void
it_may_come_back(void **state)
{
	g_autofree char *path = file_of("plugins", "hello");

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(plugin_load(path, NULL));
		assert_true(plugin_unload("hello", NULL));
	}
}

static void
one_that_does_not_start_leaves_nothing_behind(void **state)
{
	g_autofree char *path = file_of("tests/plugins", "failing");
	g_autoptr(GError) error = NULL;
	guint before = rows_everywhere();

	(void)state;
	assert_false(plugin_load(path, &error));
	assert_string_equal(error->message, "the plugin failing did not start: not today");
	assert_false(plugin_is_loaded("failing"));
	assert_int_equal(rows_everywhere(), before);
}

static void
strange_ones_are_refused(void **state)
{
	static const struct {
		const char *name, *part;
	} cases[] = {
		{ "wrong-abi", "built for another version" },
		{ "newer", "newer sotto" },
		{ "thief", "must begin with thief." },
		{ "digger", "may not change the tables of archive" },
		{ "clash", "/plugin load, which exists already" },
		{ "misnamed", "must be called hello.so" },
		{ "nothing", "is no plugin" },
		{ "absent", "does not exist" },
	};
	guint before = rows_everywhere();

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = file_of("tests/plugins", cases[i].name);
		g_autoptr(GError) error = NULL;

		assert_false(plugin_load(path, &error));
		if (!strstr(error->message, cases[i].part))
			fail_msg("%s: %s", cases[i].name, error->message);
		assert_int_equal(rows_everywhere(), before);
	}
	assert_false(plugin_load("../x", NULL));
	assert_false(plugin_load("", NULL));
	assert_false(plugin_load("no-such-plugin", NULL));
}

static void
a_missing_tail_reads_as_zero(void **state)
{
	g_autofree char *path = file_of("tests/plugins", "older");

	(void)state;
	assert_true(plugin_load(path, NULL));
	assert_non_null(table_find(TABLE_FEATURES, "urn:test:older"));
	assert_true(plugin_unload("older", NULL));
}

/* L05 */
static void
what_others_may_write_is_not_run(void **state)
{
	g_autofree char *from = file_of("plugins", "hello"), *bytes = NULL, *to = NULL, *link = NULL;
	g_autofree char *open = g_build_filename(place, "open", NULL);
	gsize length;

	(void)state;
	umask(0);
	g_mkdir(open, 0755);
	to = g_build_filename(open, "hello.so", NULL);
	link = g_build_filename(place, "hello.so", NULL);
	assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	assert_true(files_write(to, bytes, (gssize)length, NULL));
	chmod(to, 0666);
	assert_false(plugin_load(to, NULL));
	chmod(to, 0644);
	chmod(open, 0775);
	assert_false(plugin_load(to, NULL));
	chmod(open, 0755);
	assert_int_equal(symlink(to, link), 0);
	assert_false(plugin_load(link, NULL));
	if (geteuid() == 0) {
		assert_int_equal(chown(to, 12345, 12345), 0);
		assert_false(plugin_load(to, NULL));
		assert_int_equal(chown(to, 0, 0), 0);
	}
	assert_true(plugin_load(to, NULL));
}

static void
a_plugin_is_described_before_it_runs(void **state)
{
	g_autofree char *path = file_of("tests/plugins", "failing"), *text = plugin_describe(path, NULL);

	(void)state;
	assert_non_null(strstr(text, "failing: Does not start\nnot loaded, from "));
	assert_non_null(strstr(text, "commands:\n  /failing: x\n"));
	assert_non_null(strstr(text, "settings:\n  failing.x (initially x): x\n"));
	assert_non_null(strstr(text, "announces:\n  urn:test:failing\n"));
	assert_null(strstr(text, "tables in the store"));
}

static void
the_setting_says_which_are_loaded(void **state)
{
	g_autofree char *from = file_of("plugins", "hello"), *bytes = NULL, *to = files_path(FOLDER_PLUGINS, "hello.so", NULL);
	g_autoptr(GPtrArray) names = NULL;
	gsize length;

	(void)state;
	assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	assert_true(files_write(to, bytes, (gssize)length, NULL));
	names = plugin_names(false);
	assert_true(g_ptr_array_find_with_equal_func(names, "hello", g_str_equal, NULL));
	/* It is none of the usual ones. */
	assert_true(settings_set("plugin.load", "*", NULL));
	plugins_load_all();
	assert_false(plugin_is_loaded("hello"));
	assert_true(settings_set("plugin.load", "hello, nonsense", NULL));
	plugins_load_all();
	assert_true(plugin_is_loaded("hello"));
	assert_non_null(strstr(story->str, "alert there is no plugin nonsense"));
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_loaded_plugin_is_part_of_the_program),
		STORY(it_may_come_back),
		STORY(one_that_does_not_start_leaves_nothing_behind),
		STORY(strange_ones_are_refused),
		STORY(a_missing_tail_reads_as_zero),
		STORY(what_others_may_write_is_not_run),
		STORY(a_plugin_is_described_before_it_runs),
		STORY(the_setting_says_which_are_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
