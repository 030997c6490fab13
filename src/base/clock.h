/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock seam: api/timer.h for the program; tests hold the time and turn it. */
#pragma once

#include "api/timer.h"

void clock_hold(gint64 now); /* from now on time stands still and no real timer fires */
void clock_turn(guint ms);   /* let held time pass: due calls are made in order */
