/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was cut: one ring for all windows, as people expect of a clipboard. */
#pragma once

#include "api/public.h"

void kills_add(const char *piece);
/* The cut before went on: the piece stands in front of it or behind it. */
void kills_extend(const char *piece, bool in_front);
guint kills_count(void);
const char *kills_get(guint at); /* the newest is the last. Borrowed until the next cut */
