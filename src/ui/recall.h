/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines that were written before in a window: going back to them, and looking for one. */
#pragma once

#include "api/public.h"

typedef struct Recall Recall;

Recall *recall_new(void);
void recall_free(Recall *recall);
/* A line is done: it is the newest, unless it says the same once more or nothing. */
void recall_add(Recall *recall, const char *text);

/* Each gives the text to show, borrowed until the next call, or NULL when there is none. written: what stands in the input, kept
 * while others are shown. */
const char *recall_older(Recall *recall, const char *written);
const char *recall_newer(Recall *recall);
const char *recall_written(Recall *recall, const char *written);
/* Look from the newest on; each search goes on where the last one found something. */
void recall_search_anew(Recall *recall);
const char *recall_search(Recall *recall, const char *piece, const char *written);
