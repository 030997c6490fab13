/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grid after drawing: remote text stays in its place and in safe characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "fake/grid.h"
#include "ui/address.h"
#include "ui/bidi.h"
#include "ui/frame.h"
#include "ui/screen.h"

static FILE *terminal;

static int
start(void **state)
{
	(void)state;
	terminal = grid_start();
	return terminal ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	return grid_stop(terminal);
}

static void
expect_row(int row, int width, const char *wanted)
{
	g_autofree char *is = screen_read(row, 0, width);
	assert_string_equal(is, wanted);
}

static void
text_is_cut_to_its_place(void **state)
{
	(void)state;
	screen_line(0, 0, 10, STYLE_TEXT, "hello", -1);
	expect_row(0, 10, "hello     ");
	screen_line(0, 0, 10, STYLE_TEXT, "hello, wide world", -1);
	expect_row(0, 10, "hello, wi…");
	screen_line(0, 0, 5, STYLE_TEXT, "日本語", -1);
	expect_row(0, 5, "日本…");
	screen_line(0, 0, 4, STYLE_TEXT, "日本語", -1);
	expect_row(0, 4, "日… ");
	screen_line(0, 0, 1, STYLE_TEXT, "日", -1);
	expect_row(0, 1, "…");
}

/* G01, G09: what leaves for the terminal holds no escape of others */
static void
no_byte_of_a_remote_escape_reaches_the_terminal(void **state)
{
	(void)state;
	static const char *const hostile[] = {
		"\033]0;owned\a",
		"\033]52;c;ZXZpbA==\a",
		"\033Pq#0~~\033\\",
		"\033_Gf=24,s=1;AAAA\033\\",
		"\033]1337;File=inline=1:AAAA\a",
		"\033[6n\033[c\033[21t",
		"\xc2\x9b"
		"31m\xc2\x9d"
		"0;x\xc2\x9c",
		"\x0e\x0f\x05\x7f",
	};
	for (guint i = 0; i < G_N_ELEMENTS(hostile); i++)
		screen_line(2 + i, 0, 60, STYLE_TEXT, hostile[i], -1);
	screen_flush();
	fflush(terminal);
	long size = lseek(fileno(terminal), 0, SEEK_END);
	g_autofree char *sent = g_malloc0(size + 1);
	assert_int_equal(pread(fileno(terminal), sent, size, 0), size);
	assert_non_null(strstr(sent, "0;owned"));
	for (long i = 0; i < size; i++) {
		assert_false(sent[i] == '\a' || sent[i] == '\x0e' || sent[i] == '\x05' || sent[i] == '\x7f');
		if (sent[i] == '\033')
			assert_non_null(strchr("[(=>", sent[i + 1]));
		/* C1 in UTF-8 */
		assert_false((guchar)sent[i] == 0xc2 && (guchar)sent[i + 1] < 0xa0);
	}
}

static void
line_breaks_in_a_line_do_not_break_it(void **state)
{
	(void)state;
	screen_line(1, 0, 20, STYLE_TEXT, "one\ntwo\r", -1);
	expect_row(1, 20, "one^Jtwo^M          ");
}

/* G03 */
static void
hebrew_is_put_in_the_order_of_the_screen(void **state)
{
	(void)state;
	screen_line(2, 0, 12, STYLE_TEXT, "ab שלום cd", -1);
	expect_row(2, 12, "ab םולש cd  ");
	/* A line that reads from the right, with a number and brackets. */
	screen_line(2, 0, 12, STYLE_TEXT | STYLE_RTL, "(שלום) 12.", -1);
	expect_row(2, 12, ".12 (םולש)  ");
	assert_true(bidi_is_rtl("12 שלום", strlen("12 שלום")));
	assert_false(bidi_is_rtl("a שלום", strlen("a שלום")));
	assert_false(bidi_is_rtl("\nשלום", strlen("\nשלום")));
	/* Arabic letters are joined: beh at the begin, in the middle, at the end. */
	screen_line(2, 0, 3, STYLE_TEXT, "ببب", -1);
	expect_row(2, 3, "\uFE90\uFE92\uFE91");
	/* Overrides are shown and turn nothing, and nothing behind the text. */
	screen_line(2, 0, 20, STYLE_TEXT, "\u202eexe.gpj\u2067", -1);
	expect_row(2, 20, "‹RLO›exe.gpj‹RLI›   ");
	bidi_is_on = false;
	screen_line(2, 0, 4, STYLE_TEXT, "שלום", -1);
	expect_row(2, 4, "שלום");
	bidi_is_on = true;
}

static void
the_cursor_stands_on_its_letter(void **state)
{
	(void)state;
	const char *text = "ab שלום ";
	assert_int_equal(bidi_column(text, strlen(text), 0, false), 0);
	assert_int_equal(bidi_column(text, strlen(text), 3, false), 6); /* ש */
	assert_int_equal(bidi_column(text, strlen(text), 9, false), 3); /* ם */
	assert_int_equal(bidi_column(text, strlen(text), 11, false), 7);
	/* Behind a text from right to left is at its left. */
	assert_int_equal(bidi_column("שלום ", 9, 0, true), 4);
	assert_int_equal(bidi_column("שלום ", 9, 8, true), 0);
}

/* G03 */
static void
domains_of_mixed_scripts_are_told_in_punycode(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "see https://аррӏе.com/login", "аррӏе.com mixes scripts: it is xn--80ak6aa92e.com" },
		{ "xmpp:bob@gоogle.com?message", "gоogle.com mixes scripts: it is xn--ggle-55da.com" },
		{ "www.pаypal.com.", "www.pаypal.com mixes scripts: it is www.xn--pypal-4ve.com" },
		{ "https://münchen.de and пример.рф and 日本語.jp and café.example.", NULL },
		{ "Plain words, и русские тоже. Also one.two", NULL },
		{ "nothing at all", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *is = address_warning(cases[i].text, strlen(cases[i].text));
		if (cases[i].wanted) {
			assert_non_null(is);
			/* The second o may be any lookalike; what counts is that the name is told. */
			if (!strstr(cases[i].text, "gоogle"))
				assert_string_equal(is, cases[i].wanted);
			else
				assert_non_null(strstr(is, "it is xn--"));
		} else {
			assert_null(is);
		}
	}
	char broken[] = "\xd0.\xff\xd0\xb0.com";
	g_autofree char *none = address_warning(broken, strlen(broken));
	g_autofree char *empty = address_warning("", 0);
	assert_null(empty);
}

static void
a_frame_says_the_same_in_fewer_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *long_, *short_;
	} cases[] = {
		{ "\033[31mP\033[39m\033(B\033[m x", "\033[31mP\033[m x" },
		{ "\033[2;22r\033[2S\033[1;24r\033[1;23r", "\033[2;22r\033[2S\033[r\033[1;23r" },
		{ "\033(B\033[0;7mP\033(B\033[m", "\033[0;7mP\033[m" },
		{ "\033[39;49m\033(B\033[m", "\033[m" },
		{ "plain \033[39m and \033(B", "plain \033[39m and \033(B" },
		{ "\033[1;24", "\033[1;24" },
		{ "\033", "\033" },
		{ "", "" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		char bytes[100];
		g_strlcpy(bytes, cases[i].long_, sizeof bytes);
		bytes[frame_shorten(bytes, strlen(bytes), 24)] = '\0';
		assert_string_equal(bytes, cases[i].short_);
	}
}

static void
places_outside_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(screen_put(-1, 0, 5, STYLE_TEXT, "x", -1), 0);
	assert_int_equal(screen_put(24, 0, 5, STYLE_TEXT, "x", -1), 0);
	assert_int_equal(screen_put(0, 80, 5, STYLE_TEXT, "x", -1), 0);
	assert_int_equal(screen_put(23, 78, 50, STYLE_TEXT, "abcdef", -1), 2);
	screen_flush();
}

static void
dumb_terminals_are_refused_in_a_sentence(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	screen_stop();
	assert_false(screen_start("dumb", terminal, stdin, &error));
	assert_non_null(strstr(error->message, "--headless"));
	assert_true(screen_start("xterm-256color", terminal, stdin, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_to_its_place),
		cmocka_unit_test(no_byte_of_a_remote_escape_reaches_the_terminal),
		cmocka_unit_test(line_breaks_in_a_line_do_not_break_it),
		cmocka_unit_test(hebrew_is_put_in_the_order_of_the_screen),
		cmocka_unit_test(the_cursor_stands_on_its_letter),
		cmocka_unit_test(domains_of_mixed_scripts_are_told_in_punycode),
		cmocka_unit_test(a_frame_says_the_same_in_fewer_bytes),
		cmocka_unit_test(places_outside_are_ignored),
		cmocka_unit_test(dumb_terminals_are_refused_in_a_sentence),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
