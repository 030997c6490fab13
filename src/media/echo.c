/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of bytes. */
#include "media/echo.h"

#include <string.h>

struct Echo {
	GMutex lock;
	guint8 *ring;
	gsize limit, from, size;
};

Echo *
echo_new(gsize limit)
{
	Echo *echo = g_new0(Echo, 1);

	g_mutex_init(&echo->lock);
	echo->limit = limit;
	return echo;
}

void
echo_free(Echo *echo)
{
	if (!echo)
		return;
	g_mutex_clear(&echo->lock);
	g_free(echo->ring);
	g_free(echo);
}

void
echo_put(Echo *echo, const guint8 *bytes, gsize size)
{
	if (size > echo->limit)
		return;
	g_mutex_lock(&echo->lock);
	if (!echo->ring)
		echo->ring = g_malloc(echo->limit);
	if (echo->size + size > echo->limit) {
		gsize lost = echo->size + size - echo->limit;
		echo->from = (echo->from + lost) % echo->limit;
		echo->size -= lost;
	}
	gsize at = (echo->from + echo->size) % echo->limit, first = MIN(size, echo->limit - at);
	memcpy(echo->ring + at, bytes, first);
	memcpy(echo->ring, bytes + first, size - first);
	echo->size += size;
	g_mutex_unlock(&echo->lock);
}

gsize
echo_waiting(Echo *echo)
{
	g_mutex_lock(&echo->lock);
	gsize size = echo->size;
	g_mutex_unlock(&echo->lock);
	return size;
}

bool
echo_get(Echo *echo, guint8 *bytes, gsize size)
{
	bool enough;

	g_mutex_lock(&echo->lock);
	enough = echo->size >= size;
	if (enough) {
		gsize first = MIN(size, echo->limit - echo->from);
		memcpy(bytes, echo->ring + echo->from, first);
		memcpy(bytes + first, echo->ring, size - first);
		echo->from = (echo->from + size) % echo->limit;
		echo->size -= size;
	}
	g_mutex_unlock(&echo->lock);
	return enough;
}
