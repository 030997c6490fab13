/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter of system calls: a list of those that media needs; others fail or kill. */
#pragma once

#include "api/public.h"

/* For all threads of the process. files: may files be opened at all (Landlock says which). door: Unix sockets come from there;
 * *listener is then what it must be given. */
bool filter_close(bool files, bool door, int *listener, GError **error);
