/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two windows at once: which other one there is, and where the place is divided. */
#include "ui/split.h"

#include "ui/layout.h"

enum {
	COLS_MIN = 24, /* of each: fewer show nothing but names and times */
	ROWS_MIN = 3,
};

static struct {
	Window *other; /* NULL: no split */
	enum split_way way;
	bool second; /* the input is in the right or lower one */
	bool hidden;
} split;

void
split_open(enum split_way way, Window *other)
{
	split.other = other;
	split.way = way;
	split.second = split.hidden = false;
	if (other->view)
		view_open(other->view, layout_view_rows());
	layout_dirty(PART_ALL);
}

void
split_close(void)
{
	split.other = NULL;
	layout_dirty(PART_ALL);
}

void
split_zoom(void)
{
	split.hidden = !split.hidden;
	layout_dirty(PART_ALL);
}

Window *
split_other(void)
{
	return split.hidden ? NULL : split.other;
}

enum split_way
split_way(void)
{
	return split.way;
}

bool
split_divide(struct rectangle *own, struct rectangle *other)
{
	struct rectangle first = *own, second = *own;
	if (!split_other())
		return false;
	if (split.way == SPLIT_BESIDE) {
		first.cols = (own->cols - 1) / 2;
		second.cols = own->cols - 1 - first.cols;
		second.col += first.cols + 1;
	} else {
		first.rows = (own->rows - 1) / 2;
		second.rows = own->rows - 1 - first.rows;
		second.row += first.rows + 1;
	}
	if (first.rows < ROWS_MIN || first.cols < COLS_MIN)
		return false;
	*own = split.second ? second : first;
	*other = split.second ? first : second;
	return true;
}

void
split_switched(const Window *from, const Window *to)
{
	if (!split.other || to != split.other)
		return;
	split.other = (Window *)from;
	/* What was hidden has changed places with what was seen; nothing moves. */
	if (!split.hidden)
		split.second = !split.second;
}

void
split_closed(const Window *window)
{
	if (window == split.other)
		split_close();
}
