/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Themes and the colours of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "ui/theme.h"

static void
rows_change_what_they_name(void **state)
{
	struct theme theme;
	(void)state;
	theme_default(&theme);
	assert_true(theme_parse(&theme,
		"# a comment\n\nnick = bold cyan\n  title =  white on 17 \nodd = reverse\ntime = underline dim default on "
		"bright-black\n"
		"nick-lightness = 30\n",
		NULL));
	assert_int_equal(theme.looks[STYLE_NICK].fg, 6);
	assert_int_equal(theme.looks[STYLE_NICK].attributes, ATTRIBUTE_BOLD);
	assert_int_equal(theme.looks[STYLE_TITLE].fg, 7);
	assert_int_equal(theme.looks[STYLE_TITLE].bg, 17);
	assert_int_equal(theme.looks[STYLE_ODD].fg, COLOUR_DEFAULT);
	assert_int_equal(theme.looks[STYLE_TIME].bg, 8);
	assert_int_equal(theme.nick_lightness, 30);
}

static void
a_bad_row_is_told_and_the_rest_counts(void **state)
{
	static const char *const bad[] = { "nosuch = red", "nick", "nick = blinking", "nick = 256", "nick = on", "nick = -1",
		"nick-lightness = 101" };
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct theme theme;
		g_autoptr(GError) error = NULL;
		g_autofree char *text = g_strdup_printf("text = red\n%s\nask = green\n", bad[i]);
		theme_default(&theme);
		assert_false(theme_parse(&theme, text, &error));
		assert_non_null(strstr(error->message, "line 2"));
		assert_int_equal(theme.looks[STYLE_TEXT].fg, 1);
		assert_int_equal(theme.looks[STYLE_ASK].fg, 2);
	}
}

static void
the_themes_that_come_along_are_right(void **state)
{
	static const char *const names[] = { "default", "light", "mono" };
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		struct theme theme;
		g_autoptr(GError) error = NULL;
		g_autofree char *path = g_strdup_printf("themes/%s.theme", names[i]), *text = NULL;
		assert_true(g_file_get_contents(path, &text, NULL, NULL));
		memset(&theme, 0xff, sizeof theme);
		if (i == 0) {
			/* The file is the built-in look, written out whole. */
			struct theme built_in;
			theme_default(&built_in);
			assert_true(theme_parse(&theme, text, &error));
			for (guint n = 0; n < STYLES; n++) {
				assert_int_equal(theme.looks[n].fg, built_in.looks[n].fg);
				assert_int_equal(theme.looks[n].bg, built_in.looks[n].bg);
				assert_int_equal(theme.looks[n].attributes, built_in.looks[n].attributes);
			}
			assert_int_equal(theme.nick_lightness, built_in.nick_lightness);
			continue;
		}
		theme_default(&theme);
		assert_true(theme_parse(&theme, text, &error));
	}
}

/* The vectors of XEP-0392 §6. */
static void
addresses_have_the_colours_that_other_clients_give_them(void **state)
{
	static const struct {
		const char *text;
		double angle;
		int colour;
	} vectors[] = {
		{ "Romeo", 327.255249, 163 },
		{ "juliet@capulet.lit", 209.410400, 30 },
		{ "😺", 331.199341, 163 },
		{ "council", 359.994507, 161 },
	};
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(vectors); i++) {
		assert_true(fabs(nick_angle(vectors[i].text) - vectors[i].angle) < 0.0001);
		assert_int_equal(nick_colour(vectors[i].text, 50, 256), vectors[i].colour);
	}
	assert_int_equal(nick_colour("Romeo", 50, 0), COLOUR_DEFAULT);
	assert_int_equal(nick_colour("Romeo", 0, 256), COLOUR_DEFAULT);
	assert_in_range(nick_colour("Romeo", 50, 16), 2, 6);
}

static void
colours_of_256_have_neighbours_in_fewer(void **state)
{
	(void)state;
	assert_int_equal(theme_colour_in(196, 16), 9);
	assert_int_equal(theme_colour_in(196, 8), 1);
	assert_int_equal(theme_colour_in(231, 16), 15);
	assert_int_equal(theme_colour_in(5, 8), 5);
	for (int i = 0; i < 256; i++) {
		assert_in_range(theme_colour_in(i, 8), 0, 7);
		assert_in_range(theme_colour_in(i, 16), 0, 15);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_change_what_they_name),
		cmocka_unit_test(a_bad_row_is_told_and_the_rest_counts),
		cmocka_unit_test(the_themes_that_come_along_are_right),
		cmocka_unit_test(addresses_have_the_colours_that_other_clients_give_them),
		cmocka_unit_test(colours_of_256_have_neighbours_in_fewer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
