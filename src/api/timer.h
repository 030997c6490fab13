/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers of rows. A period costs a wake-up: use minutes and hours, and only where no event serves. */
#pragma once

#include "public.h"

struct timer {
	const char *name;
	int seconds; /* between two calls */
	void (*tick)(void);
};

/* 2020-01-01: a machine whose clock says less has lost it, and what it says means nothing. */
#define CLOCK_LEAST (G_GINT64_CONSTANT(1577836800) * G_USEC_PER_SEC)

/* The time, through the seam that tests turn. */
PUBLIC gint64 clock_now(void);       /* µs since the epoch, UTC */
PUBLIC gint64 clock_monotonic(void); /* µs */
/* Once, in ms; returns an id for clock_cancel(). */
PUBLIC guint clock_after(guint ms, void (*call)(gpointer data), gpointer data, GDestroyNotify data_free);
PUBLIC void clock_cancel(guint id);
