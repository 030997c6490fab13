/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fence around sotto-media: what a broken codec can still reach. Two steps, because libraries and plugins must be loaded in
 * between, and because Landlock holds only for threads that are made after it.
 *
 * What is left inside: memory, threads, time; UDP and TCP; the descriptors that were open or come over the link; reading below
 * /usr and the certificates of the system; /dev/video*; the sound server, and no other Unix socket: a process beside us, made
 * before the fence, hands out sockets that are connected to it, whatever address is asked for. Names are not resolved here: sotto
 * does that. Nothing can be run, signalled, traced, mounted; no file of a person can be opened. */
#pragma once

#include "api/public.h"

/* First of all in main(), before any thread, gst_init() or other library: a clean environment (with PULSE_SERVER set where there is
 * a sound server), limits, no core, no new privileges, Landlock where the kernel has it, and the process that knows the way to the
 * sound server. keep: descriptors that stay open besides 0, 1, 2 (-1 ends them); all others are closed. */
bool fence_begin(const int *keep, GError **error);

/* When everything is loaded and the first dtlsdec was made: system calls by an allow-list, for all threads. From here on
 * nothing of the network or of a peer may be parsed without it. Not in builds with sanitizers, which cannot live inside. */
bool fence_close(GError **error);

/* Can libraries still be loaded inside? Only where Landlock says which files: else all must be there before fence_close(). */
bool fence_opens_files(void);

/* What holds, for --fence: "landlock 5, seccomp" */
const char *fence_words(void);
