/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to calls, told where a person looks. It never takes the focus. */
#include "ui/win_call.h"

#include <string.h>

#include "account/account.h"
#include "api/timer.h"
#include "call/calls.h"
#include "ui/callwords.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/split.h"

struct told {
	enum call_state state;
	bool known; /* state is one that was told */
	bool began; /* its first sound was told */
	struct call_history history;
};
static GHashTable *told; /* id -> struct told: of calls that are not over */

static struct told *
told_of(guint id)
{
	if (!told)
		told = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	struct told *found = g_hash_table_lookup(told, GUINT_TO_POINTER(id));
	if (!found) {
		found = g_new0(struct told, 1);
		g_hash_table_insert(told, GUINT_TO_POINTER(id), found);
	}
	return found;
}

const struct call_history *
call_history(guint id)
{
	const struct told *found = told ? g_hash_table_lookup(told, GUINT_TO_POINTER(id)) : NULL;
	return found && found->history.count ? &found->history : NULL;
}

void
call_feed_reset(void)
{
	g_clear_pointer(&told, g_hash_table_unref);
}

/* ---- lines ---- */

static Window *
chat_of(const struct call_facts *call)
{
	Account *account = account_find(call->account);
	/* Only contacts ring, and who is called is known. */
	Conversation *conv = account ? convo_get(account, call->peer) : NULL;
	Window *window = conv ? window_make(conv, false) : window_of_peer(call->account, call->peer);
	return window ? window : window_console();
}

static void
add_line(const struct call_facts *call, enum line_kind kind, const char *text)
{
	feed_text(chat_of(call), kind, text, false);
}

static void
ring(const struct call_facts *call)
{
	g_autofree char *name = call_name(call);
	g_autofree char *text = g_strdup_printf("%s calls%s\nanswer with /answer, %sor /reject", call->peer,
		call->video ? " with video" : "", call->video ? "/answer audio for sound alone, " : "");
	add_line(call, LINE_ASK, text);
	window_raise(chat_of(call), ACTIVITY_CALL);
	notice_call("a call ", name);
}

static void
begin(const struct call_facts *call)
{
	enum style style;
	g_autofree char *security = call_security_words(call, &style), *path = call_path_words(call);
	g_autofree char *text = g_strdup_printf("the call with %s began: %s%s%s", call->peer, security, *path ? ", " : "", path);
	add_line(call, style == STYLE_CALL_SEALED ? LINE_EVENT : LINE_ASK, text);
}

static void
end(const struct call_facts *call)
{
	Window *window = chat_of(call);
	/* The chat keeps a line of its own for what was missed. */
	bool kept = !g_strcmp0(call->reason_code, "missed");
	g_autofree char *duration = call->active_since ? call_duration(call->active_since, clock_now()) : NULL;
	g_autofree char *text = g_strdup_printf("the call with %s is over%s%s%s%s", call->peer, duration ? " after " : "",
		duration ? duration : "", call->reason ? ": " : "", call->reason ? call->reason : "");
	if (!kept)
		add_line(call, LINE_EVENT, text);
	if (window->activity == ACTIVITY_CALL)
		window->activity = ACTIVITY_PRIVATE;
	if (kept)
		window_raise(window, ACTIVITY_PRIVATE);
}

/* ---- events ---- */

static void
on_call(const Event *event)
{
	const struct call_facts *call = event->call;
	struct told *before = told_of(call->id);
	bool changed = !before->known || before->state != call->state;
	before->known = true;
	before->state = call->state;
	if (changed && call->state == CALL_RINGING && call->incoming)
		ring(call);
	if (changed && call->state == CALL_ACTIVE && !before->began) {
		before->began = true;
		begin(call);
	}
	if (changed && call->state == CALL_ENDED) {
		end(call);
		g_hash_table_remove(told, GUINT_TO_POINTER(call->id));
		call_windows_tidy();
	}
	layout_dirty(PART_ALL);
}

static void
remember(guint *list, guint count, guint value)
{
	if (count == CALL_HISTORY)
		memmove(list, list + 1, (CALL_HISTORY - 1) * sizeof *list);
	list[MIN(count, CALL_HISTORY - 1)] = value;
}

static void
on_stats(const Event *event)
{
	const struct call_stats *stats = event->call_stats;
	if (!told || !g_hash_table_contains(told, GUINT_TO_POINTER(stats->id)))
		return;
	struct call_history *history = &told_of(stats->id)->history;
	history->stats = *stats;
	remember(history->in, history->count, stats->bitrate_in);
	remember(history->out, history->count, stats->bitrate_out);
	history->count = MIN(history->count + 1, CALL_HISTORY);
	const Window *other = split_other();
	bool seen = call_in_window(window_current()) == stats->id || (other && call_in_window(other) == stats->id);
	layout_dirty(seen ? PART_VIEW | PART_STATUS : PART_STATUS);
}

static void
on_frame(const Event *event)
{
	if (picture_take(event->call_frame))
		layout_dirty(PART_VIEW);
}

const struct event_watch call_feed_rows[] = {
	{ "windows of calls", EVENT_CALL, on_call },
	{ "windows of calls", EVENT_CALL_STATS, on_stats },
	{ "windows of calls", EVENT_CALL_FRAME, on_frame },
	{ 0 },
};
