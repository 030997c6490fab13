/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawn text is safe: nothing that a text holds can move, hide, turn or imitate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "ui/glyph.h"

/* What is drawn of a text, with the placeholders in braces. */
static char *
drawn(const char *text)
{
	GString *out = g_string_new(NULL);
	const char *end = text + strlen(text);
	while (text < end) {
		struct glyph glyph;
		glyph_next(&glyph, text, end);
		assert_true(glyph.bytes > 0 && text + glyph.bytes <= end);
		if (glyph.odd)
			g_string_append_c(out, '{');
		if (glyph.ends_line)
			g_string_append_c(out, '\n');
		else if (*glyph.word)
			g_string_append(out, glyph.word);
		for (guint i = 0; !*glyph.word && i < glyph.count; i++)
			g_string_append_unichar(out, glyph.chars[i]);
		if (glyph.odd)
			g_string_append_c(out, '}');
		text += glyph.bytes;
	}
	return g_string_free(out, FALSE);
}

static void
expect(const char *text, const char *wanted, int width)
{
	g_autofree char *is = drawn(text);
	assert_string_equal(is, wanted);
	if (width >= 0)
		assert_int_equal(glyph_width(text, strlen(text)), width);
}

static void
plain_text_is_drawn_as_it_is(void **state)
{
	(void)state;
	expect("hello", "hello", 5);
	expect("Grüße", "Grüße", 5);
	expect("日本", "日本", 4);
	expect("e\u0301te\u0301", "e\u0301te\u0301", 3);
	expect("a\tb", "a    b", 6);
}

/* G01, G09 */
static void
escapes_and_controls_are_seen_and_not_obeyed(void **state)
{
	(void)state;
	expect("\033[2J", "{^[}[2J", 5);
	expect("\033]52;c;x\a", "{^[}]52;c;x{^G}", -1);
	expect("a\rb\bc\x7f", "a{^M}b{^H}c{^?}", 9);
	expect("\xc2\x9b"
	       "2J\xc2\x85",
		"{‹9B›}2J{‹85›}", 10);
	expect("\033Pq#0;2;0;0;0#0~~\033\\", "{^[}Pq#0;2;0;0;0#0~~{^[}\\", -1);
	expect("\033_Gf=24;AAAA\033\\", "{^[}_Gf=24;AAAA{^[}\\", -1);
	expect("bad \xff\xc3", "bad \ufffd\ufffd", -1);
}

/* G03 */
static void
direction_cannot_be_turned(void **state)
{
	(void)state;
	expect("photo_\u202egpj.exe", "photo_{‹RLO›}gpj.exe", 18);
	expect("a\u2066b\u2069\u200f", "a{‹LRI›}b{‹PDI›}{‹RLM›}", -1);
	expect("x\u2028y", "x{‹LS›}y", -1);
}

/* B01 */
static void
hidden_characters_are_marked(void **state)
{
	(void)state;
	expect("ad\u200bmin", "ad{‹ZWSP›}min", 11);
	expect("ad\u200dmin", "ad{‹ZWJ›}min", -1);
	expect("admin\u3164", "admin{‹3164›}", -1);
	expect("a\U000e0041\U000e0042", "a{‹E0041›}{‹E0042›}", -1);
	expect("a\ufe0f", "a{‹FE0F›}", -1);
}

static void
joined_pictures_take_the_room_of_their_parts(void **state)
{
	(void)state;
	expect("👨‍👩‍👧", "👨👩👧", 6);
	expect("👍🏽", "👍", 2);
	expect("❤️", "❤", 1);
	expect("می‌خواهم", "میخواهم", 7);
	/* rows of selectors carry smuggled bytes */
	expect("❤\ufe0f\ufe0e", "❤{‹FE0E›}", -1);
}

static void
marks_stay_on_their_base(void **state)
{
	(void)state;
	expect("\u0301x", "{◌\u0301}x", 2);
	expect("\n\u0301x", "\n{◌\u0301}x", -1);
	GString *zalgo = g_string_new("z");
	for (int i = 0; i < 1000; i++)
		g_string_append(zalgo, "\u0336");
	assert_int_equal(glyph_width(zalgo->str, zalgo->len), 1);
	struct glyph glyph;
	glyph_next(&glyph, zalgo->str, zalgo->str + zalgo->len);
	assert_int_equal(glyph.bytes, zalgo->len);
	assert_int_equal(glyph.count, GLYPH_CHARS);
	g_string_free(zalgo, TRUE);
}

static void
wrapped(const char *text, int width, const char *wanted)
{
	GString *out = g_string_new(NULL);
	size_t length = strlen(text), next;
	guint lines = 0;
	for (size_t at = 0; at < length; at += next, lines++) {
		size_t bytes = wrap_next(text + at, length - at, width, &next);
		assert_true(next > 0);
		g_string_append_len(out, text + at, bytes);
		g_string_append_c(out, '|');
	}
	assert_string_equal(out->str, wanted);
	assert_int_equal(wrap_count(text, length, width), MAX(lines, 1));
	g_string_free(out, TRUE);
}

static void
lines_break_between_words_and_long_words_anywhere(void **state)
{
	(void)state;
	wrapped("", 5, "");
	wrapped("hello", 5, "hello|");
	wrapped("hello world", 5, "hello|world|");
	wrapped("hello world", 8, "hello|world|");
	wrapped("a b c d", 3, "a b|c d|");
	wrapped("abcdefghij", 4, "abcd|efgh|ij|");
	wrapped("ab cdefghij", 4, "ab|cdef|ghij|");
	wrapped("a\nb\n\nc", 10, "a|b||c|");
	wrapped("end\n", 10, "end|");
	wrapped("日本語", 3, "日|本|語|");
	wrapped("日", 1, "日|");
	wrapped("hello   world", 6, "hello|world|");
	wrapped("    x", 3, "|x|");
}

static void
any_bytes_advance(void **state)
{
	(void)state;
	static const char pieces[] = { "\xe2\x80\x8d\xf0\x9f\x91\xa9 \n\t\xcc\x81"
				       "a" };
	GRand *rand = g_rand_new_with_seed(7);
	for (int round = 0; round < 3000; round++) {
		char text[64];
		size_t length = g_rand_int_range(rand, 1, sizeof text), next, total = 0;
		for (size_t i = 0; i < length; i++)
			text[i] = round % 2 ? (char)g_rand_int(rand) : pieces[g_rand_int_range(rand, 0, sizeof pieces)];
		for (; total < length; total += next) {
			size_t bytes = wrap_next(text + total, length - total, 1 + round % 9, &next);
			assert_true(next > 0 && bytes <= next);
		}
		assert_int_equal(total, length);
	}
	g_rand_free(rand);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_drawn_as_it_is),
		cmocka_unit_test(escapes_and_controls_are_seen_and_not_obeyed),
		cmocka_unit_test(direction_cannot_be_turned),
		cmocka_unit_test(hidden_characters_are_marked),
		cmocka_unit_test(joined_pictures_take_the_room_of_their_parts),
		cmocka_unit_test(marks_stay_on_their_base),
		cmocka_unit_test(lines_break_between_words_and_long_words_anywhere),
		cmocka_unit_test(any_bytes_advance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
