/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the headless front end tells: one JSON object a line. A field that is unknown is absent. */
#pragma once

#include "api/event.h"

#include <json-glib/json-glib.h>

/* With the event's name and the time. */
JsonObject *json_begin(const char *event);
void json_put(JsonObject *object, const char *name, const char *value);                   /* NULL: absent */
void json_put_list(JsonObject *object, const char *name, const char *const *values);      /* NULL: absent */
void json_put_number(JsonObject *object, const char *name, double value, int fractional); /* rounded */
void json_print(JsonObject *object);                                                      /* takes it */

/* headless-chat.c: contacts and messages. */
extern const struct event_watch headless_chat_rows[];
/* headless-calls.c: what calls are, and how they go. */
extern const struct event_watch headless_call_rows[];
