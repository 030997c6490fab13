/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn of a text: code points in, safe glyphs out; and where its lines are broken. */
#include "ui/glyph.h"

#include <string.h>
#include <wchar.h>

#define TAB_WIDTH 4
#define TAGS_MAX 8 /* of a flag of a region: letters and the cancel tag */

/* Characters that turn the direction or cannot be seen, by the names that people know them by. */
static const struct {
	gunichar c;
	const char *name;
} hidden[] = {
	{ 0x00ad, "SHY" },
	{ 0x034f, "CGJ" },
	{ 0x061c, "ALM" },
	{ 0x180e, "MVS" },
	{ 0x200b, "ZWSP" },
	{ 0x200c, "ZWNJ" },
	{ 0x200d, "ZWJ" },
	{ 0x200e, "LRM" },
	{ 0x200f, "RLM" },
	{ 0x2028, "LS" },
	{ 0x2029, "PS" },
	{ 0x202a, "LRE" },
	{ 0x202b, "RLE" },
	{ 0x202c, "PDF" },
	{ 0x202d, "LRO" },
	{ 0x202e, "RLO" },
	{ 0x2060, "WJ" },
	{ 0x2066, "LRI" },
	{ 0x2067, "RLI" },
	{ 0x2068, "FSI" },
	{ 0x2069, "PDI" },
	{ 0xfeff, "BOM" },
};

/* Letters without ink, and marks of notation that draw nothing. */
static bool
is_blank_letter(gunichar c)
{
	return c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800 || (c >= 0x17b4 && c <= 0x17b5);
}

static bool
is_pictograph(gunichar c)
{
	return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2190 && c <= 0x2bff) || c == 0xa9 || c == 0xae || c == 0x3030 ||
	       c == 0x303d || c == 0x3297 || c == 0x3299;
}

static bool
is_skin_tone(gunichar c)
{
	return c >= 0x1f3fb && c <= 0x1f3ff;
}

/* Scripts that write with joiners, and pictures that are joined. */
static bool
takes_joiner(gunichar base)
{
	return (base >= 0x0590 && base < 0x1e00) || base == 0x200d || is_pictograph(base) || (base >= 0xa8e0 && base < 0xac00) ||
	       (base >= 0xfb50 && base < 0xff00) || (base >= 0x10a00 && base < 0x12000);
}

static bool
takes_selector(gunichar base, gunichar c)
{
	if (c >= 0xe0100)
		return base >= 0x2e80;
	return base >= 0x80 || g_ascii_isdigit(base) || base == '#' || base == '*';
}

static bool
is_selector(gunichar c)
{
	return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

static gunichar
decode(const char *text, const char *end, size_t *bytes)
{
	gunichar c = (guchar)*text;
	if (c < 0x80) {
		*bytes = 1;
		return c;
	}
	c = g_utf8_get_char_validated(text, end - text);
	if (c == (gunichar)-1 || c == (gunichar)-2) {
		*bytes = 1;
		return 0xfffd;
	}
	*bytes = g_unichar_to_utf8(c, NULL);
	return c;
}

static void
set_word(struct glyph *glyph, gunichar c)
{
	const char *name = NULL;
	glyph->odd = true;
	glyph->count = 0;
	for (guint i = 0; i < G_N_ELEMENTS(hidden) && !name; i++)
		if (hidden[i].c == c)
			name = hidden[i].name;
	if (c < 0x20 || c == 0x7f)
		glyph->width = g_snprintf(glyph->word, sizeof glyph->word, "^%c", (int)(c ^ 0x40));
	else if (name)
		glyph->width = g_snprintf(glyph->word, sizeof glyph->word, "‹%s›", name) - 4;
	else
		glyph->width = g_snprintf(glyph->word, sizeof glyph->word, "‹%X›", c) - 4;
}

/* Nothing can be seen of it on its own. */
static bool
is_hidden(gunichar c, int width)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || is_blank_letter(c) || is_selector(c) || (c >= 0xe0000 && c <= 0xe0fff))
		return true;
	for (guint i = 0; i < G_N_ELEMENTS(hidden); i++)
		if (hidden[i].c == c)
			return true;
	return width == 0 && !g_unichar_ismark(c) && g_unichar_type(c) != G_UNICODE_OTHER_LETTER;
}

/* What follows a base and is stored but not drawn, or is drawn upon it. */
static void
take_followers(struct glyph *glyph, const char *text, const char *end)
{
	gunichar base = glyph->chars[0], last = base;
	guint tags = 0, selectors = 0;
	while (text + glyph->bytes < end) {
		size_t bytes;
		gunichar c = decode(text + glyph->bytes, end, &bytes);
		if (c < 0x300)
			return;
		if (c == 0x200d || c == 0x200c) {
			if (!takes_joiner(base) || last == 0x200d || last == 0x200c)
				return;
		} else if (is_selector(c)) {
			/* One each: rows of selectors carry smuggled bytes. */
			if (!takes_selector(base, c) || selectors++)
				return;
		} else if (c >= 0xe0020 && c <= 0xe007f) {
			if (base != 0x1f3f4 || tags++ == TAGS_MAX)
				return;
		} else if (is_skin_tone(c)) {
			if (!is_pictograph(base) || is_skin_tone(base))
				return;
		} else if (g_unichar_ismark(c) && wcwidth(c) == 0 && !is_hidden(c, 0)) {
			if (glyph->count < GLYPH_CHARS)
				glyph->chars[glyph->count++] = c;
		} else if (c >= 0x1160 && c <= 0x11ff && base >= 0x1100 && base < 0x1160) {
			if (glyph->count < GLYPH_CHARS)
				glyph->chars[glyph->count++] = c;
		} else {
			return;
		}
		last = c;
		glyph->bytes += bytes;
	}
}

void
glyph_next(struct glyph *glyph, const char *text, const char *end)
{
	memset(glyph, 0, sizeof *glyph);
	gunichar c = decode(text, end, &glyph->bytes);
	if (c == '\n') {
		glyph->ends_line = true;
		return;
	}
	glyph->chars[0] = c;
	glyph->count = 1;
	glyph->width = 1;
	if (c >= 0x20 && c < 0x7f) {
		glyph->space = c == ' ';
		if (text + glyph->bytes < end && (guchar)text[glyph->bytes] >= 0x80)
			take_followers(glyph, text, end);
		return;
	}
	if (c == '\t') {
		memset(glyph->word, ' ', TAB_WIDTH);
		glyph->width = TAB_WIDTH;
		glyph->space = true;
		glyph->count = 0;
		return;
	}
	int width = wcwidth(c);
	if (is_hidden(c, width)) {
		set_word(glyph, c);
		return;
	}
	if (width < 0) {
		glyph->chars[0] = 0xfffd;
		glyph->odd = true;
		return;
	}
	if (width == 0) {
		/* A mark without a base would sit on whatever we drew before. */
		glyph->chars[0] = 0x25cc;
		glyph->chars[glyph->count++] = c;
		glyph->odd = true;
		take_followers(glyph, text, end);
		return;
	}
	glyph->width = width;
	if (c == 0xa0 || g_unichar_isspace(c)) {
		glyph->chars[0] = ' ';
		if (width == 2)
			memset(glyph->word, ' ', 2);
		glyph->space = c != 0xa0;
		return;
	}
	take_followers(glyph, text, end);
}

int
glyph_width(const char *text, size_t length)
{
	int width = 0;
	const char *end = text + length;
	struct glyph glyph;
	for (; text < end; text += glyph.bytes) {
		glyph_next(&glyph, text, end);
		width += glyph.ends_line ? 2 : glyph.width;
	}
	return width;
}

size_t
glyph_fit(const char *text, size_t length, int width)
{
	size_t at = 0;
	while (at < length) {
		struct glyph glyph;
		glyph_next(&glyph, text + at, text + length);
		width -= glyph.ends_line ? 2 : glyph.width;
		if (width < 0)
			break;
		at += glyph.bytes;
	}
	return at;
}

size_t
wrap_next(const char *text, size_t length, int width, size_t *next)
{
	const char *end = text + length;
	size_t at = 0, word_end = 0, word_next = 0;
	int used = 0;
	bool in_space = true;
	width = MAX(width, 1);
	while (at < length) {
		struct glyph glyph;
		glyph_next(&glyph, text + at, end);
		if (glyph.ends_line) {
			*next = at + glyph.bytes;
			return at;
		}
		if (used + glyph.width > width && used > 0) {
			/* Spaces at the border hang over and are not drawn. */
			if (glyph.space) {
				size_t drawn = in_space ? word_end : at;
				while (at < length && text[at] == ' ')
					at++;
				if (at < length && text[at] == '\n')
					at++;
				*next = at;
				return drawn;
			}
			if (word_next > 0) {
				*next = word_next;
				return word_end;
			}
			*next = at;
			return at;
		}
		if (glyph.space && !in_space)
			word_end = at;
		used += glyph.width;
		at += glyph.bytes;
		if (glyph.space && word_end > 0)
			word_next = at;
		in_space = glyph.space;
	}
	*next = length;
	return length;
}

guint
wrap_count(const char *text, size_t length, int width)
{
	guint count = 1;
	size_t next;
	for (size_t at = 0; at < length; at += next, count++) {
		wrap_next(text + at, length - at, width, &next);
		if (at + next >= length) {
			/* A line break at the very end opens no line. */
			break;
		}
	}
	return count;
}
