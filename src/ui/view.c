/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a window and the piece of them that is seen. A view knows the newest lines, and older ones as far as
 * somebody has looked; the store knows the rest. */
#include "ui/view.h"

#include <string.h>

#include "api/timer.h"
#include "ui/line.h"

#define KEPT 600 /* lines of a view that stands at its end */
#define KEPT_SLACK 200
#define KEPT_LOOKED 20000 /* lines of one that is looked through */
#define PAGE 100
#define NEAR_PAGES 10 /* read through on the way to the top; from farther away it is a leap */

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

View *
view_new(Conversation *conv)
{
	View *view = g_new0(View, 1);
	view->conv = conv;
	view->lines = g_ptr_array_new_with_free_func(line_free);
	view->bottom = -1;
	view->open = view->complete = !conv;
	view->kept = KEPT;
	view->kept_looked = KEPT_LOOKED;
	return view;
}

void
view_limit(View *view, int lines)
{
	view->kept = view->kept_looked = lines;
}

void
view_free(View *view)
{
	if (!view)
		return;
	g_ptr_array_unref(view->lines);
	g_free(view);
}

void
view_forget_conversation(View *view)
{
	view->conv = NULL;
	view->complete = true;
}

static struct line *
line_at(const View *view, int n)
{
	return view->lines->pdata[n];
}

static int
count(const View *view)
{
	return view->lines->len;
}

gint64
view_last_at(const View *view)
{
	return count(view) ? line_at(view, count(view) - 1)->at : 0;
}

static int
order(const struct line *a, gint64 at, gint64 row)
{
	if (a->at != at)
		return a->at < at ? -1 : 1;
	return !a->row || !row || a->row == row ? 0 : a->row < row ? -1 : 1;
}

/* Old lines go when nobody looks at them. */
static void
trim(View *view)
{
	int limit = view->bottom < 0 ? view->kept : view->kept_looked;
	if (count(view) <= limit + KEPT_SLACK)
		return;
	int gone = count(view) - limit;
	/* What is looked at stays, but for a view that was told its limit. */
	if (view->bottom >= 0 && limit == KEPT_LOOKED)
		gone = MIN(gone, view->bottom - KEPT_SLACK);
	if (gone <= 0) {
		view->cut = view->conv != NULL;
		return;
	}
	g_ptr_array_remove_range(view->lines, 0, gone);
	if (view->bottom >= 0)
		view->bottom = MAX(view->bottom - gone, 0);
	view->complete = !view->conv;
	view->asked_older = false;
}

static void
insert(View *view, struct line *line)
{
	int place = count(view);
	while (place > 0 && order(line_at(view, place - 1), line->at, line->row) > 0)
		place--;
	g_ptr_array_insert(view->lines, place, line);
	if (view->bottom >= place)
		view->bottom++;
	else if (view->bottom >= 0)
		view->below++;
	trim(view);
}

static struct line *
line_of(const Message *message)
{
	struct line *line = g_new0(struct line, 1);
	line->kind = LINE_MESSAGE;
	line->at = message->sent_at;
	line->row = message->row;
	line->message = message_ref(message);
	return line;
}

static int
find(const View *view, const Message *message)
{
	for (int i = count(view) - 1; i >= 0; i--) {
		const Message *is = line_at(view, i)->message;
		if (is && (is == message || (message->row && is->row == message->row)))
			return i;
	}
	return -1;
}

void
view_add_message(View *view, const Message *message)
{
	if (message->hidden || !view->open || find(view, message) >= 0)
		return;
	if (view->cut) {
		view->below++;
		return;
	}
	/* Older than what is loaded: it is found when somebody looks there. */
	if (!view->complete && count(view) && order(line_at(view, 0), message->sent_at, message->row) > 0)
		return;
	insert(view, line_of(message));
}

void
view_change_message(View *view, const Message *message)
{
	int n = find(view, message);
	if (n < 0)
		return;
	if (message->hidden) {
		g_ptr_array_remove_index(view->lines, n);
		if (view->bottom >= n)
			view->bottom = MAX(view->bottom - 1, 0);
		return;
	}
	struct line *line = line_at(view, n);
	Message *old = line->message;
	line->message = message_ref(message);
	line->cols = 0;
	message_unref(old);
}

void
view_add_text(View *view, enum line_kind kind, const char *text, bool plain)
{
	struct line *line = g_new0(struct line, 1);
	/* Among messages whose clocks run ahead it still comes last. */
	line->at = MAX(clock_now(), view_last_at(view));
	line->kind = kind;
	line->plain = plain;
	line->text = g_strdup(text);
	insert(view, line);
}

bool
view_replace_last(View *view, const char *old, const char *text)
{
	struct line *line = count(view) ? line_at(view, count(view) - 1) : NULL;
	if (!line || !line->text || strcmp(line->text, old))
		return false;
	g_free(line->text);
	line->text = g_strdup(text);
	line->cols = 0;
	return true;
}

void
view_clear(View *view)
{
	g_ptr_array_set_size(view->lines, 0);
	view->bottom = -1;
	view->hidden = 0;
	view->below = 0;
	view->cut = false;
	/* What is cleared from the screen is still in the store: paging up brings it back. */
	view->complete = !view->conv;
	view->asked_older = false;
}

bool
view_waits(const View *view)
{
	return view->top_wanted;
}

void
view_mark_read(View *view, gint64 at)
{
	view->read_at = at;
}

/* The rows above a line: a new day, a hole in the history, where reading stopped. */
enum rule { RULE_DAY = 1, RULE_GAP = 2, RULE_READ = 4 };

/* The first that came after reading stopped; what we said ourselves in between is not new. */
static bool
is_first_unread(const View *view, int n)
{
	const struct line *line = line_at(view, n);
	if (!view->read_at || line->at <= view->read_at || !line->message || line->message->direction != MESSAGE_IN)
		return false;
	while (n-- > 0) {
		line = line_at(view, n);
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
	const struct line *line = line_at(view, n), *above = n ? line_at(view, n - 1) : NULL;
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
	return line_rows(line_at(view, n), view->conv, cols) + !!(rules & RULE_DAY) + !!(rules & RULE_GAP) + !!(rules & RULE_READ);
}

static int
rows_of(const View *view, int n, int cols)
{
	return rows_with(view, n, cols, rules_of(view, n));
}

/* Puts older messages of the store before what is there: false when there are none. */
static bool
load_older(View *view, guint limit)
{
	const Message *first = NULL;
	if (view->complete || !view->conv)
		return false;
	for (int i = 0; i < count(view) && !first; i++)
		first = line_at(view, i)->message;
	g_autoptr(GPtrArray) page = convo_page(view->conv, first, limit);
	guint added = 0;
	for (guint i = page ? page->len : 0; i > 0; i--) {
		const Message *message = page->pdata[i - 1];
		if (message->hidden || find(view, message) >= 0)
			continue;
		struct line *line = line_of(message);
		int place = 0;
		/* Lines of our own may be older than the first message. */
		while (place < count(view) && order(line_at(view, place), line->at, line->row) <= 0)
			place++;
		g_ptr_array_insert(view->lines, place, line);
		if (view->bottom >= place)
			view->bottom++;
		added++;
	}
	if (!page || page->len < limit)
		view->complete = true;
	return added > 0;
}

static void
load_newer(View *view)
{
	const Message *last = NULL;
	for (int i = count(view) - 1; i >= 0 && !last; i--)
		last = line_at(view, i)->message;
	g_autoptr(GPtrArray) page = last ? convo_page_after(view->conv, last, PAGE) : NULL;
	view->cut = page && page->len == PAGE;
	for (guint i = 0; page && i < page->len; i++) {
		const Message *message = page->pdata[i];
		if (message->hidden || find(view, message) >= 0)
			continue;
		struct line *line = line_of(message);
		int place = count(view);
		/* Lines of our own may have come meanwhile. */
		while (place > 0 && order(line_at(view, place - 1), line->at, line->row) > 0)
			place--;
		g_ptr_array_insert(view->lines, place, line);
	}
}

static void
ask_server(View *view)
{
	if (!view->conv || view->asked_older)
		return;
	view->asked_older = true;
	view->top_wanted = convo_fetch_older(view->conv);
}

void
view_older_came(View *view)
{
	if (!view->open || !view->top_wanted)
		return;
	view->complete = false;
	view->asked_older = false;
	view->top_wanted = false;
	load_older(view, PAGE);
}

void
view_open(View *view, int rows)
{
	if (view->open)
		return;
	view->open = true;
	load_older(view, MAX(rows * 2, 30));
	view->read_at = convo_read_line(view->conv);
}

bool
view_is_open(const View *view)
{
	return view->open;
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
		if (!load_older(view, PAGE)) {
			ask_server(view);
			return sum;
		}
	}
}

static void
scroll_up(View *view, int by, int rows, int cols, bool load)
{
	if (view->bottom < 0)
		view->bottom = count(view) - 1;
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
		if (view->bottom == count(view) - 1 && view->cut)
			load_newer(view);
		if (view->bottom == count(view) - 1)
			break;
		view->bottom++;
		view->hidden += rows_of(view, view->bottom, cols);
	}
}

void
view_scroll(View *view, int by, int rows, int cols)
{
	/* After /clear the lines are still in the store. */
	if (!count(view) && (by <= 0 || !load_older(view, PAGE)))
		return;
	if (by > 0)
		scroll_up(view, by, rows, cols, true);
	else
		scroll_down(view, -by, cols);
	if (view->bottom == count(view) - 1 && view->hidden <= 0 && !view->cut)
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
		load_older(view, PAGE);
	}
	trim(view);
}

/* The oldest of the store in place of what is there: the way to them may be a million lines long. */
static void
load_oldest(View *view)
{
	const Message before_all = { .sent_at = G_MININT64 };
	g_autoptr(GPtrArray) page = convo_page_after(view->conv, &before_all, PAGE);
	if (!page || !page->len)
		return;
	g_ptr_array_set_size(view->lines, 0);
	for (guint i = 0; i < page->len; i++)
		g_ptr_array_add(view->lines, line_of(page->pdata[i]));
	view->bottom = count(view) - 1;
	view->hidden = 0;
	view->cut = view->complete = true;
}

void
view_to_top(View *view, int rows, int cols)
{
	for (int i = 0; i < NEAR_PAGES && load_older(view, PAGE); i++)
		;
	if (!view->complete && view->conv)
		load_oldest(view);
	if (count(view))
		scroll_up(view, G_MAXINT / 4, rows, cols, false);
	if (view->complete)
		ask_server(view);
}

void
view_to_unread(View *view, int rows, int cols)
{
	int below = 0;
	for (int i = count(view) - 1; i >= 0; i--) {
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
	struct line *line = line_at(view, n);
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
	line_draw(line, n && !rules ? line_at(view, n - 1) : NULL, view->conv, at, row);
}

void
view_draw(View *view, int row, int col, int rows, int cols)
{
	const struct rectangle place = { row, col, rows, cols };
	int n = view->bottom < 0 ? count(view) - 1 : MIN(view->bottom, count(view) - 1);
	int at = row + rows + (view->bottom < 0 ? 0 : view->hidden);
	for (; n >= 0 && at > row; n--) {
		guint rules = rules_of(view, n);
		at -= rows_with(view, n, cols, rules);
		draw_one(view, n, rules, at, &place);
	}
	for (; at > row; at--)
		screen_fill(at - 1, col, cols, STYLE_TEXT);
}
