/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions that wait for an answer, as they stand in the windows. */
#pragma once

#include "api/event.h"
#include "ui/window.h"

extern const struct event_watch questions_rows[];
void questions_start(void);
void questions_stop(void);
/* Of this window first: how to answer, "? /no or /yes"; else of the oldest: where it stands, "? 2"; and what it asks. NULL: none
 * waits. Borrowed. */
const char *questions_words(const Window *window, const char **text);
/* An open question of this window that has this choice: answered. */
bool questions_answer(const Window *window, const char *choice);
void questions_answer_plain(const Window *window); /* Enter without a word: the first choice, where it is about no chat */
