/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes of Jingle as values: read exactly and within bounds, or not at all. */
#pragma once

#include "api/stanza.h"

/* "" when the attribute is missing: none of the readers takes that. */
const char *value_attr(const Element *element, const char *name);
/* Digits alone, low <= number <= high. */
bool value_number(const char *text, guint32 low, guint32 high, guint32 *number);
/* The attribute as a number; missing: *number stays as it is. False with FAULT_PEER when it is there and is none. */
bool value_number_attr(const Element *element, const char *name, guint32 low, guint32 high, guint32 *number, GError **error);
/* 1 to max bytes, no control characters: names and session ids. */
bool value_plain(const char *text, size_t max);
/* The same in visible ASCII: addresses, words. */
bool value_ascii(const char *text, size_t max);
/* RFC 8839 §5.1 ice-char, low to high of them. */
bool value_ice(const char *text, size_t low, size_t high);
