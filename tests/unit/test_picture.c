/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in cells: the bytes that bring them onto a terminal, and those that are saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "ui/cells.h"
#include "ui/pixels.h"

/* A picture of one colour, drawn; what was sent. */
static char *
draw(Cells *cells, const guint8 *rgb)
{
	GString *out = g_string_new(NULL);
	cells_draw(cells, rgb, out);
	return g_string_free(out, FALSE);
}

static void
expect(Cells *cells, const guint8 *rgb, const char *wanted)
{
	g_autofree char *sent = draw(cells, rgb);
	assert_string_equal(sent, wanted);
}

static void
a_cell_is_two_pixels(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_TRUE);
	static const guint8 rgb[] = { 255, 0, 0, 1, 2, 3, 0, 0, 255, 1, 2, 3 };
	cells_place(cells, 4, 9, 1, 2);
	expect(cells, rgb, "\033[5;10H\033[38;2;255;0;0;48;2;0;0;255m▀\033[48;2;1;2;3m ");
	expect(cells, rgb, "");
}

static void
what_changed_little_is_not_sent_and_adds_up(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_TRUE);
	guint8 rgb[6] = { 100, 100, 100, 100, 100, 100 };
	cells_place(cells, 0, 0, 1, 1);
	expect(cells, rgb, "\033[1;1H\033[48;2;100;100;100m ");
	rgb[1] = rgb[4] = 108;
	expect(cells, rgb, "");
	/* Against what is shown, not against what came last: slow changes are not lost. */
	rgb[1] = rgb[4] = 109;
	expect(cells, rgb, "\033[1;1H\033[48;2;100;109;100m ");
	rgb[3] = 91;
	expect(cells, rgb, "\033[1;1H\033[38;2;100;109;100;48;2;91;109;100m▀");
}

static void
only_what_changed_is_sent(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_TRUE);
	guint8 rgb[10 * 4 * 3];
	memset(rgb, 200, sizeof rgb);
	cells_place(cells, 2, 2, 2, 10);
	g_free(draw(cells, rgb));
	/* The third and the eighth of the second row. */
	memset(rgb + (2 * 10 + 2) * 3, 0, 3);
	memset(rgb + (2 * 10 + 7) * 3, 0, 3);
	expect(cells, rgb, "\033[4;5H\033[38;2;0;0;0;48;2;200;200;200m▀\033[4C▀");
	/* Forgotten, everything is sent again. */
	cells_place(cells, 2, 2, 2, 10);
	g_autofree char *sent = draw(cells, rgb);
	assert_non_null(strstr(sent, "\033[3;3H"));
	assert_non_null(strstr(sent, "\033[4;3H"));
}

static void
colours_are_the_nearest_of_256(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_256);
	static const struct {
		guint8 rgb[3];
		int colour;
	} cases[] = { { { 0, 0, 0 }, 16 }, { { 255, 255, 255 }, 231 }, { { 255, 0, 0 }, 196 }, { { 95, 135, 175 }, 67 },
		{ { 18, 18, 18 }, 233 }, { { 128, 128, 128 }, 244 }, { { 250, 250, 250 }, 231 } };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint8 rgb[6];
		memcpy(rgb, cases[i].rgb, 3);
		memcpy(rgb + 3, cases[i].rgb, 3);
		g_autofree char *wanted = g_strdup_printf("\033[1;1H\033[48;5;%dm ", cases[i].colour);
		cells_place(cells, 0, 0, 1, 1);
		expect(cells, rgb, wanted);
	}
}

static void
sixteen_colours_are_mixed(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_16);
	guint8 rgb[8 * 8 * 3];
	memset(rgb, 160, sizeof rgb);
	cells_place(cells, 0, 0, 4, 8);
	g_autofree char *sent = draw(cells, rgb);
	/* A grey between two of them is made of both. */
	assert_non_null(strstr(sent, "47"));
	assert_non_null(strstr(sent, "100"));
	assert_null(strstr(sent, "48;"));
	/* One of them stays one. */
	memset(rgb, 250, sizeof rgb);
	cells_place(cells, 0, 0, 1, 3);
	expect(cells, rgb, "\033[1;1H\033[107m   ");
}

static void
without_colours_there_are_letters(void **state)
{
	(void)state;
	g_autoptr(Cells) cells = cells_new(CELLS_MONO);
	guint8 rgb[4 * 2 * 3] = { 0 };
	cells_place(cells, 0, 0, 1, 4);
	memset(rgb + 3, 255, 3);
	memset(rgb + 4 * 3 + 3, 255, 3);
	memset(rgb + 6, 255, 3);
	expect(cells, rgb, "\033[m\033[1;1H @= ");
	expect(cells, rgb, "");
	for (gsize i = 0; i < sizeof rgb; i++)
		rgb[i] = 128;
	g_autofree char *sent = draw(cells, rgb);
	for (const char *at = sent; *at; at++)
		assert_true(*at == '\033' || (*at >= ' ' && *at < 0x7f));
}

static void
no_size_writes_outside(void **state)
{
	(void)state;
	static const int sizes[][2] = { { 0, 0 }, { 0, 5 }, { 5, 0 }, { -3, 4 }, { 1, 1 }, { 200, 400 } };
	g_autofree guint8 *rgb = g_malloc0(200 * 400 * 6);
	for (int depth = CELLS_MONO; depth <= CELLS_TRUE; depth++)
		for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
			g_autoptr(Cells) cells = cells_new(depth);
			cells_place(cells, 0, 0, sizes[i][0], sizes[i][1]);
			g_free(draw(cells, rgb));
		}
}

static void
a_picture_keeps_its_shape(void **state)
{
	(void)state;
	static const guint cases[][6] = { { 640, 480, 80, 48, 64, 48 }, { 480, 640, 80, 48, 36, 48 }, { 640, 480, 40, 48, 40, 30 },
		{ 0, 480, 40, 48, 0, 0 }, { 1, 1000, 10, 10, 0, 10 } };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint width, height;
		pixels_fit(cases[i][0], cases[i][1], cases[i][2], cases[i][3], &width, &height);
		assert_int_equal(width, cases[i][4]);
		assert_int_equal(height, cases[i][5]);
	}
}

static void
a_picture_is_put_into_another_and_not_beyond(void **state)
{
	(void)state;
	struct pixels into = { 0 }, from = { 0 };
	pixels_size(&into, 4, 4);
	pixels_size(&from, 2, 2);
	memset(from.rgb, 9, 12);
	from.rgb[0] = 7;
	pixels_blit(&into, 2, 2, 4, 4, &from);
	assert_int_equal(into.rgb[(2 * 4 + 2) * 3], 7);
	assert_int_equal(into.rgb[(3 * 4 + 3) * 3], 7);
	assert_int_equal(into.rgb[(1 * 4 + 2) * 3], 0);
	pixels_blit(&into, -1, -1, 2, 2, &from);
	assert_int_equal(into.rgb[0], 9);
	pixels_size(&into, 100000, 100000);
	assert_int_equal(into.width, PIXELS_WIDTH_MAX);
	assert_int_equal(into.height, PIXELS_HEIGHT_MAX);
	pixels_clear(&into);
	pixels_clear(&from);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_is_two_pixels),
		cmocka_unit_test(what_changed_little_is_not_sent_and_adds_up),
		cmocka_unit_test(only_what_changed_is_sent),
		cmocka_unit_test(colours_are_the_nearest_of_256),
		cmocka_unit_test(sixteen_colours_are_mixed),
		cmocka_unit_test(without_colours_there_are_letters),
		cmocka_unit_test(no_size_writes_outside),
		cmocka_unit_test(a_picture_keeps_its_shape),
		cmocka_unit_test(a_picture_is_put_into_another_and_not_beyond),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
