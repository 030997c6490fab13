/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many bits a second our picture may have, from what the other side reports. */
#pragma once

#include "api/public.h"

enum { BITRATE_LEAST = 80000, BITRATE_FIRST = 600000, BITRATE_MOST = 1500000 };

struct bitrate {
	guint bits;     /* 0: not begun */
	double rtt_min; /* ms */
};

/* Once a second; loss 0..1, rtt in ms, negative where unknown. */
guint bitrate_next(struct bitrate *bitrate, double loss, double rtt);
