/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture that can be recognised: eight bars of colour, below them a white square that wanders. */
#pragma once

#include "api/public.h"

#include <gst/video/video.h>

/* Draws the n-th into I420 of that size. */
void testcard_draw(guint64 n, guint8 *bytes, const GstVideoInfo *info);
