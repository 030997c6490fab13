/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input line, as readline's users expect it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "ui/editor.h"
#include "ui/input.h"

/* Runs actions (words that start with @) and types the rest; "|" in wanted is the cursor. */
static void
story(Editor *editor, const char *steps, const char *wanted)
{
	g_auto(GStrv) words = g_strsplit(steps, " ", -1);
	for (guint i = 0; words[i]; i++) {
		if (words[i][0] == '@') {
			assert_true(editor_do(editor, words[i] + 1));
			continue;
		}
		g_autofree char *text = g_strdelimit(g_strdup(words[i]), "_", ' ');
		for (const char *at = text; *at; at = g_utf8_next_char(at)) {
			char c[8] = { 0 };
			g_unichar_to_utf8(g_utf8_get_char(at), c);
			editor_insert(editor, c);
		}
	}
	g_autoptr(GString) is = g_string_new(editor_text(editor));
	g_string_insert_c(is, editor_cursor(editor), '|');
	assert_string_equal(is->str, wanted);
}

static void
expect(const char *steps, const char *wanted)
{
	g_autoptr(Editor) editor = editor_new();
	story(editor, steps, wanted);
}

static void
readline_keys_move_and_cut(void **state)
{
	(void)state;
	expect("one_two @backward-word", "one |two");
	expect("one_two @backward-word @backward-word @forward-word", "one| two");
	expect("one_two @beginning-of-line @kill-word", "| two");
	expect("one_two @backward-kill-word", "one |");
	expect("/msg_bob@lan @kill-to-space", "/msg |");
	expect("one_two @backward-word @kill-line @beginning-of-line @yank", "two|one ");
	expect("one_two @kill-to-space @kill-to-space @yank", "one two|");
	expect("ab @transpose", "ba|");
	expect("abc @backward-char @backward-char @transpose", "ba|c");
	expect("abc @delete-char @backward-delete-char", "ab|");
	expect("a @newline b @previous-line", "a|\nb");
	expect("a @newline bc @previous-line @kill-line", "a|bc");
	expect("a @newline b @newline cd @kill-to-start", "a\nb\n|");
	expect("a @newline b @newline cd @kill-to-start @kill-to-start", "|");
	expect("a @newline bc @previous-line @kill-to-start @kill-to-start @yank", "a\nbc|");
	expect("a @newline bc @previous-line @kill-text @yank", "a\nbc|");
	expect("a @newline bc @kill-text @undo", "a\nbc|");
	expect("ab @beginning-of-line @kill-to-start", "|ab");
}

static void
undo_takes_back_words_and_cuts(void **state)
{
	(void)state;
	expect("one_two @undo", "one|");
	expect("one_two @undo @undo", "|");
	expect("one @kill-to-start @undo", "one|");
	expect("@undo", "|");
}

static void
deleting_takes_what_people_see_as_one_character(void **state)
{
	(void)state;
	expect("a👨‍👩‍👧 @backward-delete-char", "a|");
	expect("ae\u0301 @backward-delete-char", "a|");
	expect("🇩🇪🇫🇷 @backward-delete-char", "🇩🇪|");
	expect("👍🏽x @backward-char @backward-char @delete-char", "|x");
}

static void
history_belongs_to_the_window_and_keeps_the_line_being_written(void **state)
{
	(void)state;
	g_autoptr(Editor) editor = editor_new();
	story(editor, "first", "first|");
	editor_remember(editor);
	story(editor, "second", "second|");
	editor_remember(editor);
	story(editor, "draft @previous-line", "second|");
	story(editor, "@previous-line", "first|");
	story(editor, "@previous-line @next-line @next-line", "draft|");
	story(editor, "@store-unsent @previous-line", "draft|");
}

static void
search_goes_back_through_the_history(void **state)
{
	(void)state;
	g_autoptr(Editor) editor = editor_new();
	story(editor, "/msg_alice", "/msg alice|");
	editor_remember(editor);
	story(editor, "/msg_bob", "/msg bob|");
	editor_remember(editor);
	story(editor, "@history-search msg", "/msg bob|");
	assert_string_equal(editor_search(editor), "msg");
	story(editor, "@history-search", "/msg alice|");
	story(editor, "@end-of-line", "/msg alice|");
	assert_null(editor_search(editor));
	story(editor, "@history-search bob @cancel", "|");
}

static void
lines_are_broken_where_the_cursor_can_follow(void **state)
{
	(void)state;
	g_autoptr(Editor) editor = editor_new();
	guint line;
	int col;
	editor_insert(editor, "abcdef\n日本");
	g_autoptr(GArray) lines = input_lines(editor, 4, &line, &col);
	assert_int_equal(lines->len, 4); /* abcd ef 日本 and the place behind it */
	assert_int_equal(line, 3);
	assert_int_equal(col, 0);
	editor_do(editor, "backward-char");
	g_autoptr(GArray) again = input_lines(editor, 4, &line, &col);
	assert_int_equal(line, 2);
	assert_int_equal(col, 2);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readline_keys_move_and_cut),
		cmocka_unit_test(undo_takes_back_words_and_cuts),
		cmocka_unit_test(deleting_takes_what_people_see_as_one_character),
		cmocka_unit_test(history_belongs_to_the_window_and_keeps_the_line_being_written),
		cmocka_unit_test(search_goes_back_through_the_history),
		cmocka_unit_test(lines_are_broken_where_the_cursor_can_follow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
