/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where calls are shown: windows of their own, a piece of the chat with the same person, the bars. */
#include "ui/win_call.h"

#include "account/account.h"
#include "api/timer.h"
#include "call/calls.h"
#include "ui/calldraw.h"
#include "ui/callwords.h"
#include "ui/layout.h"

enum {
	BESIDE_COLS = 110, /* so wide that the call stands right of its chat */
	CHAT_ROWS = 5,     /* left to the chat */
	LINES_MAX = 200,   /* of answers in a call's own window */
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
		window->view = view_new(NULL);
		view_limit(window->view, LINES_MAX);
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
		if (call_has_window(window) && !window_is_seen(window) && is_over(id_of(window)))
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

static guint drawn; /* the call that is on the screen, 0 */

bool
call_piece(const Window *window, struct rectangle *lines, struct rectangle *piece)
{
	const struct call_facts *call = call_facts(call_in_window(window));
	*piece = *lines;
	if (call_has_window(window)) {
		/* Answers to what is typed there have a few rows at the bottom. */
		lines->rows = window->has_lines ? MIN(lines->rows / 3, CHAT_ROWS + 1) : 0;
		piece->rows -= lines->rows;
		lines->row += piece->rows;
		return true;
	}
	if (!call || lines->rows < 4)
		return false;
	if (call_has_picture(call) && lines->cols >= BESIDE_COLS) {
		piece->cols = lines->cols * 45 / 100;
		lines->cols -= piece->cols + 1;
		piece->col += lines->cols + 1;
		return true;
	}
	piece->rows = lines->rows < 8 ? 1 : 2;
	if (lines->rows >= call_brief_rows(call) + 2 * CHAT_ROWS)
		piece->rows = call_brief_rows(call);
	if (call_has_picture(call) && lines->rows >= CALL_PICTURE_ROWS + 2 + CHAT_ROWS)
		piece->rows = MIN(lines->rows * 6 / 10, lines->rows - CHAT_ROWS);
	lines->row += piece->rows;
	lines->rows -= piece->rows;
	return true;
}

void
call_not_drawn(void)
{
	drawn = 0;
	picture_hide();
}

void
call_window_draw(const Window *window, const struct rectangle *where)
{
	const struct call_facts *call = call_facts(call_in_window(window));
	drawn = call ? call->id : 0;
	call_draw(call, where, call_has_window(window));
}

Conversation *
call_window_conversation(const Window *window)
{
	const struct call_facts *call = call_has_window(window) ? call_facts(id_of(window)) : NULL;
	return call && account_find(call->account) ? convo_find(call->account, call->peer) : NULL;
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
