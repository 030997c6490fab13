/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before a call: how loud the microphone is, and how it sounds to oneself half a second later, through the codec of a call. */
#pragma once

#include "base/medialink.h"

typedef struct Levels Levels;
/* Sends MEDIA_STATS five times a second, with levels alone. fds: those that came with start. */
Levels *levels_new(MediaLink *link, bool loopback, GVariant *start, const int *fds, GError **error);
void levels_free(Levels *levels); /* closes the devices; NULL is fine */
