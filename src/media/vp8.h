/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is looked at around the codec: how large the peer's pictures are, how often it asks for a whole one. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

enum { VP8_LONG_MAX = 1280, VP8_SHORT_MAX = 720 };

/* May this frame go to the decoder? Only whole pictures tell their size. */
bool vp8_fits(const guint8 *frame, gsize size);
/* On the pad before the decoder: what does not fit is dropped. */
void vp8_bound(GstPad *pad);
/* On the encoder's source pad: one whole picture per half second, however often it is asked for. */
void vp8_calm(GstPad *pad);
