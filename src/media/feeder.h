/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source that is no device: at an even pace a function fills the next piece. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

/* Fills the n-th piece; runs in the feeder's thread. */
typedef void (*feeder_fill)(gpointer owner, guint64 n, guint8 *bytes, gsize size);

typedef struct Feeder Feeder;
/* appsrc is in the pipeline, with its caps, and started; size bytes each duration. */
Feeder *feeder_new(GstElement *appsrc, gsize size, GstClockTime duration, feeder_fill fill, gpointer owner);
void feeder_free(Feeder *feeder); /* returns when the thread has ended */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Feeder, feeder_free)
