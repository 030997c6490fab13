/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen from top to bottom: title, panel and lines, status, input. */
#include "ui/layout.h"

#include <string.h>

#include "api/timer.h"
#include "call/calls.h"
#include "ui/front.h"
#include "ui/glyph.h"
#include "ui/input.h"
#include "ui/picture.h"
#include "ui/split.h"
#include "ui/term.h"
#include "ui/win_call.h"

#define FRAME_US 33000 /* between two frames while much comes in */
#define STUCK_MS 20    /* until a terminal that takes nothing is tried again */
#define HINT_SECONDS 8

static struct {
	bool on;
	bool bare; /* without bars, to select text with the mouse */
	guint dirty;
	guint source; /* the frame to come */
	gint64 last_frame;
	int input_rows;
	enum style hint_style;
	char *hint;
	guint hint_source; /* until it goes by itself */
	const struct layout_ask *ask;
} layout;

static void draw_frame(void);

/* Nothing to see of the bars where there is no room for them. */
static bool
has_title(void)
{
	return !layout.bare && screen_rows() >= 4;
}

static bool
has_status(void)
{
	return (!layout.bare || layout.hint || call_ringing()) && screen_rows() >= 3;
}

/* Beside the console, which has little to say; beside chats only where there is room for both. */
bool
layout_panel_is_shown(void)
{
	int cols = screen_cols();
	if (layout.bare || front_options.panel == PANEL_OFF || screen_rows() < 6 || cols < 60)
		return false;
	if (front_options.panel == PANEL_ON)
		return true;
	return (cols >= 110 || window_current() == window_console()) && panel_has_contacts();
}

static int
panel_cols(void)
{
	return layout_panel_is_shown() ? CLAMP(front_options.panel_width, 10, screen_cols() / 3) + 1 : 0;
}

/* All between the bars, right of the panel. */
static struct rectangle
middle(void)
{
	int left = panel_cols(), rows = MAX(screen_rows() - layout.input_rows - has_title() - has_status(), 0);
	return (struct rectangle){ has_title(), left, rows, screen_cols() - left };
}

/* The places of the windows that are seen; the other one, NULL when there is none or no room for it. */
static Window *
divide(struct rectangle *own, struct rectangle *other)
{
	*own = middle();
	return has_title() && split_divide(own, other) ? split_other() : NULL;
}

/* One window draws a call: its own, where that is seen. */
static bool
draws_call(const Window *window, const Window *other)
{
	const Window *current = window_current();
	return window == (other && call_has_window(other) && !call_has_window(current) ? other : current);
}

/* Without the bars, the other window, and what a call takes. */
static struct rectangle
place_for_lines(void)
{
	struct rectangle lines, beside, piece;
	const Window *other = divide(&lines, &beside);
	if (draws_call(window_current(), other))
		call_piece(window_current(), &lines, &piece);
	return lines;
}

int
layout_view_rows(void)
{
	return place_for_lines().rows;
}

int
layout_view_cols(void)
{
	return place_for_lines().cols;
}

void
layout_start(void)
{
	layout.on = true;
	layout.input_rows = 1;
	layout_now(PART_ALL);
}

void
layout_pause(void)
{
	layout.on = false;
	g_clear_handle_id(&layout.source, g_source_remove);
}

void
layout_resume(void)
{
	layout.on = true;
	layout_dirty(PART_ALL);
}

void
layout_stop(void)
{
	layout.on = false;
	g_clear_handle_id(&layout.source, g_source_remove);
	g_clear_handle_id(&layout.hint_source, g_source_remove);
	g_clear_pointer(&layout.hint, g_free);
	layout.ask = NULL;
}

static gboolean
on_frame(gpointer data)
{
	(void)data;
	layout.source = 0;
	draw_frame();
	return G_SOURCE_REMOVE;
}

void
layout_dirty(guint parts)
{
	layout.dirty |= parts;
	if (!layout.on || layout.source)
		return;
	gint64 since = g_get_monotonic_time() - layout.last_frame;
	/* A timer rather than an idle call while much comes in: the network must not starve the screen. */
	if (since >= FRAME_US)
		layout.source = g_idle_add_full(G_PRIORITY_DEFAULT, on_frame, NULL, NULL);
	else
		layout.source = g_timeout_add((FRAME_US - since) / 1000 + 1, on_frame, NULL);
}

static void
draw_ask(void)
{
	const struct layout_ask *ask = layout.ask;
	int rows = screen_rows(), cols = screen_cols(), middle = MAX(rows / 2 - 1, 0);
	for (int row = 0; row < rows; row++)
		screen_fill(row, 0, cols, STYLE_TEXT);
	const char *texts[] = { ask->title, ask->trouble ? ask->trouble : "", ask->prompt };
	static const enum style styles[] = { STYLE_TEXT, STYLE_ERROR, STYLE_PROMPT };
	int at = rows >= 12 ? middle - 4 : 0;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		size_t length = strlen(texts[i]), next = 0;
		for (size_t from = 0; from < length && at < rows; from += next, at++) {
			size_t bytes = wrap_next(texts[i] + from, length - from, MIN(cols, 64), &next);
			int width = glyph_width(texts[i] + from, bytes);
			int col = MAX((cols - MIN(cols, 64)) / 2, 0);
			screen_put(at, col, width, styles[i], texts[i] + from, bytes);
			screen_cursor(at, MIN(col + width + 1, cols - 1));
		}
		at += rows >= 12 && i < 2 && *texts[i];
	}
}

static void
draw_secret_line(int row, int cols)
{
	const char *prompt = layout.ask->prompt;
	int width = screen_put(row, 0, cols, STYLE_ASK, prompt, -1);
	screen_fill(row, width, cols - width, STYLE_INPUT);
	screen_cursor(row, MIN(width + 1, cols - 1));
}

static void
draw_kind(Window *window, int row, int col, int rows, int cols)
{
	for (int i = 0; i < rows; i++) {
		const char *text = window->kind->line(window->data, window->top + i);
		screen_line(row + i, col, cols, STYLE_OUTPUT, text ? text : "", -1);
		for (int rest = i + 1; !text && rest < rows; rest++)
			screen_fill(row + rest, col, cols, STYLE_TEXT);
		if (!text)
			return;
	}
}

static void
draw_rule(int row, int col, int rows)
{
	for (int i = 0; i < rows; i++)
		screen_put(row + i, col, 1, STYLE_PANEL_GROUP, "│", -1);
}

static void
draw_view(Window *window, const struct rectangle *place, bool draws)
{
	struct rectangle lines = *place, piece;
	if (draws && call_piece(window, &lines, &piece))
		call_window_draw(window, &piece);
	else if (draws)
		call_not_drawn();
	if (window->view && lines.rows)
		view_draw(window->view, lines.row, lines.col, lines.rows, lines.cols);
	else if (lines.rows && window->kind->line)
		draw_kind(window, lines.row, lines.col, lines.rows, lines.cols);
	if (lines.cols < place->cols)
		draw_rule(lines.row, lines.col + lines.cols, lines.rows);
}

/* Above its window; the first one takes what is left of it, too. */
static void
draw_title(const Window *window, const struct rectangle *place, int left, bool marked)
{
	title_draw(place->row - 1, left, place->cols + place->col - left, window);
	if (marked)
		screen_put(place->row - 1, left, 1, STYLE_TITLE, ">", -1);
}

static void
draw_titles(const struct rectangle *own, const Window *other, const struct rectangle *beside)
{
	int left = other && beside->col < own->col ? own->col : 0;
	draw_title(window_current(), own, own->row > has_title() ? own->col : left, other != NULL);
	if (!other)
		return;
	left = own->col < beside->col ? beside->col : 0;
	draw_title(other, beside, beside->row > has_title() ? beside->col : left, false);
	if (split_way() == SPLIT_BESIDE)
		screen_put(own->row - 1, MAX(own->col, beside->col) - 1, 1, STYLE_TITLE, "│", -1);
}

static void
draw_windows(Window *window, const struct rectangle *own, Window *other, const struct rectangle *beside)
{
	draw_view(window, own, draws_call(window, other));
	if (!other)
		return;
	draw_view(other, beside, draws_call(other, other));
	if (split_way() == SPLIT_BESIDE)
		draw_rule(own->row, MAX(own->col, beside->col) - 1, own->rows);
}

static void
draw_input(const Window *window)
{
	int rows = input_draw(window);
	if (rows == layout.input_rows)
		return;
	layout.input_rows = rows;
	layout.dirty |= PART_ALL & ~PART_INPUT;
}

static void
draw_parts(guint parts)
{
	Window *window = window_current();
	int cols = screen_cols();
	if (layout.ask && layout.ask->whole) {
		call_not_drawn();
		draw_ask();
		return;
	}
	/* The input first: its height moves the others. */
	if (layout.ask)
		draw_secret_line(screen_rows() - 1, cols);
	else if (parts & PART_INPUT)
		draw_input(window);
	parts |= layout.dirty;
	struct rectangle place = middle(), own, beside;
	Window *other = divide(&own, &beside);
	int top = place.row, rows = place.rows;
	if (parts & PART_TITLE && has_title())
		draw_titles(&own, other, &beside);
	if (parts & PART_PANEL && place.col) {
		panel_draw(top, 0, rows, place.col - 1);
		draw_rule(top, place.col - 1, rows);
	}
	if (parts & PART_VIEW)
		draw_windows(window, &own, other, &beside);
	if (parts & PART_STATUS && has_status()) {
		if (layout.hint)
			screen_line(top + rows, 0, cols, layout.hint_style, layout.hint, -1);
		else
			status_draw(top + rows, 0, cols, window);
	}
}

static void
draw_frame(void)
{
	if (!layout.on)
		return;
	if (!term_writable()) {
		if (!layout.source)
			layout.source = g_timeout_add(STUCK_MS, on_frame, NULL);
		return;
	}
	guint parts = layout.dirty;
	layout.dirty = 0;
	draw_parts(parts);
	layout.dirty = 0;
	layout.last_frame = g_get_monotonic_time();
	screen_flush();
	picture_flushed();
	/* Read is what stands on the screen; of a flood one mark is enough. */
	if (parts & PART_VIEW && window_current()->view && view_at_end(window_current()->view))
		front_seen();
}

void
layout_now(guint parts)
{
	if (!layout.on)
		return;
	/* With a frame under way the rest waits for it; a key is shown now. */
	if (layout.source && term_writable()) {
		guint rest = layout.dirty & ~parts;
		int input_rows = layout.input_rows;
		layout.dirty = 0;
		draw_parts(parts);
		layout.dirty = input_rows == layout.input_rows ? rest : 0;
		screen_flush();
		picture_flushed();
		return;
	}
	layout.dirty |= parts;
	draw_frame();
}

void
layout_toggle_bare(void)
{
	layout.bare = !layout.bare;
	layout_dirty(PART_ALL);
}

void
layout_resized(void)
{
	screen_resize();
	layout_dirty(PART_ALL);
}

static gboolean
on_hint_over(gpointer data)
{
	(void)data;
	layout.hint_source = 0;
	layout_clear_hint();
	return G_SOURCE_REMOVE;
}

void
layout_hint(enum style style, const char *text)
{
	g_clear_handle_id(&layout.hint_source, g_source_remove);
	/* What warns stays until a key is typed. */
	if (style == STYLE_STATUS)
		layout.hint_source = g_timeout_add_seconds(HINT_SECONDS, on_hint_over, NULL);
	g_free(layout.hint);
	layout.hint = g_strdup_printf(" %s", text);
	layout.hint_style = style;
	layout_dirty(layout.bare ? PART_ALL : PART_STATUS);
}

void
layout_clear_hint(void)
{
	if (!layout.hint)
		return;
	g_clear_handle_id(&layout.hint_source, g_source_remove);
	g_clear_pointer(&layout.hint, g_free);
	layout_dirty(layout.bare ? PART_ALL : PART_STATUS);
}

void
layout_ask(const struct layout_ask *ask)
{
	layout.ask = ask;
	layout_dirty(PART_ALL);
}

void
layout_entered(void)
{
	Window *window = window_current();
	window->activity = ACTIVITY_NONE;
	input_entered();
	if (window->view)
		view_open(window->view, layout_view_rows());
	front_seen();
	layout_dirty(PART_ALL);
}
