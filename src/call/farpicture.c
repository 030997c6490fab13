/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As many points as half blocks on a large screen show, ten times a second: about half a megabyte a second at most. */
#include "call/farpicture.h"

#include <math.h>
#include <string.h>

enum { POINTS = 160 * 100, RATE = 10 };

void
far_picture_ask(struct far_picture *picture, guint *width, guint *height, guint *rate)
{
	double scale = sqrt((double)POINTS / MAX((double)*width * *height, 1));

	far_picture_clear(picture);
	if (!*width || !*height)
		return;
	picture->width = *width;
	picture->height = *height;
	*rate = MIN(*rate, RATE);
	if (scale >= 1)
		return;
	*width = MAX((guint)(*width * scale), 2);
	*height = MAX((guint)(*height * scale), 2);
}

void
far_picture_enlarge(struct far_picture *picture, struct call_frame *frame)
{
	guint8 *to;

	if (!picture->width || (frame->width >= picture->width && frame->height >= picture->height))
		return;
	if (!picture->rgb)
		picture->rgb = g_malloc((gsize)picture->width * picture->height * 3);
	to = picture->rgb;
	for (guint row = 0; row < picture->height; row++) {
		const guint8 *line = frame->rgb + (gsize)3 * frame->width * ((guint64)row * frame->height / picture->height);

		for (guint col = 0; col < picture->width; col++, to += 3)
			memcpy(to, line + 3 * ((guint64)col * frame->width / picture->width), 3);
	}
	frame->width = picture->width;
	frame->height = picture->height;
	frame->rgb = picture->rgb;
}

void
far_picture_clear(struct far_picture *picture)
{
	g_free(picture->rgb);
	*picture = (struct far_picture){ 0 };
}
