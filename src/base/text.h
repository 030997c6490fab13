/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and identifiers. */
#pragma once

#include "api/public.h"

/* A fresh unguessable id of 24 characters from [A-Za-z0-9] (over 128 bits): stanza ids, resources. Caller frees. */
char *text_random_id(void);
/* Valid UTF-8 without NUL, invalid bytes as U+FFFD. Caller frees. */
char *text_make_valid(const char *bytes, gssize length);
/* Cut to at most max bytes on a character border, with … if cut. Caller frees. */
char *text_cut(const char *text, size_t max);
/* RFC 3339 in UTC, "2026-11-24T13:45:00Z" with milliseconds if wanted; and back: 0 when it is none (XEP-0082). */
char *text_time(gint64 us, bool with_ms);
gint64 text_time_parse(const char *text);
/* Lower-case hex. */
char *text_hex(const void *bytes, size_t length);
/* Strict base64 (no stray characters); NULL when it is none or longer than max bytes. */
guint8 *text_base64(const char *text, size_t max, size_t *length);
