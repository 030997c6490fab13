/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines in and lines out of the headless front end, without ever blocking the main loop. */
#pragma once

#include "api/public.h"

/* line is NULL at the end of input; too_long: it was cut and must not be run. */
typedef void (*pipe_line)(const char *line, bool too_long);
void pipe_start(pipe_line line);
void pipe_read(void); /* from now on: before it input waits in the kernel */
/* Queue one line; newline is added. */
void pipe_write(const char *text, size_t length);
/* How many lines were lost to a reader that is too slow, since the last call. Asked when the queue has room again. */
guint pipe_lost(void);
/* False when nobody reads any more. */
bool pipe_is_open(void);
void pipe_stop(void); /* what is queued still leaves, as long as the reader takes it */
