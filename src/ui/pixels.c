/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures are scaled by sotto-media to the size that is asked for; what is left for here is the odd one after a change of
 * sizes, so the nearest pixel will do. */
#include "ui/pixels.h"

#include <string.h>

void
pixels_size(struct pixels *pixels, guint width, guint height)
{
	width = MIN(width, PIXELS_WIDTH_MAX);
	height = MIN(height, PIXELS_HEIGHT_MAX);
	if (pixels->width != width || pixels->height != height) {
		pixels_clear(pixels);
		pixels->width = width;
		pixels->height = height;
		pixels->rgb = g_malloc((gsize)width * height * 3);
	}
	if (pixels->rgb)
		memset(pixels->rgb, 0, (gsize)width * height * 3);
}

void
pixels_clear(struct pixels *pixels)
{
	g_free(pixels->rgb);
	*pixels = (struct pixels){ 0 };
}

void
pixels_fit(guint width, guint height, guint room_width, guint room_height, guint *fit_width, guint *fit_height)
{
	if (!width || !height) {
		*fit_width = *fit_height = 0;
		return;
	}
	*fit_width = MIN(room_width, (guint)((guint64)room_height * width / height));
	*fit_height = MIN(room_height, (guint)((guint64)room_width * height / width));
}

void
pixels_blit(struct pixels *into, int x, int y, guint width, guint height, const struct pixels *from)
{
	if (!from->width || !from->height)
		return;
	for (guint row = 0; row < height; row++) {
		int to_y = y + (int)row;
		if (to_y < 0 || to_y >= (int)into->height)
			continue;
		const guint8 *line = from->rgb + (gsize)(row * from->height / height) * from->width * 3;
		guint8 *to = into->rgb + (gsize)to_y * into->width * 3;
		for (guint col = 0; col < width; col++) {
			int to_x = x + (int)col;
			if (to_x >= 0 && to_x < (int)into->width)
				memcpy(to + 3 * to_x, line + 3 * (col * from->width / width), 3);
		}
	}
}
