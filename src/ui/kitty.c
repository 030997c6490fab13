/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graphics protocol of kitty: the terminal scales a small picture to the rectangle. Two pictures take turns, so there is never
 * none. */
#include "ui/render.h"

#include <gio/gio.h>

#include "ui/probe.h"

/* Larger ones cost more than they show. */
enum { WIDTH_MAX = 480, HEIGHT_MAX = 360, CHUNK = 4096, IMAGE = 7017 };

static struct rectangle at;
static guint turn;
static bool shown;

static void
size_in_pixels(const struct rectangle *where, guint *width, guint *height)
{
	guint cell_width, cell_height;
	if (!probe_cell(&cell_width, &cell_height)) {
		cell_width = 1;
		cell_height = 2;
	}
	pixels_fit(MAX(where->cols, 0) * cell_width, MAX(where->rows, 0) * cell_height, WIDTH_MAX, HEIGHT_MAX, width, height);
}

static void
place(const struct rectangle *where)
{
	at = *where;
}

/* One stream for a picture: level 1 costs a millisecond and saves three quarters. */
static GBytes *
squeeze(const struct pixels *picture)
{
	g_autoptr(GConverter) converter = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 1));
	gsize length = (gsize)picture->width * picture->height * 3, room = length + length / 100 + 1024, took, gave;
	guint8 *out = g_malloc(room);
	if (g_converter_convert(converter, picture->rgb, length, out, room, G_CONVERTER_INPUT_AT_END, &took, &gave, NULL) !=
			G_CONVERTER_FINISHED ||
		took != length) {
		g_free(out);
		return NULL;
	}
	return g_bytes_new_take(out, gave);
}

static void
take_away(guint image, GString *out)
{
	g_string_append_printf(out, "\033_Ga=d,d=I,i=%u,q=2\033\\", image);
}

static void
draw(const struct pixels *picture, GString *out)
{
	g_autoptr(GBytes) bytes = squeeze(picture);
	if (!bytes)
		return;
	g_autofree char *coded = g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	size_t length = strlen(coded);
	guint image = IMAGE + turn;
	g_string_append_printf(out, "\033[%d;%dH", at.row + 1, at.col + 1);
	for (size_t from = 0; from < length; from += CHUNK) {
		bool more = length - from > CHUNK;
		g_string_append(out, "\033_G");
		if (!from)
			g_string_append_printf(out, "a=T,f=24,o=z,t=d,q=2,C=1,i=%u,p=1,s=%u,v=%u,c=%d,r=%d,", image, picture->width,
				picture->height, at.cols, at.rows);
		g_string_append_printf(out, "m=%d;", more);
		g_string_append_len(out, coded + from, more ? CHUNK : length - from);
		g_string_append(out, "\033\\");
	}
	turn = !turn;
	if (shown)
		take_away(IMAGE + turn, out);
	shown = true;
}

static void
clear(GString *out)
{
	if (!shown)
		return;
	take_away(IMAGE, out);
	take_away(IMAGE + 1, out);
	shown = false;
}

const struct renderer render_kitty = { size_in_pixels, place, draw, clear };
