/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cell is two pixels, one above the other: ▀ in the colour of the upper on that of the lower. */
#include "ui/cells.h"

#include <stdlib.h>
#include <string.h>

/* Going over a gap costs an escape too: a short one is cheaper written again. */
#define GAP_MAX 3
#define NO_COLOUR (-1)

struct shown {
	guint8 top[3], bottom[3];
	bool known;
};

struct Cells {
	enum cells_depth depth;
	int row, col, rows, cols;
	struct shown *shown; /* rows * cols: what the terminal has, in the colours that were meant */
	/* Where the terminal is while a picture is written. */
	gint32 fg, bg;
	int at_row, at_col;
};

Cells *
cells_new(enum cells_depth depth)
{
	Cells *cells = g_new0(Cells, 1);
	cells->depth = depth;
	return cells;
}

void
cells_free(Cells *cells)
{
	if (!cells)
		return;
	g_free(cells->shown);
	g_free(cells);
}

void
cells_place(Cells *cells, int row, int col, int rows, int cols)
{
	cells->row = row;
	cells->col = col;
	cells->rows = MAX(rows, 0);
	cells->cols = MAX(cols, 0);
	g_free(cells->shown);
	cells->shown = g_new0(struct shown, (gsize)cells->rows * cells->cols);
}

/* ---- colours ---- */

static gint32
colour_true(const guint8 *rgb, int x, int y)
{
	(void)x;
	(void)y;
	return rgb[0] << 16 | rgb[1] << 8 | rgb[2];
}

static int
square(int number)
{
	return number * number;
}

/* The cube of 6 levels a channel, or the ladder of greys where that is nearer. */
static gint32
colour_256(const guint8 *rgb, int x, int y)
{
	static const guint8 levels[6] = { 0, 95, 135, 175, 215, 255 };
	int level[3], off_cube = 0, off_grey = 0;
	(void)x;
	(void)y;
	int step = CLAMP(((rgb[0] + rgb[1] + rgb[2]) / 3 - 3) / 10, 0, 23), grey = 8 + step * 10;
	for (int i = 0; i < 3; i++) {
		level[i] = rgb[i] < 48 ? 0 : rgb[i] < 115 ? 1 : (rgb[i] - 35) / 40;
		off_cube += square(levels[level[i]] - rgb[i]);
		off_grey += square(grey - rgb[i]);
	}
	return off_grey < off_cube ? 232 + step : 16 + 36 * level[0] + 6 * level[1] + level[2];
}

static int
nearest_of_16(int red, int green, int blue, int *best_off)
{
	static const guint8 base[16][3] = { { 0, 0, 0 }, { 205, 0, 0 }, { 0, 205, 0 }, { 205, 205, 0 }, { 0, 0, 238 },
		{ 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 }, { 127, 127, 127 }, { 255, 0, 0 }, { 0, 255, 0 },
		{ 255, 255, 0 }, { 92, 92, 255 }, { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 } };
	int best = 0;
	*best_off = G_MAXINT;
	for (int i = 0; i < 16; i++) {
		int off = 3 * square(base[i][0] - red) + 6 * square(base[i][1] - green) + square(base[i][2] - blue);
		if (off < *best_off) {
			*best_off = off;
			best = i;
		}
	}
	return best;
}

/* What is one of them stays one; the rest is mixed: a pattern decides which neighbours are taken. */
static const gint8 pattern[4][4] = { { -7, 1, -5, 3 }, { 5, -3, 7, -1 }, { -4, 4, -6, 2 }, { 8, 0, 6, -2 } };

static gint32
colour_16(const guint8 *rgb, int x, int y)
{
	int off, best = nearest_of_16(rgb[0], rgb[1], rgb[2], &off), mix = pattern[y & 3][x & 3] * 6;
	if (off < 10 * square(24))
		return best;
	return nearest_of_16(CLAMP(rgb[0] + mix, 0, 255), CLAMP(rgb[1] + mix, 0, 255), CLAMP(rgb[2] + mix, 0, 255), &off);
}

static gint32 (*const colour_of[])(
	const guint8 *rgb, int x, int y) = { [CELLS_16] = colour_16, [CELLS_256] = colour_256, [CELLS_TRUE] = colour_true };

/* ---- bytes ---- */

static void
put_number(GString *out, int number)
{
	char digits[8];
	int n = 0;
	do
		digits[n++] = '0' + number % 10;
	while ((number /= 10) && n < (int)sizeof digits);
	while (n)
		g_string_append_c_inline(out, digits[--n]);
}

/* 38 or 48 and the colour behind it. */
static void
put_colour(GString *out, enum cells_depth depth, bool background, gint32 colour)
{
	if (depth == CELLS_16) {
		put_number(out, (background ? 40 : 30) + (colour < 8 ? colour : 60 + colour - 8));
		return;
	}
	g_string_append_len(out, background ? "48;" : "38;", 3);
	if (depth == CELLS_256) {
		g_string_append_len(out, "5;", 2);
		put_number(out, colour);
		return;
	}
	g_string_append_len(out, "2;", 2);
	put_number(out, colour >> 16);
	g_string_append_c_inline(out, ';');
	put_number(out, colour >> 8 & 255);
	g_string_append_c_inline(out, ';');
	put_number(out, colour & 255);
}

static void
put_colours(Cells *cells, gint32 fg, gint32 bg, GString *out)
{
	bool new_fg = fg != NO_COLOUR && fg != cells->fg, new_bg = bg != cells->bg;
	if (!new_fg && !new_bg)
		return;
	g_string_append_len(out, "\033[", 2);
	if (new_fg)
		put_colour(out, cells->depth, false, fg);
	if (new_fg && new_bg)
		g_string_append_c_inline(out, ';');
	if (new_bg)
		put_colour(out, cells->depth, true, bg);
	g_string_append_c_inline(out, 'm');
	cells->fg = new_fg ? fg : cells->fg;
	cells->bg = bg;
}

static void
go_to(Cells *cells, int row, int col, GString *out)
{
	if (cells->at_row == row && cells->at_col == col)
		return;
	g_string_append_len(out, "\033[", 2);
	if (cells->at_row == row) {
		put_number(out, col - cells->at_col);
		g_string_append_c_inline(out, 'C');
	} else {
		put_number(out, cells->row + row + 1);
		g_string_append_c_inline(out, ';');
		put_number(out, cells->col + col + 1);
		g_string_append_c_inline(out, 'H');
	}
	cells->at_row = row;
	cells->at_col = col;
}

static void
put_letter(const guint8 *top, const guint8 *bottom, GString *out)
{
	static const char letters[] = " .:-=+*#%@";
	int light = (299 * (top[0] + bottom[0]) + 587 * (top[1] + bottom[1]) + 114 * (top[2] + bottom[2])) / 2000;
	g_string_append_c_inline(out, letters[MIN(light * 10 / 256, 9)]);
}

static void
put_cell(Cells *cells, int row, int col, const guint8 *top, const guint8 *bottom, GString *out)
{
	struct shown *shown = &cells->shown[row * cells->cols + col];
	if (cells->depth == CELLS_MONO) {
		put_letter(top, bottom, out);
	} else {
		gint32 fg = colour_of[cells->depth](top, col, 2 * row), bg = colour_of[cells->depth](bottom, col, 2 * row + 1);
		put_colours(cells, fg == bg ? NO_COLOUR : fg, bg, out);
		if (fg == bg)
			g_string_append_c_inline(out, ' ');
		else
			g_string_append_len(out, "▀", strlen("▀"));
	}
	memcpy(shown->top, top, 3);
	memcpy(shown->bottom, bottom, 3);
	shown->known = true;
	cells->at_col++;
}

/* ---- what changed ---- */

static bool
is_near(const guint8 *a, const guint8 *b)
{
	return abs(a[0] - b[0]) <= CELLS_TOLERANCE && abs(a[1] - b[1]) <= CELLS_TOLERANCE && abs(a[2] - b[2]) <= CELLS_TOLERANCE;
}

static void
draw_row(Cells *cells, int row, const guint8 *top, const guint8 *bottom, GString *out)
{
	const struct shown *shown = &cells->shown[row * cells->cols];
	for (int col = 0; col < cells->cols; col++) {
		if (shown[col].known && is_near(shown[col].top, top + 3 * col) && is_near(shown[col].bottom, bottom + 3 * col))
			continue;
		/* From the end of the last cell that was written in this row. */
		int from =
			cells->at_row == row && col - cells->at_col <= GAP_MAX && cells->depth == CELLS_MONO ? cells->at_col : col;
		go_to(cells, row, from, out);
		for (int at = from; at <= col; at++)
			put_cell(cells, row, at, top + 3 * at, bottom + 3 * at, out);
	}
}

void
cells_draw(Cells *cells, const guint8 *rgb, GString *out)
{
	gsize line = (gsize)cells->cols * 3;
	gsize before = out->len;
	cells->fg = cells->bg = NO_COLOUR;
	cells->at_row = cells->at_col = -1;
	if (cells->depth == CELLS_MONO)
		g_string_append_len(out, "\033[m", 3);
	gsize begun = out->len;
	for (int row = 0; row < cells->rows; row++)
		draw_row(cells, row, rgb + 2 * row * line, rgb + (2 * row + 1) * line, out);
	if (out->len == begun)
		g_string_truncate(out, before);
}
