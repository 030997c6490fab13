/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The formats of RTP that we speak, as caps. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

enum format { FORMAT_OPUS, FORMAT_DTMF, FORMAT_DTMF_NARROW, FORMAT_VP8, FORMAT_RTX, FORMATS };

/* With this payload type; of: the type that RTX repeats; twcc: id of the header extension, 0 none. */
GstCaps *formats_caps(enum format format, int pt, int of, guint twcc);
/* A payloader numbers its packets for the receiver's reports. */
void formats_extend(GstElement *payloader, guint twcc);
