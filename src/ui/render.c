/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which way a picture takes to the screen, and the ways that cells take. */
#include "ui/render.h"

#include "ui/cells.h"
#include "ui/probe.h"
#include "ui/screen.h"

static Cells *cells;

/* No picture is larger, whatever the screen is. */
static struct rectangle
bounded(const struct rectangle *where)
{
	return (struct rectangle){ where->row, where->col, CLAMP(where->rows, 0, PIXELS_HEIGHT_MAX / 2),
		CLAMP(where->cols, 0, PIXELS_WIDTH_MAX) };
}

static void
size_of_cells(const struct rectangle *where, guint *width, guint *height)
{
	*width = bounded(where).cols;
	*height = 2 * bounded(where).rows;
}

static void
place_cells(enum cells_depth depth, const struct rectangle *where)
{
	cells_free(cells);
	cells = cells_new(depth);
	struct rectangle inside = bounded(where);
	cells_place(cells, inside.row, inside.col, inside.rows, inside.cols);
}

static void
place_truecolor(const struct rectangle *where)
{
	place_cells(CELLS_TRUE, where);
}

static void
place_256(const struct rectangle *where)
{
	place_cells(CELLS_256, where);
}

static void
place_16(const struct rectangle *where)
{
	place_cells(CELLS_16, where);
}

static void
place_mono(const struct rectangle *where)
{
	place_cells(CELLS_MONO, where);
}

static void
draw_cells(const struct pixels *picture, GString *out)
{
	if (cells)
		cells_draw(cells, picture->rgb, out);
}

static void
clear_cells(GString *out)
{
	(void)out;
	g_clear_pointer(&cells, cells_free);
}

const struct renderer render_truecolor = { size_of_cells, place_truecolor, draw_cells, clear_cells };
const struct renderer render_256 = { size_of_cells, place_256, draw_cells, clear_cells };
const struct renderer render_16 = { size_of_cells, place_16, draw_cells, clear_cells };
const struct renderer render_mono = { size_of_cells, place_mono, draw_cells, clear_cells };

static const struct renderer *const renderers[] = {
	[PICTURE_KITTY] = &render_kitty,
	[PICTURE_SIXEL] = &render_sixel,
	[PICTURE_TRUECOLOR] = &render_truecolor,
	[PICTURE_256] = &render_256,
	[PICTURE_16] = &render_16,
	[PICTURE_MONO] = &render_mono,
	[PICTURE_NONE] = NULL,
};

static bool
knows_24_bit(void)
{
	const char *colorterm = g_getenv("COLORTERM");
	return !g_strcmp0(colorterm, "truecolor") || !g_strcmp0(colorterm, "24bit");
}

/* Pixels cost ten times the bytes of cells: only where the line is short. */
static const struct renderer *
choose_by_terminal(void)
{
	guint width, height;
	int colours = screen_colours();
	if (!colours)
		return &render_mono;
	if (probe_kitty() && !probe_is_far())
		return &render_kitty;
	if (probe_sixel() && !probe_is_far() && probe_cell(&width, &height))
		return &render_sixel;
	if (colours < 256)
		return &render_16;
	return knows_24_bit() || probe_kitty() ? &render_truecolor : &render_256;
}

const struct renderer *
render_choose(enum picture_renderer wanted)
{
	return wanted == PICTURE_AUTO ? choose_by_terminal() : renderers[wanted];
}
