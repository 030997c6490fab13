/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of TABLE_TIMERS: each ticks from the moment it is in the table until it leaves it. */
#pragma once

void timers_init(void);
