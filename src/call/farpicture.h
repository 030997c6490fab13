/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures that come by media.socket: each travels as it is drawn, so they are asked for small and made larger here. */
#pragma once

#include "api/call.h"

/* What was asked for above, and is owed to it. */
struct far_picture {
	guint width, height;
	guint8 *rgb; /* of that size, while pictures come */
};

/* Remembers the size and makes it one that can travel. width 0: no more of them. */
void far_picture_ask(struct far_picture *picture, guint *width, guint *height, guint *rate);
/* frame becomes the size that was asked for; its bytes are picture's until the next one. */
void far_picture_enlarge(struct far_picture *picture, struct call_frame *frame);
void far_picture_clear(struct far_picture *picture);
