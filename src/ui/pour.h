/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes for the terminal that may be left out: pictures. A whole piece goes or none of it, and nobody ever waits for one. */
#pragma once

#include "api/public.h"

/* The last piece is gone, and over a slow line the terminal has said that it has it: one more may be poured. */
bool pour_can(void);
/* Only after pour_can() said yes. What the terminal does not take at once leaves as soon as it does. */
void pour(const char *bytes, size_t length);
/* Tries to be done with the last piece. False: others must not write now, it would be in the middle of it. */
bool pour_rest(void);
/* Waits a moment for what is left; before others must write. */
void pour_settle(void);
void pour_answer(void); /* the terminal has said that it has it */
void pour_stop(void);   /* the terminal is given away */
