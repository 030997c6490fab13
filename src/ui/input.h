/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input as it is seen, at the bottom of the screen. */
#pragma once

#include "ui/window.h"

struct input_line {
	size_t from, to;
};
/* Where the text is broken at width columns (array of struct input_line), and where the cursor is. */
GArray *input_lines(const Editor *editor, int width, guint *cursor_line, int *cursor_col);

void input_entered(void); /* of another window: seen from its start */
/* Draws the input of a window with its cursor. The rows that it takes. */
int input_draw(const Window *window);
