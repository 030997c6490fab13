/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One frame on its way to the terminal: gathered, shortened, and written in one piece. */
#pragma once

#include "api/public.h"

/* What is written to fd until frame_end() is gathered. False where that is not possible: then it goes its way. */
bool frame_begin(int fd);
/* Back to the terminal, with everything. rows: of the screen; exact: leave every byte as it is. */
void frame_end(int fd, int rows, bool exact);
void frame_stop(void);

/* In place; returns the new length. For tests. */
size_t frame_shorten(char *bytes, size_t length, int rows);
