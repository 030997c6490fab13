/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the word at the cursor could become. */
#pragma once

#include "api/cmd.h"
#include "api/event.h"

struct candidates;
struct candidates *candidates_new(const char *prefix);
/* Kept if it begins with the prefix in any case and is not there yet. data is the struct candidates. */
void candidates_add(const char *word, gpointer data);
void candidates_add_type(struct candidates *found, const struct arg *arg, const struct cmd_call *call);
void candidates_add_text(struct candidates *found, bool line_start);
guint candidates_count(const struct candidates *found);
/* Sorted (recent people first), in a command quoted where needed. Frees found. */
GPtrArray *candidates_end(struct candidates *found, bool quoted);

/* Who spoke last: watches EVENT_MESSAGE_ADDED. */
extern const struct event_watch candidates_watch_rows[];
