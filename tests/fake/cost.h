/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a test pays for: the processor's time, of which a busy machine takes no more. */
#pragma once

#include <glib.h>
#include <time.h>

static inline gint64
cost_now(void) /* of this thread, in microseconds */
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return spent.tv_sec * G_USEC_PER_SEC + spent.tv_nsec / 1000;
}
