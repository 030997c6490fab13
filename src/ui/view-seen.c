/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The piece of a view that is seen: how many rows lines take, where the border stands, and drawing them. */
#include "ui/view-private.h"

#define NEAR_PAGES 10 /* read through on the way to the top; from farther away it is a leap */

/* The rows above a line: a new day, a hole in the history, where reading stopped. */
enum rule { RULE_DAY = 1, RULE_GAP = 2, RULE_READ = 4 };

/* The first that came after reading stopped; what we said ourselves in between is not new. */
static bool
is_first_unread(const View *view, int n)
{
	const struct line *line = view_line(view, n);
	if (!view->read_at || line->at <= view->read_at || !line->message || line->message->direction != MESSAGE_IN)
		return false;
	while (n-- > 0) {
		line = view_line(view, n);
		if (line->at <= view->read_at)
			return true;
		if (line->message && line->message->direction == MESSAGE_IN)
			return false;
	}
	return false;
}

static guint
rules_of(const View *view, int n)
{
	const struct line *line = view_line(view, n), *above = n ? view_line(view, n - 1) : NULL;
	guint rules = 0;
	if (!view->conv)
		return above && line_day(above->at) != line_day(line->at) ? RULE_DAY : 0;
	if (!above ? view->complete : line_day(above->at) != line_day(line->at))
		rules |= RULE_DAY;
	if (line->message && convo_gap_before(view->conv, line->message))
		rules |= RULE_GAP;
	if (is_first_unread(view, n))
		rules |= RULE_READ;
	return rules;
}

static int
rows_with(const View *view, int n, int cols, guint rules)
{
	return line_rows(view_line(view, n), view->conv, cols) + !!(rules & RULE_DAY) + !!(rules & RULE_GAP) +
	       !!(rules & RULE_READ);
}

static int
rows_of(const View *view, int n, int cols)
{
	return rows_with(view, n, cols, rules_of(view, n));
}

/* Rows from the first line down to the lowest seen, counted no further than needed; older ones are loaded if wanting. */
static int
rows_above(View *view, int cols, int needed, bool load)
{
	for (;;) {
		int sum = -view->hidden;
		for (int i = view->bottom; i >= 0 && sum < needed; i--)
			sum += rows_of(view, i, cols);
		if (sum >= needed || !load)
			return sum;
		if (!view_load_older(view, VIEW_PAGE)) {
			view_ask_server(view);
			return sum;
		}
	}
}

static void
scroll_up(View *view, int by, int rows, int cols, bool load)
{
	if (view->bottom < 0)
		view->bottom = view_count(view) - 1;
	int room = rows_above(view, cols, rows + by, load) - rows;
	view->hidden += CLAMP(by, 0, MAX(room, 0));
	while (view->bottom > 0 && view->hidden >= rows_of(view, view->bottom, cols)) {
		view->hidden -= rows_of(view, view->bottom, cols);
		view->bottom--;
	}
}

static void
scroll_down(View *view, int by, int cols)
{
	if (view->bottom < 0)
		return;
	view->hidden -= by;
	while (view->hidden < 0) {
		if (view->bottom == view_count(view) - 1 && view->cut)
			view_load_newer(view);
		if (view->bottom == view_count(view) - 1)
			break;
		view->bottom++;
		view->hidden += rows_of(view, view->bottom, cols);
	}
}

void
view_scroll(View *view, int by, int rows, int cols)
{
	/* After /clear the lines are still in the store. */
	if (!view_count(view) && (by <= 0 || !view_load_older(view, VIEW_PAGE)))
		return;
	if (by > 0)
		scroll_up(view, by, rows, cols, true);
	else
		scroll_down(view, -by, cols);
	if (view->bottom == view_count(view) - 1 && view->hidden <= 0 && !view->cut)
		view_to_end(view);
}

void
view_to_end(View *view)
{
	view->bottom = -1;
	view->hidden = 0;
	view->below = 0;
	if (view->cut) {
		view_clear(view);
		view->cut = false;
		view_load_older(view, VIEW_PAGE);
	}
	view_trim(view);
}

void
view_to_top(View *view, int rows, int cols)
{
	for (int i = 0; i < NEAR_PAGES && view_load_older(view, VIEW_PAGE); i++)
		;
	if (!view->complete && view->conv)
		view_load_oldest(view);
	if (view_count(view))
		scroll_up(view, G_MAXINT / 4, rows, cols, false);
	if (view->complete)
		view_ask_server(view);
}

void
view_to_unread(View *view, int rows, int cols)
{
	int below = 0;
	for (int i = view_count(view) - 1; i >= 0; i--) {
		below += rows_of(view, i, cols);
		if (rules_of(view, i) & RULE_READ) {
			view_to_end(view);
			view_scroll(view, MAX(below - rows, 0), rows, cols);
			return;
		}
	}
}

bool
view_at_end(const View *view)
{
	return view->bottom < 0;
}

guint
view_below(const View *view)
{
	return view->bottom < 0 ? 0 : view->below;
}

/* Draws line n with its rules, its first row at row. */
static void
draw_one(View *view, int n, guint rules, int row, const struct rectangle *at)
{
	struct line *line = view_line(view, n);
	g_autofree char *day = rules & RULE_DAY ? line_day_words(line->at) : NULL;
	const struct {
		guint rule;
		enum style style;
		const char *words;
	} drawn[] = {
		{ RULE_DAY, STYLE_DAY, day },
		{ RULE_GAP, STYLE_DAY, "messages between here and above are not loaded yet" },
		{ RULE_READ, STYLE_READ_LINE, "new" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(drawn); i++) {
		if (!(rules & drawn[i].rule))
			continue;
		if (row >= at->row && row < at->row + at->rows)
			line_draw_rule(row, at->col, at->cols, drawn[i].style, drawn[i].words);
		row++;
	}
	line_draw(line, n && !rules ? view_line(view, n - 1) : NULL, view->conv, at, row);
}

void
view_draw(View *view, int row, int col, int rows, int cols)
{
	const struct rectangle place = { row, col, rows, cols };
	int n = view->bottom < 0 ? view_count(view) - 1 : MIN(view->bottom, view_count(view) - 1);
	int at = row + rows + (view->bottom < 0 ? 0 : view->hidden);
	for (; n >= 0 && at > row; n--) {
		guint rules = rules_of(view, n);
		at -= rows_with(view, n, cols, rules);
		draw_one(view, n, rules, at, &place);
	}
	for (; at > row; at--)
		screen_fill(at - 1, col, cols, STYLE_TEXT);
}
