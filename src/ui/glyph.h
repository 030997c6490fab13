/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn of a text. Stored text is exact, drawn text is safe: whatever could move the cursor, turn the
 * direction, hide or imitate becomes a placeholder that can be seen. Widths are those of wcwidth, code point by code
 * point, as tmux counts them. */
#pragma once

#include "api/public.h"

#define GLYPH_CHARS 5 /* one base and what ncurses can put on it */

struct glyph {
	size_t bytes; /* of the text that it stands for */
	int width;    /* columns; 0 for a line break */
	guint count;  /* of chars */
	gunichar chars[GLYPH_CHARS];
	char word[16]; /* "‹RLO›": a placeholder of several columns, in its place */
	bool odd;      /* a placeholder: drawn so that nobody can type it */
	bool space, ends_line;
};

/* The glyph at text (text < end). */
void glyph_next(struct glyph *glyph, const char *text, const char *end);
/* Columns of a text on one line. */
int glyph_width(const char *text, size_t length);
/* Bytes of text that fit into width columns. */
size_t glyph_fit(const char *text, size_t length, int width);

/* One line of a text that is wrapped at width: returns how many bytes are drawn, *next is where the following line
 * starts; equal to length after the last. */
size_t wrap_next(const char *text, size_t length, int width, size_t *next);
guint wrap_count(const char *text, size_t length, int width);
