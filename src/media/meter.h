/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How loud it is, and how many pieces came by: a probe on a pad of 16 bit samples, or of anything. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

typedef struct Meter Meter;
/* Lives longer than what flows through the pad. */
Meter *meter_new(GstPad *pad, bool sound);
void meter_free(Meter *meter);
/* dBFS since the last look, -100 silence, NaN when nothing came. */
double meter_level(Meter *meter);
guint64 meter_pieces(Meter *meter);
