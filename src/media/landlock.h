/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock: which files the process can still open, whatever code runs in it. */
#pragma once

#include "api/public.h"

/* For this thread and all that it will make: call it while it is the only one. Returns the version of the kernel's Landlock, 0 when
 * it has none (then nothing is closed), -1 with an error. */
int landlock_close(GError **error);
