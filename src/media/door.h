/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door in the fence: a process beside us that stands outside and knows one address, that of the sound server. */
#pragma once

#include "api/public.h"

/* Made before the fence and before any thread. No sound server by a Unix socket: no door, all is well. */
bool door_make(GError **error);
/* Is there one? */
bool door_is_there(void);
/* Gives it the descriptor by which the kernel asks for a socket (seccomp), and forgets both. */
void door_hand_over(int listener);
