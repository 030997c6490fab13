/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call looks like: a bar, the picture, who could listen, and how the line is. Where there is little room the picture goes
 * first, then the figures; who could listen is what stays longest. */
#include "ui/win_call.h"

#include <math.h>
#include <string.h>

#include "api/timer.h"
#include "call/calls.h"
#include "ui/callwords.h"
#include "ui/glyph.h"
#include "ui/layout.h"

enum {
	PICTURE_ROWS = 4,         /* fewer show nothing */
	FIGURES_ROWS = 14,        /* with fewer the picture needs the room */
	FIGURES_BESIDE_ROWS = 22, /* the chat has little to look at then */
	BESIDE_COLS = 110,        /* so wide that the call stands right of its chat */
	CHAT_ROWS = 5,            /* left to the chat */
	METER_COLS = 16,
};

/* ---- windows ---- */

struct call_window {
	guint id;
	char *title; /* it stays when the facts are gone */
};

static void
window_data_free(gpointer data)
{
	struct call_window *window = data;
	g_free(window->title);
	g_free(window);
}

static const char *
title(gpointer data)
{
	return ((struct call_window *)data)->title;
}

static const struct window_kind kind = { .name = "call", .title = title };

bool
call_has_window(const Window *window)
{
	return window->kind == &kind;
}

static guint
id_of(const Window *window)
{
	return ((struct call_window *)window->data)->id;
}

static Window *
find_window(guint id)
{
	const GPtrArray *all = windows();
	for (guint i = 0; all && i < all->len; i++)
		if (call_has_window(all->pdata[i]) && id_of(all->pdata[i]) == id)
			return all->pdata[i];
	return NULL;
}

void
call_window_show(guint id)
{
	const struct call_facts *call = call_facts(id);
	if (!windows() || !call)
		return;
	Window *window = find_window(id);
	if (!window) {
		struct call_window *data = g_new0(struct call_window, 1);
		data->id = id;
		data->title = g_strdup_printf("call with %s", call->peer);
		window = window_make_kind(&kind, data, window_data_free);
	}
	window_switch(window);
}

static bool
is_over(guint id)
{
	const struct call_facts *call = call_facts(id);
	return !call || call->state == CALL_ENDED;
}

void
call_windows_tidy(void)
{
	const GPtrArray *all = windows();
	for (guint i = all->len; i > 0; i--) {
		Window *window = all->pdata[i - 1];
		if (call_has_window(window) && window != window_current() && is_over(id_of(window)))
			window_close(window);
	}
}

static guint
call_with(const char *account, const char *peer)
{
	const GArray *running = calls_running();
	for (guint i = running ? running->len : 0; peer && i > 0; i--) {
		const struct call_facts *call = call_facts(g_array_index(running, guint, i - 1));
		if (call && !g_strcmp0(call->peer, peer) && !g_strcmp0(call->account, account))
			return call->id;
	}
	return 0;
}

guint
call_in_window(const Window *window)
{
	return call_has_window(window) ? id_of(window) : call_with(window->account, window->peer);
}

/* ---- the place of the picture and of the lines ---- */

static bool
has_picture(const struct call_facts *call)
{
	bool flows = call->state == CALL_ACTIVE || call->state == CALL_HELD;
	return picture_renderer != PICTURE_NONE && call->video && call->state != CALL_ENDED &&
	       (call->our_video || (flows && call->their_video));
}

static guint drawn; /* the call that is on the screen, 0 */

bool
call_piece(const Window *window, struct rectangle *lines, struct rectangle *piece)
{
	const struct call_facts *call = call_facts(call_in_window(window));
	*piece = *lines;
	if (call_has_window(window)) {
		lines->rows = 0;
		return true;
	}
	if (!call || lines->rows < 4)
		return false;
	if (has_picture(call) && lines->cols >= BESIDE_COLS) {
		piece->cols = lines->cols * 45 / 100;
		lines->cols -= piece->cols + 1;
		piece->col += lines->cols + 1;
		return true;
	}
	piece->rows = lines->rows < 8 ? 1 : 2;
	if (has_picture(call) && lines->rows >= PICTURE_ROWS + 2 + CHAT_ROWS)
		piece->rows = MIN(lines->rows * 6 / 10, lines->rows - CHAT_ROWS);
	lines->row += piece->rows;
	lines->rows -= piece->rows;
	return true;
}

/* ---- drawing ---- */

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
	g_autofree char *text = g_strdup_printf(" %s  %s%s%s", call->peer, state, *path ? " · " : "", path);
	screen_line(where->row + at, where->col, where->cols, STYLE_CALL, text, -1);
}

static int
put_security(const struct rectangle *where, int at, int rows, const struct call_facts *call)
{
	enum style style;
	g_autofree char *words = call_security_words(call, &style);
	return put_wrapped(where, at, rows, style, words);
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
		return g_strdup(" /close, or go to another window");
	if (call->incoming && call->state == CALL_RINGING)
		return g_strdup_printf(" /answer  %s/reject%s", call->video ? "/answer audio  " : "",
			call->video ? "  (nothing is sent before)" : "");
	return g_strdup_printf(" /hangup  %s  %s  %s  %s", call->muted ? "/mute off" : "/mute",
		call->our_video ? "/video off" : "/video on", call->held ? "/resume" : "/hold",
		own_window ? "Alt+/ back" : "/call window");
}

/* What stands below the picture, at row `at` and below; how many rows there are. */
static int
put_figures(const struct rectangle *where, int at, const struct call_facts *call, bool own_window)
{
	const struct call_history *history = call_history(call->id);
	int begun = at;
	if (call->words && call->trust != TRUST_VERIFIED) {
		g_autofree char *words = g_strdup_printf(" %s  /verify when both read the same", call->words);
		screen_line(where->row + at++, where->col, where->cols, STYLE_CALL_WARNING, words, -1);
	}
	if (history) {
		put_meters(where, at++, call, &history->stats);
		put_line_state(where, at++, &history->stats);
		put_rates(where, at++, history);
	}
	g_autofree char *help = hints(call, own_window);
	screen_line(where->row + at++, where->col, where->cols, STYLE_CALL_DIM, help, -1);
	return at - begun;
}

static int
count_figures(const struct call_facts *call)
{
	return 1 + (call_history(call->id) ? 3 : 0) + (call->words && call->trust != TRUST_VERIFIED);
}

static void
put_waiting(const struct rectangle *where, const struct call_facts *call)
{
	g_autofree char *name = call_name(call);
	g_autofree char *text = call->their_video ? g_strdup("the picture comes …") : g_strdup_printf("%s sends no picture", name);
	int width = MIN(glyph_width(text, strlen(text)), where->cols);
	for (int i = 0; i < where->rows; i++)
		screen_fill(where->row + i, where->col, where->cols, STYLE_TEXT);
	screen_put(where->row + where->rows / 2, where->col + (where->cols - width) / 2, width, STYLE_CALL_DIM, text, -1);
}

static void
put_picture(const struct rectangle *where, const struct call_facts *call)
{
	bool flows = call->state == CALL_ACTIVE || call->state == CALL_HELD;
	bool shown = has_picture(call) && picture_place(call->id, where, flows && call->their_video, call->our_video);
	if (!shown)
		picture_hide();
	if (shown && picture_is_there(call->id))
		return;
	if (has_picture(call))
		put_waiting(where, call);
	else
		for (int i = 0; i < where->rows; i++)
			screen_fill(where->row + i, where->col, where->cols, STYLE_TEXT);
}

static void
draw_gone(const struct rectangle *where)
{
	static const char text[] = " this call is over - /close, or go to another window";
	for (int i = 0; i < where->rows; i++)
		screen_line(where->row + i, where->col, where->cols, STYLE_CALL_DIM, i ? "" : text, -1);
	picture_hide();
}

void
call_not_drawn(void)
{
	drawn = 0;
	picture_hide();
}

void
call_draw(const Window *window, const struct rectangle *where)
{
	const struct call_facts *call = call_facts(call_in_window(window));
	bool own_window = call_has_window(window);
	int at = 0, figures = 0;
	drawn = call ? call->id : 0;
	if (!call) {
		draw_gone(where);
		return;
	}
	put_bar(where, at++, call);
	at += put_security(where, at, MIN(where->rows - at, where->cols < 60 || call->state == CALL_ENDED ? 3 : 1), call);
	int left = where->rows - at;
	if (own_window || where->rows >= FIGURES_BESIDE_ROWS)
		figures = MIN(count_figures(call), left);
	if (has_picture(call) && where->rows < FIGURES_ROWS && left >= PICTURE_ROWS)
		figures = 0;
	struct rectangle inner = { where->row + at, where->col, left - figures, where->cols };
	if (figures == count_figures(call))
		put_figures(where, at + inner.rows, call, own_window);
	else
		inner.rows = left;
	put_picture(&inner, call);
}

/* ---- the bar of windows ---- */

static char *
ring_words(guint id, enum style *style)
{
	const struct call_facts *call = call_facts(id);
	if (!call)
		return NULL;
	g_autofree char *words = call_ring_words(call);
	*style = STYLE_STATUS_WARNING;
	return g_strdup_printf("%s: /answer or /reject", words);
}

char *
call_bar_words(enum style *style)
{
	guint ringing = call_ringing(), id = call_current();
	if (ringing)
		return ring_words(ringing, style);
	const struct call_facts *call = id ? call_facts(id) : NULL;
	if (!call || call->state == CALL_ENDED || drawn == id)
		return NULL;
	g_autofree char *name = call_name(call), *state = call_state_words(call, clock_now());
	*style = STYLE_STATUS;
	return g_strdup_printf("call with %s: %s", name, state);
}

char *
call_badge(const Window *window, enum style *style)
{
	const struct call_facts *call = call_has_window(window) ? call_facts(id_of(window)) : NULL;
	if (!call || call->keys == CALL_KEYS_NONE)
		return NULL;
	bool good = call->keys >= CALL_KEYS_SEALED && (call->trust == TRUST_TRUSTED || call->trust == TRUST_VERIFIED);
	*style = good ? STYLE_TITLE_SEALED : STYLE_TITLE_WARNING;
	if (call->keys == CALL_KEYS_DTLS)
		return g_strdup("[key not checked]");
	return g_strdup_printf("[%s][%s]", call->keys == CALL_KEYS_RATCHET ? "ratchet" : "sealed", trust_word(call->trust));
}
