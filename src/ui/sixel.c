/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sixels, made by libchafa: pixel for pixel, since no terminal scales them. */
#include "ui/render.h"

#include <chafa.h>
#include <string.h>

#include "ui/probe.h"

/* Larger ones are shown in the middle: a frame of this size takes 13 ms of a core. */
enum { WIDTH_MAX = 640, HEIGHT_MAX = 400 };

static struct rectangle at;

static void
cell_size(guint *width, guint *height)
{
	if (!probe_cell(width, height)) {
		*width = 10;
		*height = 20;
	}
}

/* The whole cells that are covered. */
static void
covered(const struct rectangle *where, guint *cols, guint *rows)
{
	guint width, height;
	cell_size(&width, &height);
	*cols = MIN((guint)MAX(where->cols, 0), WIDTH_MAX / width);
	*rows = MIN((guint)MAX(where->rows, 0), HEIGHT_MAX / height);
}

static void
size_in_pixels(const struct rectangle *where, guint *width, guint *height)
{
	guint cols, rows;
	cell_size(width, height);
	covered(where, &cols, &rows);
	*width *= cols;
	*height *= rows;
}

static void
place(const struct rectangle *where)
{
	guint cols, rows;
	covered(where, &cols, &rows);
	at = *where;
	at.row += (where->rows - (int)rows) / 2;
	at.col += (where->cols - (int)cols) / 2;
	at.rows = rows;
	at.cols = cols;
}

/* It counts rows in words of four bytes: rows of three bytes a pixel would lean. */
static guint8 *
in_words(const struct pixels *picture)
{
	gsize count = (gsize)picture->width * picture->height;
	guint8 *words = g_malloc(count * 4);
	for (gsize i = 0; i < count; i++) {
		memcpy(words + 4 * i, picture->rgb + 3 * i, 3);
		words[4 * i + 3] = 255;
	}
	return words;
}

static ChafaCanvas *
canvas_new(const struct pixels *picture)
{
	ChafaCanvasConfig *config = chafa_canvas_config_new();
	guint width, height;
	chafa_set_n_threads(1);
	cell_size(&width, &height);
	chafa_canvas_config_set_geometry(config, at.cols, at.rows);
	chafa_canvas_config_set_cell_geometry(config, width, height);
	chafa_canvas_config_set_pixel_mode(config, CHAFA_PIXEL_MODE_SIXELS);
	chafa_canvas_config_set_canvas_mode(config, CHAFA_CANVAS_MODE_TRUECOLOR);
	chafa_canvas_config_set_dither_mode(config, CHAFA_DITHER_MODE_NONE);
	chafa_canvas_config_set_work_factor(config, 0);
	ChafaCanvas *canvas = chafa_canvas_new(config);
	chafa_canvas_config_unref(config);
	g_autofree guint8 *words = in_words(picture);
	chafa_canvas_draw_all_pixels(
		canvas, CHAFA_PIXEL_RGBA8_UNASSOCIATED, words, picture->width, picture->height, picture->width * 4);
	return canvas;
}

static void
draw(const struct pixels *picture, GString *out)
{
	if (!at.cols || !at.rows)
		return;
	ChafaCanvas *canvas = canvas_new(picture);
	/* Only what all terminals with sixels have. */
	ChafaTermInfo *info = chafa_term_db_get_fallback_info(chafa_term_db_get_default());
	GString *sixels = chafa_canvas_print(canvas, info);
	g_string_append_printf(out, "\033[%d;%dH", at.row + 1, at.col + 1);
	g_string_append_len(out, sixels->str, sixels->len);
	g_string_free(sixels, TRUE);
	chafa_term_info_unref(info);
	chafa_canvas_unref(canvas);
}

static void
clear(GString *out)
{
	(void)out;
}

const struct renderer render_sixel = { size_in_pixels, place, draw, clear };
