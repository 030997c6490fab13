/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the screen is divided, and when it is drawn: a typed key at once, all else at most some 30 times a second and
 * only when something has changed. */
#pragma once

#include "ui/screen.h"
#include "ui/window.h"

enum part { PART_TITLE = 1, PART_PANEL = 2, PART_VIEW = 4, PART_STATUS = 8, PART_INPUT = 16, PART_ALL = 31 };

void layout_start(void);
void layout_stop(void);
void layout_pause(void); /* another program has the terminal */
void layout_resume(void);
void layout_dirty(guint parts); /* soon */
void layout_now(guint parts);   /* before this returns */
void layout_toggle_bare(void);  /* the bars and the panel are hidden, or come back */
void layout_entered(void);      /* another window is seen */
void layout_resized(void);
/* The size of the piece for lines. */
int layout_view_rows(void);
int layout_view_cols(void);
/* A sentence in the status bar until the next key; NULL: none. */
void layout_hint(enum style style, const char *text);
void layout_clear_hint(void);
bool layout_panel_is_shown(void);

/* What takes the place of the input line, or of everything: a question for something unseen. */
struct layout_ask {
	bool whole; /* the unlock screen: nothing else is shown */
	const char *title, *prompt, *trouble;
};
void layout_ask(const struct layout_ask *ask); /* NULL: ended; texts are borrowed until then */

/* Each in its file: draw into the rectangle. */
void title_draw(int row, int col, int cols, const Window *window);
void status_draw(int row, int col, int cols, const Window *window);
void panel_draw(int row, int col, int rows, int cols);
void panel_dirty(void); /* contacts changed: sort again before the next drawing */
void panel_scroll(int by);
void panel_stop(void);
bool panel_has_contacts(void);
