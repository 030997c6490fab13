/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of our addresses the kernel uses towards another. */
#pragma once

#include "api/public.h"

/* toward: an address in figures, "" the world. NULL: there is no way. Nothing is sent. */
char *route_from(const char *toward);
