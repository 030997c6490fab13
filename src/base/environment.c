/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the environment was before we changed it. */
#define _GNU_SOURCE
#include "base/environment.h"

#include <unistd.h>

static char **saved;

void
environment_save(void)
{
	if (!saved)
		saved = g_get_environ();
}

char **
environment_of_user(void)
{
	return saved ? saved : environ;
}
