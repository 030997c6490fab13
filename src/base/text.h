/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and identifiers, beyond api/text.h. */
#pragma once

#include "api/text.h"

/* A fresh unguessable id of 24 characters from [A-Za-z0-9] (over 128 bits): stanza ids, resources. Caller frees. */
char *text_random_id(void);
/* Valid UTF-8 without NUL, invalid bytes as U+FFFD. Caller frees. */
char *text_make_valid(const char *bytes, gssize length);
/* Does it command a terminal or turn the direction of a text, or can it not be seen? Controls, overrides, isolates and their kin.
 */
bool text_turns(gunichar c);
/* Local time for people, "2026-11-24 13:45". Caller frees. */
char *text_local_time(gint64 us);
/* The way back from text_time(): 0 when it is none (XEP-0082). */
gint64 text_time_parse(const char *text);
