/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment that the user gave us. Our own is cleared of what could turn a library against us and set to what GIO
 * needs; programs that we start, ourselves again among them, get the user's. */
#pragma once

#include "api/public.h"

/* As it is now: first of all, before anything is changed. Once; later calls change nothing. */
void environment_save(void);
/* What was saved, for exec and its kin; our own where nothing was. Borrowed, until our own changes. */
char **environment_of_user(void);
