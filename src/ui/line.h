/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of a window: how many rows it takes and how it is drawn. */
#pragma once

#include "ui/screen.h"
#include "ui/view.h"

struct line {
	gint64 at, row; /* the order: of time and of the archive; row 0 for our own */
	enum line_kind kind;
	bool plain; /* columns are kept */
	Message *message;
	char *text;
	char *warning;  /* a row below it, NULL: none; as of the last measuring */
	int cols, rows; /* measured for this width; 0: not yet */
};

void line_free(gpointer line);
/* Rows of its body at this width, without the rules above it. */
int line_rows(struct line *line, const Conversation *conv, int cols);
int line_answer_columns(int cols); /* of answers to commands, in a window of that width */
/* Draws the rows of the body that fall between top and bottom, the first at row; above is the line before, or NULL. */
void line_draw(struct line *line, const struct line *above, const Conversation *conv, const struct rectangle *at, int row);
/* A rule across the window with words in it. */
void line_draw_rule(int row, int col, int cols, Style style, const char *words);
/* The signs of the reserved columns, for the legend: NULL past the end. */
const char *line_sign(guint n, const char **meaning, enum style *style);

/* Whether lines name the day: 0 for a time of none. */
int line_day(gint64 at);
char *line_day_words(gint64 at);

extern int line_nick_width;     /* ui.nick_width */
extern bool line_time_is_shown; /* ui.time */
extern bool line_is_grouped;    /* ui.group */
