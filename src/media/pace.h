/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No more than so many pictures a second through a pad. videorate would give up the process over a picture without duration. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

typedef struct Pace Pace;
/* Lives until the pad is gone. */
Pace *pace_new(GstPad *pad, guint rate);
void pace_set(Pace *pace, guint rate); /* from any thread */
