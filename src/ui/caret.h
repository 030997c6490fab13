/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places in a text where a cursor can stand, in bytes from its start. */
#pragma once

#include "api/public.h"

size_t caret_before(const GString *text, size_t at);
size_t caret_after(const GString *text, size_t at);
size_t caret_word_before(const GString *text, size_t at);
size_t caret_word_after(const GString *text, size_t at);
size_t caret_space_before(const GString *text, size_t at); /* what Ctrl+W takes */
size_t caret_line_start(const GString *text, size_t at);
size_t caret_line_end(const GString *text, size_t at);
