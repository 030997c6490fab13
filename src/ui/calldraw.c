/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call looks like: a bar, the picture, who could listen, and how the line is. Where there is little room the picture goes
 * first, then the figures; who could listen is what stays longest. */
#include "ui/calldraw.h"

#include <math.h>
#include <string.h>

#include "api/timer.h"
#include "ui/callwords.h"
#include "ui/glyph.h"
#include "ui/win_call.h"

enum {
	FIGURES_ROWS = 14,        /* with fewer the picture needs the room */
	FIGURES_BESIDE_ROWS = 22, /* the chat has little to look at then */
	METER_COLS = 16,
};

static bool
somebody_sends(const struct call_facts *call)
{
	bool flows = call->state == CALL_ACTIVE || call->state == CALL_HELD;
	return call->video && call->state != CALL_ENDED && (call->our_video || (flows && call->their_video));
}

bool
call_has_picture(const struct call_facts *call)
{
	return picture_renderer != PICTURE_NONE && somebody_sends(call);
}

static int
put_wrapped(const struct rectangle *where, int at, int rows, enum style style, const char *text)
{
	size_t length = strlen(text), next = 0;
	int used = 0;
	for (size_t from = 0; from < length && used < rows; from += next, used++) {
		size_t bytes = wrap_next(text + from, length - from, where->cols, &next);
		/* The last row says by … that there is more. */
		if (used == rows - 1)
			bytes = length - from;
		screen_line(where->row + at + used, where->col, where->cols, style, text + from, bytes);
	}
	return used;
}

static void
put_bar(const struct rectangle *where, int at, const struct call_facts *call)
{
	g_autofree char *state = call_state_words(call, clock_now()), *path = call_path_words(call);
	g_autofree char *brief = where->rows == 1 ? call_security_brief(call) : g_strdup("");
	g_autofree char *text =
		g_strdup_printf(" %s  %s%s%s%s%s", call->peer, brief, *brief ? " · " : "", state, *path ? " · " : "", path);
	screen_line(where->row + at, where->col, where->cols, STYLE_CALL, text, -1);
}

/* The word that matters comes first where the sentence would be cut before it. */
static int
put_security(const struct rectangle *where, int at, int rows, const struct call_facts *call)
{
	enum style style;
	g_autofree char *words = call_security_words(call, &style), *brief = call_security_brief(call);
	bool fits = wrap_count(words, strlen(words), where->cols) <= (guint)MAX(rows, 0);
	return put_wrapped(where, at, rows, style, fits || !*brief ? words : brief);
}

static int
put_piece(const struct rectangle *where, int at, int col, Style style, const char *text)
{
	return screen_put(where->row + at, where->col + col, where->cols - col, style, text, -1);
}

static void
put_meters(const struct rectangle *where, int at, const struct call_facts *call, const struct call_stats *stats)
{
	g_autofree char *name = call_name(call), *cut = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), 16));
	int width = CLAMP((where->cols - 10 - glyph_width(cut, strlen(cut))) / 2, 3, METER_COLS), col = 0;
	g_autofree char *ours = call_level_bar(call->muted ? -100 : stats->level_out, width);
	g_autofree char *theirs = call_level_bar(stats->level_in, width);
	col += put_piece(where, at, col, STYLE_CALL_DIM, " you ");
	col += put_piece(where, at, col, STYLE_CALL_LEVEL, ours);
	col += put_piece(where, at, col, STYLE_CALL_DIM, "  ");
	col += put_piece(where, at, col, STYLE_CALL_DIM, cut);
	col += put_piece(where, at, col, STYLE_CALL_DIM, " ");
	col += put_piece(where, at, col, STYLE_CALL_LEVEL, theirs);
	screen_fill(where->row + at, where->col + col, where->cols - col, STYLE_TEXT);
}

static void
add_known(GString *text, const char *name, double value, const char *unit)
{
	if (isfinite(value) && value >= 0)
		g_string_append_printf(text, value < 10 ? " %s %.1f %s " : " %s %.0f %s ", name, value, unit);
}

static void
put_line_state(const struct rectangle *where, int at, const struct call_stats *stats)
{
	g_autoptr(GString) text = g_string_new(NULL);
	add_known(text, "round trip", stats->rtt_ms, "ms");
	add_known(text, "jitter", stats->jitter_ms, "ms");
	add_known(text, "loss", stats->loss * 100, "%");
	screen_line(where->row + at, where->col, where->cols, STYLE_CALL_DIM, text->str, -1);
}

static void
put_rates(const struct rectangle *where, int at, const struct call_history *history)
{
	const struct {
		const char *word;
		guint rate;
		const guint *before;
	} ways[] = { { " in ", history->stats.bitrate_in, history->in }, { "  out ", history->stats.bitrate_out, history->out } };
	int col = 0;
	for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *rate = call_bitrate(ways[i].rate);
		/* Both ways shall fit. */
		guint shown = MIN(history->count, (guint)CLAMP(where->cols / 2 - 18, 0, CALL_HISTORY));
		g_autofree char *line = call_sparkline(ways[i].before + history->count - shown, shown);
		col += put_piece(where, at, col, STYLE_CALL_DIM, ways[i].word);
		col += put_piece(where, at, col, STYLE_TEXT, rate);
		col += put_piece(where, at, col, STYLE_CALL_DIM, " ");
		col += put_piece(where, at, col, STYLE_CALL_LEVEL, line);
	}
	screen_fill(where->row + at, where->col + col, where->cols - col, STYLE_TEXT);
}

static char *
hints(const struct call_facts *call, bool own_window)
{
	if (call->state == CALL_ENDED)
		return g_strdup(" Alt+/ back: this window goes by itself");
	if (call->incoming && call->state == CALL_RINGING)
		return g_strdup_printf(" /answer  %s/reject%s", call->video ? "/answer audio  " : "",
			call->video ? "  (nothing is sent before)" : "");
	return g_strdup_printf(" /hangup  %s  %s  %s  %s", call->muted ? "/mute off" : "/mute",
		call->our_video ? "/video off" : "/video on", call->held ? "/resume" : "/hold",
		own_window ? "Alt+/ back" : "/call window");
}

static bool
has_words(const struct call_facts *call)
{
	return call->words && call->trust != TRUST_VERIFIED && call->state != CALL_ENDED;
}

/* What stands below the picture, at row `at` and below. history NULL: the line's figures have no room, or there are none yet. */
static void
put_figures(
	const struct rectangle *where, int at, const struct call_facts *call, const struct call_history *history, bool own_window)
{
	g_autofree char *help = hints(call, own_window);
	if (has_words(call)) {
		g_autofree char *words = g_strdup_printf(" %s  to compare by voice: /verify", call->words);
		screen_line(where->row + at++, where->col, where->cols, STYLE_CALL_WARNING, words, -1);
	}
	if (history) {
		put_meters(where, at++, call, &history->stats);
		put_line_state(where, at++, &history->stats);
		put_rates(where, at++, history);
	}
	screen_line(where->row + at, where->col, where->cols, STYLE_CALL_DIM, help, -1);
}

int
call_brief_rows(const struct call_facts *call)
{
	return 3 + has_words(call);
}

static void
put_middle(const struct rectangle *where, const char *text)
{
	int width = MIN(glyph_width(text, strlen(text)), where->cols);
	for (int i = 0; i < where->rows; i++)
		screen_fill(where->row + i, where->col, where->cols, STYLE_TEXT);
	if (where->rows)
		screen_put(where->row + where->rows / 2, where->col + (where->cols - width) / 2, width, STYLE_CALL_DIM, text, -1);
}

/* Instead of a picture. */
static void
put_waiting(const struct rectangle *where, const struct call_facts *call)
{
	g_autofree char *name = call_name(call), *none = g_strdup_printf("%s sends no picture", name);
	if (call_has_picture(call))
		put_middle(where, call->their_video ? "the picture comes …" : none);
	else
		put_middle(where, somebody_sends(call) ? picture_trouble() : "");
}

static void
put_picture(const struct rectangle *where, const struct call_facts *call)
{
	bool flows = call->state == CALL_ACTIVE || call->state == CALL_HELD;
	const char *trouble = call_has_picture(call) && where->rows > CALL_PICTURE_ROWS ? picture_trouble() : NULL;
	struct rectangle place = *where;
	/* The picture itself may be what is not seen. */
	if (trouble) {
		place.rows--;
		screen_line(where->row + place.rows, where->col, where->cols, STYLE_CALL_DIM, trouble, -1);
	}
	bool shown = call_has_picture(call) && picture_place(call->id, &place, flows && call->their_video, call->our_video);
	if (!shown)
		picture_hide();
	if (!shown || !picture_is_there(call->id))
		put_waiting(&place, call);
}

static void
draw_gone(const struct rectangle *where)
{
	static const char text[] = " this call is over - Alt+/ back: this window goes by itself";
	for (int i = 0; i < where->rows; i++)
		screen_line(where->row + i, where->col, where->cols, STYLE_CALL_DIM, i ? "" : text, -1);
	picture_hide();
}

void
call_draw(const struct call_facts *call, const struct rectangle *where, bool own_window)
{
	int at = 0, figures = 0;
	if (!call) {
		draw_gone(where);
		return;
	}
	put_bar(where, at++, call);
	at += put_security(where, at, MIN(where->rows - at, where->cols < 60 || call->state == CALL_ENDED ? 3 : 1), call);
	int left = where->rows - at;
	bool whole = own_window || where->rows >= FIGURES_BESIDE_ROWS;
	bool pictured = call_has_picture(call) && where->rows < FIGURES_ROWS && left >= CALL_PICTURE_ROWS;
	const struct call_history *history = whole ? call_history(call->id) : NULL;
	if (whole || !call_has_picture(call))
		figures = 1 + (history ? 3 : 0) + has_words(call);
	if (pictured || figures > left)
		figures = 0;
	struct rectangle inner = { where->row + at, where->col, left - figures, where->cols };
	if (figures)
		put_figures(where, at + inner.rows, call, history, own_window);
	put_picture(&inner, call);
}
