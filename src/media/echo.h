/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was heard and seen, to be sent back: bots and the loopback test. From thread to thread. */
#pragma once

#include "api/public.h"

typedef struct Echo Echo;
Echo *echo_new(gsize limit); /* bytes that are kept; the oldest go */
void echo_free(Echo *echo);
void echo_put(Echo *echo, const guint8 *bytes, gsize size);
gsize echo_waiting(Echo *echo); /* bytes */
/* Exactly so many, or none at all. */
bool echo_get(Echo *echo, guint8 *bytes, gsize size);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Echo, echo_free)
