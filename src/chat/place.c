/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat/place.h"

/* A whole second counts a little later: there is room before it for what else was said in it and is fetched later, while most of
 * what was said live in it still comes behind. */
#define ROOM_US G_TIME_SPAN_MILLISECOND

void
place_begin(struct place *place, gint64 before)
{
	*place = (struct place){ .before = before, .last = G_MININT64 };
}

/* Further apart the archive itself is not in the order of its stamps, and the stamps are right. */
static bool
are_near(gint64 earlier, gint64 later)
{
	return later >= earlier && later - earlier <= G_USEC_PER_SEC;
}

gint64
place_at(const struct place *place, gint64 stamp)
{
	gint64 at = stamp % G_USEC_PER_SEC == 0 ? stamp + ROOM_US : stamp;

	if (place->last > at && place->last != G_MININT64 && are_near(at, place->last))
		at = place->last;
	if (place->before != G_MAXINT64 && are_near(place->before, at))
		at = place->before - 1;
	return at;
}

void
place_met(struct place *place, gint64 sent_at)
{
	place->last = sent_at;
}
