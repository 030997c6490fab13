/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions without a call (MEDIA_ASK): which devices there are, how loud the microphone is, what a call would meet on its way. */
#pragma once

#include "base/medialink.h"

/* what: "devices", "levels", "loopback", "doctor". start: the last START (sotto sends one without contents before it asks: sources,
 * sinks and relays are in it), NULL when there was none. fds: those of START (MEDIA_FDS, -1 none), stay the caller's. Answers go
 * over link until media_link's end; a new question ends the one before. */
void ask_begin(MediaLink *link, const char *what, GVariant *start, const int *fds);
/* Before the link is freed: pipelines and sockets of a question end. */
void ask_end(void);
