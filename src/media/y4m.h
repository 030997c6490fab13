/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Films without codec: YUV4MPEG2 with 4:2:0. */
#pragma once

#include "api/error.h"

struct y4m {
	guint width, height, rate;
	const guint8 *bytes; /* borrowed */
	gsize size, first;   /* of the whole; where the first picture's line begins */
};

bool y4m_read(const guint8 *bytes, gsize size, struct y4m *film, GError **error);
/* The planes of the n-th picture, tight; it begins anew at the end. NULL: it is cut off. */
const guint8 *y4m_picture(const struct y4m *film, guint64 n);
