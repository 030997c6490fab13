/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media's end of the link. */
#pragma once

#include "api/public.h"

/* Serves one call over the connected socket fd until the other end is gone. */
void link_run(int fd);
