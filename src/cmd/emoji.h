/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emoji by name, for completion after a colon. */
#pragma once

#include "api/public.h"

/* Those whose name begins with prefix (at least two letters), in the order of the table. */
void emoji_each(const char *prefix, void (*visit)(const char *emoji, gpointer data), gpointer data);
