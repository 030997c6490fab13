/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines in a window: what is seen, and that it stays where it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "fake/cost.h"
#include "fake/grid.h"
#include "ui/line.h"

#define ROWS 10
#define COLS 80

static FILE *terminal;
static View *view;

static int
start(void **state)
{
	(void)state;
	view = view_new(NULL);
	terminal = grid_start();
	return terminal ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	view_free(view);
	return grid_stop(terminal);
}

static void
add(int from, int to)
{
	for (int i = from; i <= to; i++) {
		g_autofree char *text = g_strdup_printf("line %d", i);
		view_add_text(view, LINE_OUTPUT, text, false);
	}
}

static void
expect(int row, const char *wanted)
{
	view_draw(view, 0, 0, ROWS, COLS);
	g_autofree char *is = g_strchomp(screen_read(row, 0, COLS));
	assert_string_equal(is, wanted);
}

static void
the_end_is_followed(void **state)
{
	(void)state;
	add(1, 3);
	expect(9, "│ line 3");
	expect(6, "");
	add(4, 30);
	expect(9, "│ line 30");
	expect(0, "│ line 21");
	assert_true(view_at_end(view));
}

static void
what_is_looked_at_stays(void **state)
{
	(void)state;
	add(1, 30);
	view_scroll(view, 9, ROWS, COLS);
	expect(9, "│ line 21");
	add(31, 40);
	expect(9, "│ line 21");
	assert_int_equal(view_below(view), 10);
	view_scroll(view, -9, ROWS, COLS);
	expect(9, "│ line 30");
	assert_false(view_at_end(view));
	view_scroll(view, -100, ROWS, COLS);
	expect(9, "│ line 40");
	assert_true(view_at_end(view));
}

static void
the_top_is_the_end_of_looking_back(void **state)
{
	(void)state;
	add(1, 30);
	view_scroll(view, 1000, ROWS, COLS);
	expect(0, "│ line 1");
	view_scroll(view, 1000, ROWS, COLS);
	expect(0, "│ line 1");
	view_scroll(view, -1, ROWS, COLS);
	expect(0, "│ line 2");
	view_to_end(view);
	expect(9, "│ line 30");
}

static void
few_lines_do_not_scroll(void **state)
{
	(void)state;
	add(1, 3);
	view_scroll(view, 5, ROWS, COLS);
	expect(9, "│ line 3");
	assert_true(view_at_end(view));
}

/* G05 */
static void
every_row_of_a_text_has_the_margin(void **state)
{
	(void)state;
	view_add_text(view, LINE_EVENT, "first\n12:01 boss │ send money", false);
	view_draw(view, 0, 0, ROWS, COLS);
	for (int row = 8; row <= 9; row++) {
		g_autofree char *is = screen_read(row, 0, 25);
		g_autofree char *cell = screen_read(row, 22, 1);
		assert_string_equal(cell, "│");
		assert_null(strstr(is, "boss"));
	}
}

static void
long_texts_scroll_by_rows(void **state)
{
	GString *text = g_string_new(NULL);
	(void)state;
	for (int i = 1; i <= 50; i++)
		g_string_append_printf(text, "row %d%s", i, i < 50 ? "\n" : "");
	view_add_text(view, LINE_OUTPUT, text->str, false);
	expect(9, "│ row 50");
	expect(0, "│ row 41");
	view_scroll(view, 5, ROWS, COLS);
	expect(9, "│ row 45");
	view_scroll(view, 100, ROWS, COLS);
	expect(0, "│ row 1");
	g_string_free(text, TRUE);
}

static void
a_megabyte_is_drawn_at_once(void **state)
{
	(void)state;
	g_autofree char *text = g_strnfill(1024 * 1024, 'x');
	view_add_text(view, LINE_OUTPUT, text, false);
	gint64 before = cost_now();
	for (int i = 0; i < 10; i++)
		view_draw(view, 0, 0, ROWS, COLS);
	assert_in_range(cost_now() - before, 0, 500000);
	g_autofree char *last = screen_read(9, 0, COLS);
	assert_non_null(strstr(last, "more"));
	/* Whoever scrolls goes through what is drawn, no further. */
	view_scroll(view, 100000, ROWS, COLS);
	expect(9, view_at_end(view) ? "" : "│ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void
old_lines_go_when_nobody_looks(void **state)
{
	(void)state;
	add(1, 5000);
	expect(9, "│ line 5000");
	view_scroll(view, 100000, ROWS, COLS);
	g_autofree char *first = screen_read(0, 0, 20);
	assert_null(strstr(first, "line 1 "));
	view_to_end(view);
	expect(9, "│ line 5000");
}

static void
cleared_is_empty(void **state)
{
	(void)state;
	add(1, 30);
	view_scroll(view, 5, ROWS, COLS);
	view_clear(view);
	expect(9, "");
	add(1, 1);
	expect(9, "│ line 1");
}

int
main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		story(the_end_is_followed),
		story(what_is_looked_at_stays),
		story(the_top_is_the_end_of_looking_back),
		story(few_lines_do_not_scroll),
		story(every_row_of_a_text_has_the_margin),
		story(long_texts_scroll_by_rows),
		story(a_megabyte_is_drawn_at_once),
		story(old_lines_go_when_nobody_looks),
		story(cleared_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
