/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen: the only writer to ncurses. All text, ours and that of others, passes screen_put(). */
#pragma once

#include "ui/theme.h"

#include <stdio.h>

/* An enum style, and for nicks a colour of the 256 in the upper bits. */
typedef guint32 Style;
/* And a text that reads from right to left. */
#define STYLE_RTL ((Style)1 << 31)
#define STYLE_COLOURED(style, colour) ((Style)(style) | ((guint32)((colour) + 1) << 8))

/* A piece of the screen. */
struct rectangle {
	int row, col, rows, cols;
};

/* term NULL: from the environment. Fails with a sentence where a full screen cannot be drawn. */
bool screen_start(const char *term, FILE *out, FILE *in, GError **error);
void screen_stop(void);
void screen_suspend(void); /* gives the terminal back as it was */
void screen_resume(void);  /* and takes it again; everything must be drawn anew */
void screen_resize(void);  /* the size has changed */
int screen_rows(void);
int screen_cols(void);
int screen_colours(void); /* 0 (mono), 8, 16 or 256 */
int screen_nick_lightness(void);
void screen_theme(const struct theme *theme);

/* Draws text at (row, col) into at most width columns, safely; cut with … if it does not fit. Returns the columns used. */
int screen_put(int row, int col, int width, Style style, const char *text, gssize length);
void screen_fill(int row, int col, int width, Style style);
/* Text and then blanks up to width. */
void screen_line(int row, int col, int width, Style style, const char *text, gssize length);
void screen_cursor(int row, int col); /* where it stands after the next flush */
void screen_flush(void);
void screen_repaint(void); /* the next flush trusts nothing that is on the terminal */
/* A rectangle that is drawn past ncurses: it must neither clear nor move it. False: it was
 * not so before, the next flush takes away what stands there. */
bool screen_reserve(int row, int col, int rows, int cols);
/* Grows whenever the terminal loses what was drawn there. */
guint screen_generation(void);
int screen_fd(void); /* of the terminal, -1 without one */
/* Fixed sequences of our own, past ncurses: modes, the bell, notices. Never remote text. */
void screen_send(const char *sequence);
/* What stands on a row, for tests and for the grid seam. Caller frees. */
char *screen_read(int row, int col, int width);
