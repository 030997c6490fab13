/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Right-to-left text: the order of the cells of one line. Controls of direction never come here, they are drawn as what they
 * are; so a line cannot turn anything beyond itself. */
#pragma once

#include "ui/glyph.h"

extern bool bidi_is_on; /* ui.bidi: off for terminals that turn lines themselves */

/* Could anything of it have to be turned? */
bool bidi_is_needed(const char *text, size_t length);
/* Does its first line read from right to left? By its first letter (UAX 9, P2). */
bool bidi_is_rtl(const char *text, size_t length);
/* From the order of reading to that of the screen: order[column's glyph] = glyph; brackets are mirrored and Arabic letters
 * joined in place. */
void bidi_reorder(struct glyph *glyphs, guint count, bool rtl, guint *order);
/* The column of the glyph at offset when this line is drawn. */
int bidi_column(const char *text, size_t length, size_t offset, bool rtl);
