/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Right-to-left text by FriBidi. Most terminals, and all that run in tmux, show cells from left to right: who wants Hebrew or
 * Arabic to be read must put them in order himself. */
#include "ui/bidi.h"

#include <fribidi.h>

#define GLYPHS_MAX 1000
#define STRONG_WITHIN 4096 /* bytes in which a first letter is looked for */

bool bidi_is_on = true;

static bool
is_rtl_char(gunichar c)
{
	return c >= 0x590 && FRIBIDI_IS_RTL(fribidi_get_bidi_type(c));
}

bool
bidi_is_needed(const char *text, size_t length)
{
	if (!bidi_is_on)
		return false;
	for (const char *at = text, *end = text + length; at < end;) {
		struct glyph glyph;
		/* U+0590 and up begin with this byte or a higher one. */
		if ((guchar)*at < 0xd6) {
			at++;
			continue;
		}
		glyph_next(&glyph, at, end);
		if (glyph.count && is_rtl_char(glyph.chars[0]))
			return true;
		at += glyph.bytes;
	}
	return false;
}

bool
bidi_is_rtl(const char *text, size_t length)
{
	const char *end = text + MIN(length, STRONG_WITHIN);
	struct glyph glyph;

	if (!bidi_is_on)
		return false;
	for (; text < end; text += glyph.bytes) {
		glyph_next(&glyph, text, end);
		if (glyph.ends_line)
			return false;
		if (glyph.count && !glyph.odd && FRIBIDI_IS_STRONG(fribidi_get_bidi_type(glyph.chars[0])))
			return is_rtl_char(glyph.chars[0]);
	}
	return false;
}

void
bidi_reorder(struct glyph *glyphs, guint count, bool rtl, guint *order)
{
	static FriBidiChar chars[GLYPHS_MAX];
	static FriBidiCharType types[GLYPHS_MAX];
	static FriBidiBracketType brackets[GLYPHS_MAX];
	static FriBidiLevel levels[GLYPHS_MAX];
	static FriBidiJoiningType joins[GLYPHS_MAX];
	static FriBidiStrIndex map[GLYPHS_MAX];
	FriBidiParType base = rtl ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR;

	for (guint i = 0; i < count; i++)
		order[i] = i;
	if (count > GLYPHS_MAX)
		return;
	for (guint i = 0; i < count; i++) {
		/* A placeholder is neutral, whatever it stands for. */
		chars[i] = *glyphs[i].word && glyphs[i].space  ? ' '
			   : glyphs[i].odd || !glyphs[i].count ? 0xfffc
							       : glyphs[i].chars[0];
		map[i] = i;
	}
	fribidi_get_bidi_types(chars, count, types);
	fribidi_get_bracket_types(chars, count, types, brackets);
	if (!fribidi_get_par_embedding_levels_ex(types, brackets, count, &base, levels))
		return;
	fribidi_get_joining_types(chars, count, joins);
	fribidi_join_arabic(types, count, levels, joins);
	/* Without ligatures: a letter keeps its column. */
	fribidi_shape(FRIBIDI_FLAG_SHAPE_MIRRORING | FRIBIDI_FLAG_SHAPE_ARAB_PRES, levels, count, joins, chars);
	for (guint i = 0; i < count; i++)
		if (!*glyphs[i].word && !glyphs[i].odd && glyphs[i].count && chars[i] != 0xfffc)
			glyphs[i].chars[0] = chars[i];
	if (!fribidi_reorder_line(FRIBIDI_FLAGS_DEFAULT & ~FRIBIDI_FLAG_REORDER_NSM, types, count, 0, base, levels, NULL, map))
		return;
	for (guint i = 0; i < count; i++)
		order[i] = map[i];
}

int
bidi_column(const char *text, size_t length, size_t offset, bool rtl)
{
	g_autofree struct glyph *glyphs = g_new(struct glyph, GLYPHS_MAX);
	guint order[GLYPHS_MAX], count = 0, wanted = GLYPHS_MAX;
	int column = 0;

	for (size_t at = 0; at < length && count < GLYPHS_MAX; count++) {
		glyph_next(&glyphs[count], text + at, text + length);
		if (offset >= at && offset < at + glyphs[count].bytes)
			wanted = count;
		at += glyphs[count].bytes;
	}
	bidi_reorder(glyphs, count, rtl, order);
	for (guint i = 0; i < count && order[i] != wanted; i++)
		column += glyphs[order[i]].width;
	return column;
}
