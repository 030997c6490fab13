/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of Opus can be told without decoding it: whether a packet is one. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

/* RFC 6716 §3.4, R1 to R7. */
bool opus_fits(const guint8 *packet, gsize size);
/* Nothing else passes this pad. */
void opus_bound(GstPad *pad);
