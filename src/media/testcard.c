/* SPDX-License-Identifier: GPL-3.0-or-later */
/* White, yellow, cyan, green, magenta, red, blue, black (BT.601) in the upper three quarters. */
#include "media/testcard.h"

#include <string.h>

enum { BARS = 8, SPEED = 4 };
static const guint8 bars[BARS][3] = { { 235, 128, 128 }, { 210, 16, 146 }, { 170, 166, 16 }, { 145, 54, 34 }, { 106, 202, 222 },
	{ 81, 90, 240 }, { 41, 240, 110 }, { 16, 128, 128 } };
enum { BLACK = 16, WHITE = 235, GREY = 128 };

static void
draw_plane(guint plane, guint64 n, guint8 *at, guint stride, guint width, guint height)
{
	guint upper = height * 3 / 4, square = height - upper;
	guint left = width > square ? n * SPEED / (plane ? 2 : 1) % (width - square) : 0;

	for (guint y = 0; y < height; y++, at += stride) {
		if (y >= upper) {
			memset(at, plane ? GREY : BLACK, width);
			if (!plane)
				memset(at + left, WHITE, MIN(square, width));
			continue;
		}
		for (guint bar = 0; bar < BARS; bar++)
			memset(at + bar * width / BARS, bars[bar][plane], (bar + 1) * width / BARS - bar * width / BARS);
	}
}

void
testcard_draw(guint64 n, guint8 *bytes, const GstVideoInfo *info)
{
	for (guint plane = 0; plane < 3; plane++)
		draw_plane(plane, n, bytes + GST_VIDEO_INFO_PLANE_OFFSET(info, plane), GST_VIDEO_INFO_PLANE_STRIDE(info, plane),
			GST_VIDEO_INFO_COMP_WIDTH(info, plane), GST_VIDEO_INFO_COMP_HEIGHT(info, plane));
}
