/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From bytes to keys, wherever the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "ui/term.h"

static void
note(const char *name, const char *text, gpointer data)
{
	GString *out = data;
	if (!strcmp(name, "Paste") || !strcmp(name, "Answer"))
		g_string_append_printf(out, "<%s>", text);
	else
		g_string_append_printf(out, "%s ", name);
}

/* Once as a whole and once byte by byte. */
static void
expect(const char *bytes, const char *wanted)
{
	for (int whole = 0; whole < 2; whole++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(Decoder) decoder = decoder_new(note, out);
		for (size_t i = 0; !whole && i < strlen(bytes); i++)
			decoder_feed(decoder, bytes + i, 1);
		if (whole)
			decoder_feed(decoder, bytes, strlen(bytes));
		assert_string_equal(out->str, wanted);
	}
}

static void
keys_have_names(void **state)
{
	(void)state;
	expect("aé日", "a é 日 ");
	expect("\001\r\t\x7f\x08\x1f\n", "C-a Enter Tab Backspace Backspace C-_ C-j ");
	expect("\033[A\033OB\033[5~\033[6~\033[Z", "Up Down PageUp PageDown S-Tab ");
	expect("\033[1;5D\033[1;3C\033[5;3~\033Od\033[3^", "C-Left M-Right M-PageUp C-Left C-Delete ");
	expect("\033OP\033[15~\033[[A\033[21~", "F1 F5 F1 F10 ");
	expect("\033[H\033[4~\033[1;5F\033[7~", "Home End C-End Home ");
	expect("\033a\0335\033/\033\r\033\x7f", "M-a M-5 M-/ M-Enter M-Backspace ");
	expect("\033[27;3;13~x\033[13;3u", "x M-Enter ");
	expect("\033\0335", "M-5 ");
	expect("\033é", "M-é ");
}

/* What a terminal says of itself is no key, and what is typed at the same time stays one. */
static void
answers_are_told_apart(void **state)
{
	(void)state;
	expect("a\033[?62;4;22cb", "a <?62;4;22c>b ");
	expect("\033[0n\033[6;20;10t", "<0n><6;20;10t>");
	/* Nobody asked: it is Alt+_ and a G. */
	expect("\033_Gx\033\\", "M-_ G x M-\\ ");
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(Decoder) decoder = decoder_new(note, out);
	decoder_expect_answers(decoder, true);
	for (const char *at = "x\033_Gi=31;OK\033\\y"; *at; at++)
		decoder_feed(decoder, at, 1);
	assert_string_equal(out->str, "x <Gi=31;OK>y ");
	/* Without an end it is given back as keys, and does not swallow what follows. */
	g_autofree char *endless = g_strnfill(300, 'q');
	g_string_truncate(out, 0);
	decoder_feed(decoder, "\033_G", 3);
	decoder_feed(decoder, endless, 300);
	assert_true(g_str_has_prefix(out->str, "M-_ G q q "));
}

static void
strange_bytes_are_dropped(void **state)
{
	(void)state;
	expect("\xff"
	       "a\xc3"
	       "(b",
		"a ( b ");
	expect("\033[999999999999;5;6;7zx", "x ");
	expect("\033[?1;2cx", "<?1;2c>x ");
}

static void
a_paste_is_one_text(void **state)
{
	(void)state;
	expect("\033[200~one\rtwo\r\nthree\033[201~x", "<one\ntwo\nthree>x ");
	expect("\033[201~x", "x ");
}

/* G07 */
static void
an_end_inside_a_paste_lets_nothing_out(void **state)
{
	(void)state;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(Decoder) decoder = decoder_new(note, out);
	const char *bytes = "\033[200~one\033[201~\r/quit\r\033[201~";
	decoder_feed(decoder, bytes, strlen(bytes));
	assert_non_null(strstr(out->str, "/quit\n>"));
	assert_null(strstr(out->str, "Enter"));
	g_string_truncate(out, 0);
	bytes = "\033[200~one\033[201~\r\033[200~two\033[201~";
	decoder_feed(decoder, bytes, strlen(bytes));
	assert_string_equal(out->str, "<one>Enter <two>");
}

static void
any_bytes_are_survived(void **state)
{
	(void)state;
	GRand *rand = g_rand_new_with_seed(3);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(Decoder) decoder = decoder_new(note, out);
	static const char pieces[] = "\033[O;~0125\x7f\xc3\xa9 u<?M";
	for (int i = 0; i < 200000; i++) {
		char c = i % 3 ? pieces[g_rand_int_range(rand, 0, sizeof pieces - 1)] : (char)g_rand_int(rand);
		decoder_feed(decoder, &c, 1);
		g_string_truncate(out, 0);
	}
	g_rand_free(rand);
}

static void
esc_and_a_pause_is_not_alt_but_before_a_digit(void **state)
{
	static const struct {
		const char *after, *wanted;
	} cases[] = { { "/t", "Escape / t " }, { "5", "M-5 " }, { "[A", "Up " }, { "\r", "Escape Enter " }, { "\033", "Escape " } };
	(void)state;
	clock_hold(G_GINT64_CONSTANT(1700000000000000));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(Decoder) decoder = decoder_new(note, out);
		decoder_feed(decoder, "\033", 1);
		clock_turn(300);
		decoder_feed(decoder, cases[i].after, strlen(cases[i].after));
		assert_string_equal(out->str, cases[i].wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_names),
		cmocka_unit_test(esc_and_a_pause_is_not_alt_but_before_a_digit),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(strange_bytes_are_dropped),
		cmocka_unit_test(a_paste_is_one_text),
		cmocka_unit_test(an_end_inside_a_paste_lets_nothing_out),
		cmocka_unit_test(any_bytes_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
