/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a terminal can do beyond text: it is asked once, when a picture is to be shown for the first time. */
#pragma once

#include "api/public.h"

void probe_ask(void (*known)(void)); /* asks if nobody did; known is called when answers have come */
void probe_answer(const char *text); /* what came back */
void probe_reset(void);
bool probe_kitty(void);                       /* shows pictures by the protocol of kitty */
bool probe_sixel(void);                       /* shows sixels */
bool probe_cell(guint *width, guint *height); /* pixels of a cell; false: not known */
bool probe_is_far(void);                      /* at the end of ssh */
