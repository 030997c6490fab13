/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a result of the archive stands in time. Stamps alone give no order (XEP-0313 §3): many servers know whole seconds only.
 * What the archive has before another message is shown before it, though it was fetched after it. */
#pragma once

#include "api/public.h"

/* A way through the archive, oldest first. */
struct place {
	gint64 before; /* what comes next behind it is kept with this time */
	gint64 last;   /* the result before the next one is kept with this time */
};
/* before: G_MAXINT64 if nothing that is kept comes behind it. */
void place_begin(struct place *place, gint64 before);
/* The time to keep a result with; its stamp, unless that stands on the wrong side of a neighbour of the same second. */
gint64 place_at(const struct place *place, gint64 stamp);
/* A result is kept with this time, also one that was there before. */
void place_met(struct place *place, gint64 sent_at);
