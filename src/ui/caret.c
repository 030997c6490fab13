/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places in a text where a cursor can stand: characters as people see them, words, lines. */
#include "ui/caret.h"

#include <unigbrk.h>

#define STRETCH 256

/* Where characters as people see them begin, in a stretch of text. A pair of neighbours does not tell it: families and
 * flags are longer, so the stretch starts at plain text. */
static size_t
step(const GString *text, size_t at, bool back)
{
	const char *bytes = text->str;
	size_t from = at, to = at;
	while (from > 0 && at - from < STRETCH && (from == at || (guchar)bytes[from] >= 0x80))
		from--;
	while (from > 0 && (bytes[from] & 0xc0) == 0x80)
		from--;
	while (to < text->len && to - at < STRETCH && (to == at || (guchar)bytes[to] >= 0x80))
		to++;
	while (to < text->len && (bytes[to] & 0xc0) == 0x80)
		to++;
	g_autofree char *breaks = g_malloc0(to - from + 1);
	u8_grapheme_breaks((const uint8_t *)bytes + from, to - from, breaks);
	if (back) {
		size_t found = at > from ? at - 1 : from;
		while (found > from && !breaks[found - from])
			found--;
		return found;
	}
	size_t found = at < to ? at + 1 : to;
	while (found < to && !breaks[found - from])
		found++;
	return found;
}

size_t
caret_before(const GString *text, size_t at)
{
	return step(text, at, true);
}

size_t
caret_after(const GString *text, size_t at)
{
	return step(text, at, false);
}

static bool
is_word_at(const GString *text, size_t at)
{
	gunichar c = g_utf8_get_char(text->str + at);
	return g_unichar_isalnum(c) || g_unichar_ismark(c) || (c >= 0x1f000 && c < 0x20000);
}

size_t
caret_word_before(const GString *text, size_t at)
{
	while (at && !is_word_at(text, caret_before(text, at)))
		at = caret_before(text, at);
	while (at && is_word_at(text, caret_before(text, at)))
		at = caret_before(text, at);
	return at;
}

size_t
caret_word_after(const GString *text, size_t at)
{
	while (at < text->len && !is_word_at(text, at))
		at = caret_after(text, at);
	while (at < text->len && is_word_at(text, at))
		at = caret_after(text, at);
	return at;
}

/* Up to the space before: what Ctrl+W takes. */
size_t
caret_space_before(const GString *text, size_t at)
{
	const char *bytes = text->str;
	while (at && g_ascii_isspace(bytes[at - 1]))
		at--;
	while (at && !g_ascii_isspace(bytes[at - 1]))
		at--;
	return at;
}

size_t
caret_line_start(const GString *text, size_t at)
{
	while (at && text->str[at - 1] != '\n')
		at--;
	return at;
}

size_t
caret_line_end(const GString *text, size_t at)
{
	while (at < text->len && text->str[at] != '\n')
		at++;
	return at;
}
