/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often somebody may cause something: a bucket per peer that fills by the time. */
#pragma once

#include "api/public.h"

struct rate {
	double burst, per_second;
	GHashTable *buckets; /* made at first use */
};
/* Takes one; false when none is left. */
bool rate_take(struct rate *rate, const char *account, const char *peer);
