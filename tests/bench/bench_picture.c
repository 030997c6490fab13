/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a moving picture of 80x24 cells costs: a shaded head that goes about, with the noise that is left of a camera's after a
 * codec. Milliseconds of a core and bytes for each picture. */
#include "ui/cells.h"

#include <math.h>
#include <stdio.h>

enum { COLS = 80, ROWS = 24, FRAMES = 90, TURNS = 10 };

static guint32 seed = 1;

/* Of the normal distribution, nearly: a sum of four. */
static double
noise(double deviation)
{
	double sum = 0;
	for (int i = 0; i < 4; i++) {
		seed = seed * 1664525 + 1013904223;
		sum += (seed >> 8) / 16777216.0 - 0.5;
	}
	return sum * deviation * 1.73;
}

static void
paint(guint8 *rgb, int frame)
{
	double x0 = COLS / 2.0 + COLS * 0.12 * sin(frame / 11.0), y0 = ROWS + ROWS * 0.1 * cos(frame / 7.0);
	for (int y = 0; y < 2 * ROWS; y++)
		for (int x = 0; x < COLS; x++) {
			double dx = (x - x0) / (COLS * 0.16), dy = (y - y0) / (ROWS * 0.7), r = dx * dx + dy * dy;
			double shade = r < 1 ? 1 - 0.6 * r + 0.25 * dx : 0;
			double colour[3] = { 40 + 1.2 * y, 60 + 0.6 * x, 110 };
			for (int i = 0; i < 3; i++) {
				static const double skin[3] = { 210, 160, 130 };
				double value = (r < 1 ? skin[i] * shade : colour[i]) + noise(1.5);
				rgb[(y * COLS + x) * 3 + i] = (guint8)CLAMP(value, 0, 255);
			}
		}
}

static void
measure(const char *name, enum cells_depth depth, const guint8 *frames)
{
	g_autoptr(Cells) cells = cells_new(depth);
	g_autoptr(GString) out = g_string_new(NULL);
	guint64 bytes = 0;
	cells_place(cells, 0, 0, ROWS, COLS);
	gint64 begin = g_get_monotonic_time();
	for (int i = 0; i < FRAMES * TURNS; i++) {
		g_string_truncate(out, 0);
		cells_draw(cells, frames + (gsize)(i % FRAMES) * COLS * ROWS * 6, out);
		bytes += out->len;
	}
	double took = (double)(g_get_monotonic_time() - begin) / 1000 / FRAMES / TURNS;
	printf("%s: %.3f ms, %.1f kB\n", name, took, (double)bytes / FRAMES / TURNS / 1000);
}

int
main(void)
{
	g_autofree guint8 *frames = g_malloc((gsize)FRAMES * COLS * ROWS * 6);
	for (int i = 0; i < FRAMES; i++)
		paint(frames + (gsize)i * COLS * ROWS * 6, i);
	measure("truecolor", CELLS_TRUE, frames);
	measure("256", CELLS_256, frames);
	measure("16", CELLS_16, frames);
	measure("mono", CELLS_MONO, frames);
	return 0;
}
