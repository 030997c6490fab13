/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the threads of GStreamer and libnice to the main loop, which owns all that is ours. */
#pragma once

#include "api/public.h"

/* done (may be NULL) frees data afterwards. In order. */
void post(void (*what)(gpointer data), gpointer data, GDestroyNotify done);
