/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures on their way to a terminal: whole or not at all, and nobody waits; and what terminals with pixels are sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "ui/pour.h"
#include "ui/probe.h"
#include "ui/render.h"
#include "ui/screen.h"

static FILE *terminal;
static int master;

static int
start(void **state)
{
	int slave;
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct termios modes;
	(void)state;
	if (openpty(&master, &slave, NULL, NULL, &size) < 0 || tcgetattr(slave, &modes) < 0)
		return -1;
	cfmakeraw(&modes);
	tcsetattr(slave, TCSANOW, &modes);
	fcntl(master, F_SETFL, O_NONBLOCK);
	terminal = fdopen(slave, "w");
	g_unsetenv("SSH_CONNECTION");
	g_setenv("TERM", "xterm-256color", TRUE);
	return screen_start("xterm-256color", terminal, stdin, NULL) ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	screen_stop();
	close(master);
	return fclose(terminal);
}

static gsize
read_all(GString *into)
{
	char piece[4096];
	gsize before = into->len;
	for (ssize_t got; (got = read(master, piece, sizeof piece)) > 0;)
		g_string_append_len(into, piece, got);
	return into->len - before;
}

static void
what_is_not_taken_leaves_later_and_whole(void **state)
{
	(void)state;
	g_autoptr(GString) got = g_string_new(NULL);
	g_autofree char *piece = g_strnfill(400000, 'x');
	read_all(got);
	g_string_truncate(got, 0);
	piece[0] = 'a';
	piece[399999] = 'z';
	assert_true(pour_can());
	pour(piece, 400000);
	/* It is not waited for: nobody reads, so that would be for ever. Until it is gone there is no other. */
	assert_false(pour_can());
	assert_false(pour_rest());
	for (int i = 0; i < 10000 && !pour_rest(); i++)
		read_all(got);
	read_all(got);
	assert_true(pour_can());
	assert_int_equal(got->len, 400000);
	assert_int_equal(got->str[0], 'a');
	assert_int_equal(got->str[399999], 'z');
	/* The descriptor that the shell shares still blocks. */
	assert_false(fcntl(fileno(terminal), F_GETFL) & O_NONBLOCK);
	pour_stop();
}

static void
far_away_the_terminal_says_when_it_has_one(void **state)
{
	(void)state;
	g_autoptr(GString) got = g_string_new(NULL);
	g_setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", TRUE);
	assert_true(pour_can());
	pour("picture", 7);
	assert_false(pour_can());
	read_all(got);
	assert_string_equal(got->str, "picture\033[5n");
	pour_answer();
	assert_true(pour_can());
	/* One that never answers is not waited for again and again. */
	clock_hold(1);
	pour("picture", 7);
	clock_turn(5000);
	assert_true(pour_can());
	pour("picture", 7);
	assert_true(pour_can());
	pour_answer();
	/* A multiplexer would answer for itself. */
	g_setenv("TERM", "tmux-256color", TRUE);
	pour("picture", 7);
	assert_true(pour_can());
	g_setenv("TERM", "xterm-256color", TRUE);
	g_unsetenv("SSH_CONNECTION");
	pour_stop();
}

/* ---- pixels ---- */

static void
paint(struct pixels *picture, guint width, guint height)
{
	pixels_size(picture, width, height);
	for (guint i = 0; i < width * height * 3; i++)
		picture->rgb[i] = (guint8)(i * 7);
}

/* The picture that a sequence of kitty's carries. */
static GBytes *
unpack(const char *sent)
{
	g_autoptr(GString) coded = g_string_new(NULL);
	for (const char *at = sent; (at = strstr(at, "\033_G"));) {
		const char *end = strstr(at, "\033\\"), *data = memchr(at, ';', end - at);
		assert_non_null(end);
		assert_true(end - at < 4096 + 120);
		if (data)
			g_string_append_len(coded, data + 1, end - data - 1);
		at = end;
	}
	gsize length, took, gave, room = 1 << 20;
	g_autofree guchar *packed = g_base64_decode(coded->str, &length);
	g_autoptr(GConverter) converter = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
	guint8 *out = g_malloc(room);
	assert_int_equal(g_converter_convert(converter, packed, length, out, room, G_CONVERTER_INPUT_AT_END, &took, &gave, NULL),
		G_CONVERTER_FINISHED);
	return g_bytes_new_take(out, gave);
}

static void
kitty_gets_the_picture_as_it_is_and_loses_the_one_before(void **state)
{
	(void)state;
	struct pixels picture = { 0 };
	const struct rectangle where = { 2, 3, 10, 40 };
	guint width, height;
	g_autoptr(GString) first = g_string_new(NULL), second = g_string_new(NULL), end = g_string_new(NULL);
	render_kitty.size(&where, &width, &height);
	assert_true(width && height && width <= 480 && height <= 360);
	paint(&picture, 120, 90);
	render_kitty.place(&where);
	render_kitty.draw(&picture, first);
	assert_true(g_str_has_prefix(first->str, "\033[3;4H\033_Ga=T,f=24,o=z"));
	assert_non_null(strstr(first->str, "s=120,v=90,c=40,r=10,"));
	g_autoptr(GBytes) bytes = unpack(first->str);
	assert_int_equal(g_bytes_get_size(bytes), 120 * 90 * 3);
	assert_memory_equal(g_bytes_get_data(bytes, NULL), picture.rgb, 120 * 90 * 3);
	render_kitty.draw(&picture, second);
	assert_non_null(strstr(second->str, "i=7018,p=1"));
	assert_non_null(strstr(second->str, "\033_Ga=d,d=I,i=7017,q=2\033\\"));
	render_kitty.clear(end);
	assert_non_null(strstr(end->str, "i=7018"));
	g_string_truncate(end, 0);
	render_kitty.clear(end);
	assert_int_equal(end->len, 0);
	pixels_clear(&picture);
}

static void
sixels_stay_inside_their_rectangle(void **state)
{
	(void)state;
	static const int sizes[][2] = { { 10, 40 }, { 2, 4 }, { 50, 200 } };
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct pixels picture = { 0 };
		const struct rectangle where = { 0, 0, sizes[i][0], sizes[i][1] };
		guint width, height, said_width = 0, said_height = 0;
		g_autoptr(GString) out = g_string_new(NULL);
		render_sixel.size(&where, &width, &height);
		assert_true(width && height && width <= 640 && height <= 400);
		paint(&picture, width, height);
		render_sixel.place(&where);
		render_sixel.draw(&picture, out);
		const char *raster = strchr(out->str, '"');
		assert_non_null(strstr(out->str, "\033P"));
		assert_true(g_str_has_suffix(out->str, "\033\\"));
		assert_int_equal(sscanf(raster, "\"1;1;%u;%u", &said_width, &said_height), 2);
		assert_int_equal(said_width, width);
		/* In whole sixels. */
		assert_in_range(said_height, height - 5, height);
		pixels_clear(&picture);
	}
}

static void
no_screen_is_too_large(void **state)
{
	(void)state;
	static const struct renderer *const all[] = { &render_truecolor, &render_256, &render_16, &render_mono, &render_kitty,
		&render_sixel };
	const struct rectangle where = { 0, 0, 500, 2000 };
	for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
		struct pixels picture = { 0 };
		guint width, height;
		g_autoptr(GString) out = g_string_new(NULL);
		all[i]->size(&where, &width, &height);
		assert_true(width && height && width <= PIXELS_WIDTH_MAX && height <= PIXELS_HEIGHT_MAX);
		paint(&picture, width, height);
		all[i]->place(&where);
		all[i]->draw(&picture, out);
		assert_true(out->len);
		all[i]->clear(out);
		pixels_clear(&picture);
	}
}

static void
only_what_was_asked_is_believed(void **state)
{
	(void)state;
	guint width, height;
	probe_reset();
	probe_answer("Gi=31;OK");
	probe_answer("?62;4;22c");
	assert_false(probe_kitty() || probe_sixel());
	probe_ask(NULL);
	probe_answer("Gi=31;ENOTSUP");
	probe_answer("6;0;10t");
	probe_answer("6;999;10t");
	probe_answer("6;20t");
	probe_answer("?62;22;44c");
	assert_false(probe_kitty() || probe_sixel() || probe_cell(&width, &height));
	probe_answer("Gi=31;OK");
	probe_answer("6;20;10t");
	probe_answer("?62;4c");
	assert_true(probe_kitty() && probe_sixel() && probe_cell(&width, &height));
	assert_int_equal(width, 10);
	assert_int_equal(height, 20);
	probe_reset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_taken_leaves_later_and_whole),
		cmocka_unit_test(far_away_the_terminal_says_when_it_has_one),
		cmocka_unit_test(kitty_gets_the_picture_as_it_is_and_loses_the_one_before),
		cmocka_unit_test(sixels_stay_inside_their_rectangle),
		cmocka_unit_test(no_screen_is_too_large),
		cmocka_unit_test(only_what_was_asked_is_believed),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
