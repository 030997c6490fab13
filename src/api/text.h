/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text and bytes, as plugins need them. Callers free. */
#pragma once

#include "public.h"

/* Cut to at most max bytes on a character border, with … if cut. */
PUBLIC char *text_cut(const char *text, size_t max);
/* RFC 3339 in UTC, "2026-11-24T13:45:00Z" with milliseconds if wanted (XEP-0082). */
PUBLIC char *text_time(gint64 us, bool with_ms);
/* Lower-case hex. */
PUBLIC char *text_hex(const void *bytes, size_t length);
/* A word to read aloud for a byte, never another one; borrowed. */
PUBLIC const char *text_word(guint8 byte);
/* Strict base64 (no stray characters); NULL when it is none or longer than max bytes. */
PUBLIC guint8 *text_base64(const char *text, size_t max, size_t *length);
