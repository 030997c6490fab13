/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures as rows of red, green and blue, 8 bit each, without padding. */
#pragma once

#include "api/public.h"

enum { PIXELS_WIDTH_MAX = 1280, PIXELS_HEIGHT_MAX = 720 };

struct pixels {
	guint width, height;
	guint8 *rgb;
};

/* A black one; what it held is lost. Sizes are held between 0 and the greatest. */
void pixels_size(struct pixels *pixels, guint width, guint height);
void pixels_clear(struct pixels *pixels);
/* The greatest rectangle with the shape of width x height that fits into room. */
void pixels_fit(guint width, guint height, guint room_width, guint room_height, guint *fit_width, guint *fit_height);
/* From, scaled to width x height, into `into` at x, y; what would stand outside is left out. */
void pixels_blit(struct pixels *into, int x, int y, guint width, guint height, const struct pixels *from);
