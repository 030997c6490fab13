/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as it is seen: its prompt, its lines, its cursor. */
#include "ui/input.h"

#include <string.h>

#include "ui/bidi.h"
#include "ui/glyph.h"
#include "ui/screen.h"

#define ROWS_MAX 8

static int first; /* line of the input that is seen */

void
input_entered(void)
{
	first = 0;
}

GArray *
input_lines(const Editor *editor, int width, guint *cursor_line, int *cursor_col)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct input_line));
	const char *text = editor_text(editor);
	size_t at = 0, length = strlen(text);
	size_t cursor = editor_cursor(editor);
	*cursor_line = 0;
	*cursor_col = 0;
	for (;;) {
		const char *feed = strchr(text + at, '\n');
		size_t end = feed ? (size_t)(feed - text) : length;
		struct input_line line = { at, at + glyph_fit(text + at, end - at, MAX(width, 1)) };
		if (line.to == at && at < end) {
			struct glyph glyph;
			glyph_next(&glyph, text + at, text + end);
			line.to = at + glyph.bytes;
		}
		g_array_append_val(lines, line);
		/* The cursor behind a full line stands at the start of the next one. */
		if (cursor >= line.from && cursor <= line.to) {
			*cursor_line = lines->len - 1;
			*cursor_col = glyph_width(text + line.from, cursor - line.from);
		}
		if (line.to == length) {
			if (cursor == length && *cursor_col >= width && width > 1) {
				struct input_line empty = { length, length };
				g_array_append_val(lines, empty);
				*cursor_line = lines->len - 1;
				*cursor_col = 0;
			}
			return lines;
		}
		at = line.to == end ? end + 1 : line.to;
	}
}

/* In a readable conversation the prompt itself says so. */
static char *
prompt_of(const Window *window, enum style *style)
{
	const char *search = editor_search(window->editor);
	*style = STYLE_PROMPT;
	if (search)
		return g_strdup_printf("look for \"%s\": ", search);
	if (window->conv && convo_seal_state(window->conv) == CONVO_READABLE) {
		*style = STYLE_PLAIN;
		return g_strdup(screen_cols() >= 40 ? "PLAIN> " : "P> ");
	}
	return g_strdup("> ");
}

/* A blank behind it is the place of what is typed next: left of a text that reads from right to left. */
static void
draw_line(int row, int col, int width, const char *text, size_t length)
{
	g_autofree char *longer = NULL;
	if (!bidi_is_needed(text, length)) {
		screen_line(row, col, width, STYLE_INPUT, text, length);
		return;
	}
	longer = g_strdup_printf("%.*s ", (int)length, text);
	int room = glyph_width(longer, length + 1) <= width ? 1 : 0;
	screen_line(row, col, width, STYLE_INPUT | (bidi_is_rtl(text, length) ? STYLE_RTL : 0), longer, length + room);
}

static int
column_of(const char *text, const struct input_line *line, size_t cursor, int col)
{
	size_t length = line->to - line->from;
	if (!bidi_is_needed(text + line->from, length))
		return col;
	g_autofree char *longer = g_strdup_printf("%.*s ", (int)length, text + line->from);
	return bidi_column(longer, length + 1, cursor - line->from, bidi_is_rtl(text + line->from, length));
}

int
input_draw(const Window *window)
{
	enum style prompt_style;
	g_autofree char *prompt = prompt_of(window, &prompt_style);
	int cols = screen_cols(), rows = screen_rows(), prompt_width = MIN(glyph_width(prompt, strlen(prompt)), MAX(cols - 4, 0));
	guint cursor_line;
	int cursor_col, width = MAX(cols - prompt_width, 1);
	g_autoptr(GArray) lines = input_lines(window->editor, width, &cursor_line, &cursor_col);
	int wanted = CLAMP((int)lines->len, 1, CLAMP(rows / 3, 1, ROWS_MAX));
	first = CLAMP(first, (int)cursor_line - wanted + 1, (int)cursor_line);
	first = CLAMP(first, 0, (int)lines->len - wanted);
	const char *text = editor_text(window->editor);
	for (int i = 0; i < wanted; i++) {
		const struct input_line *line = &g_array_index(lines, struct input_line, first + i);
		int row = rows - wanted + i;
		if (first + i == 0)
			screen_put(row, 0, prompt_width, prompt_style, prompt, -1);
		else
			screen_fill(row, 0, prompt_width, STYLE_INPUT);
		draw_line(row, prompt_width, width, text + line->from, line->to - line->from);
	}
	cursor_col =
		column_of(text, &g_array_index(lines, struct input_line, cursor_line), editor_cursor(window->editor), cursor_col);
	screen_cursor(rows - wanted + cursor_line - first, MIN(prompt_width + cursor_col, cols - 1));
	return wanted;
}
