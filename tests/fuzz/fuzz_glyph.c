/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of any bytes: every step advances, no line is wider than its place, nothing unsafe is drawn. The same bytes as keys. */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

#include "ui/glyph.h"
#include "ui/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_glyph(const struct glyph *glyph, size_t left)
{
	must(glyph->bytes > 0 && glyph->bytes <= left && glyph->count <= GLYPH_CHARS);
	for (guint i = 0; i < glyph->count && !*glyph->word && !glyph->ends_line; i++) {
		gunichar c = glyph->chars[i];
		must(c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
			!(c >= 0x2066 && c <= 0x2069) && !(c >= 0xe0000 && c <= 0xe0fff));
		must(i ? wcwidth(c) == 0 : wcwidth(c) == glyph->width);
	}
}

static void
on_key(const char *name, const char *text, gpointer data)
{
	(void)data;
	must(*name && g_utf8_validate(name, -1, NULL) && (!text || g_utf8_validate(text, -1, NULL)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	struct glyph glyph;
	int width;
	if (!size)
		return 0;
	setlocale(LC_CTYPE, "C.UTF-8");
	width = 1 + data[0] % 20;
	for (const char *at = text; at < end; at += glyph.bytes) {
		glyph_next(&glyph, at, end);
		check_glyph(&glyph, end - at);
	}
	size_t next, lines = 0;
	for (size_t at = 0; at < size; at += next, lines++) {
		size_t drawn = wrap_next(text + at, size - at, width, &next);
		must(next > 0 && drawn <= next && at + next <= size);
		must(glyph_width(text + at, drawn) <= MAX(width, 8));
	}
	must(wrap_count(text, size, width) == MAX(lines, 1));
	g_autoptr(Decoder) decoder = decoder_new(on_key, NULL);
	decoder_feed(decoder, text, size / 2);
	decoder_feed(decoder, text + size / 2, size - size / 2);
	return 0;
}
