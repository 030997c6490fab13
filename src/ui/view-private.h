/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a view, for the files that it is made of: its lines, what the store has before and behind them, and the piece that
 * is seen. */
#pragma once

#include "ui/line.h"
#include "ui/view.h"

#define VIEW_PAGE 100 /* messages that are read of the store at once */

struct View {
	Conversation *conv; /* NULL: none, or it is gone */
	GPtrArray *lines;   /* of struct line *, in order */
	/* The lowest line seen, and how many of its rows are below the border; -1: the end is seen, whatever comes. */
	int bottom, hidden;
	bool open;        /* lines of the store are loaded */
	bool cut;         /* the newest are not among them: somebody reads far above while many came */
	bool complete;    /* the store has nothing older */
	bool asked_older; /* the server was asked */
	bool top_wanted;  /* somebody looks at the top and waits for older lines */
	gint64 read_at;   /* the line of reading is drawn behind this time; 0: nowhere */
	guint below;
	int kept, kept_looked;
};

struct line *view_line(const View *view, int n);
int view_count(const View *view);
struct line *view_line_of(const Message *message); /* owned by the caller */
/* The number of a message's line, -1 if it has none. */
int view_find(const View *view, const Message *message);
/* Where a line stands to that time and row of the store: before (-1), behind (1), or it cannot be told (0). */
int view_order(const struct line *line, gint64 at, gint64 row);
/* Old lines go when nobody looks at them. */
void view_trim(View *view);

/* Put older messages of the store before what is there: false when there are none. */
bool view_load_older(View *view, guint limit);
void view_load_newer(View *view);
/* The oldest of the store in place of what is there: the way to them may be a million lines long. */
void view_load_oldest(View *view);
void view_ask_server(View *view); /* for what is older than the store */
