/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the events of the lower layers mean for the windows: lines, signs, notices. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/picture.h"
#include "ui/places.h"

#define OUTPUTS_MAX 64

/* In which windows the lines were typed whose answers are still to come. */
static struct {
	guint64 seq;
	guint window;
} outputs[OUTPUTS_MAX];
static GHashTable *last_connection; /* account -> the last sentence about it */
static char *last_requests;         /* the console's line about subscription requests */
static char *last_strangers;        /* that about strangers without a window */
static bool unread_opened;
static bool line_runs;

Window *
feed_window(const char *account, const char *peer)
{
	Conversation *conv = account && peer && account_find(account) ? convo_find(account, peer) : NULL;
	Window *window = conv ? window_make(conv, false) : window_of_peer(account, peer);
	return window ? window : window_console();
}

void
feed_text(Window *window, enum line_kind kind, const char *text, bool plain)
{
	if (!window->view)
		window = window_console();
	view_open(window->view, layout_view_rows());
	view_add_text(window->view, kind, text, plain);
	window->has_lines = true;
	if (window_is_seen(window))
		layout_dirty(PART_VIEW);
}

static bool
is_seen(const Window *window)
{
	return window == window_current() && front_has_focus() && window->view && view_at_end(window->view);
}

/* H07: one line for all whose windows did not open. */
static void
tell_of_more(const char *peer)
{
	static guint count;
	g_autofree char *text = g_strdup_printf(
		"%u more who are no contacts of yours wrote, %s the last: /msg %s shows what - /block keeps them away", ++count,
		peer, peer);
	if (!last_strangers || !view_replace_last(window_console()->view, last_strangers, text))
		feed_text(window_console(), LINE_EVENT, text, false);
	g_free(last_strangers);
	last_strangers = g_steal_pointer(&text);
	window_raise(window_console(), ACTIVITY_EVENT);
	layout_dirty(PART_VIEW);
}

static void
on_message(const Event *event)
{
	const Message *message = event->message;
	Conversation *conv = convo_find(message->account, message->conversation);
	if (!conv || message->hidden)
		return;
	bool incoming = message->direction == MESSAGE_IN && !message->notice;
	Window *window = window_of(conv);
	/* What the archive brings opens a window only if it is new to the person. */
	if (!window && (message->origin != MESSAGE_ARCHIVE || convo_unread(conv)))
		window = window_make(conv, false);
	if (!window && incoming && convo_unread(conv) == 1)
		tell_of_more(message->conversation);
	if (!window)
		return;
	view_add_message(window->view, message);
	if (window_is_seen(window))
		layout_dirty(PART_VIEW | PART_STATUS);
	if (incoming && (message->origin != MESSAGE_ARCHIVE || convo_unread(conv)))
		window_raise(window,
			message->kind == MESSAGE_GROUPCHAT || window_is_of_stranger(conv) ? ACTIVITY_MESSAGE : ACTIVITY_PRIVATE);
	else if (message->notice)
		window_raise(window, ACTIVITY_EVENT);
	notice_message(message, convo_title(conv), is_seen(window));
	if (layout_panel_is_shown())
		layout_dirty(PART_PANEL);
}

static void
on_change(const Event *event)
{
	Window *window = window_of_peer(event->message->account, event->message->conversation);
	if (!window)
		return;
	view_change_message(window->view, event->message);
	if (window_is_seen(window))
		layout_dirty(PART_VIEW);
}

/* Somebody waits for an answer to what never left: said once, until the window is looked at. */
static void
on_state(const Event *event)
{
	const Message *message = event->message;
	Conversation *conv = convo_find(message->account, message->conversation);
	Window *window;
	on_change(event);
	if (message->state != MESSAGE_FAILED || message->direction != MESSAGE_OUT || message->hidden || !conv)
		return;
	window = window_make(conv, false);
	if (!window || window == window_current() || window->activity == ACTIVITY_ALERT)
		return;
	window_raise(window, ACTIVITY_ALERT);
	g_autofree char *hint = g_strdup_printf("window %u: a message to %s failed%s%s", window->number, convo_title(conv),
		message->reason ? ": " : "", message->reason ? message->reason : "");
	layout_hint(STYLE_ACTIVITY_ALERT, hint);
	notice_alert();
}

static void
on_conversation(const Event *event)
{
	Window *window = window_of(event->conversation);
	if (!window)
		return;
	view_older_came(window->view);
	if (!convo_unread(event->conversation) && (window->activity == ACTIVITY_PRIVATE || window->activity == ACTIVITY_MESSAGE)) {
		/* Read on another device. */
		window->activity = ACTIVITY_NONE;
		layout_dirty(PART_STATUS);
	}
	layout_dirty(window_is_seen(window) ? PART_ALL : PART_PANEL);
}

static void
on_connection(const Event *event)
{
	static const char *const words[] = { "offline", "connecting", "online", "not connected" };
	const char *reason = event->connection.reason;
	g_autofree char *text = NULL;
	status_connection(event->account, event->connection.state);
	panel_dirty();
	if (event->connection.state == CONNECTION_CONNECTING)
		return;
	if (event->connection.state == CONNECTION_ONLINE)
		text = g_strdup_printf("%s is online%s%s", event->account, event->connection.tls ? ", " : "",
			event->connection.tls ? event->connection.tls : "");
	else
		text = g_strdup_printf("%s is %s%s%s%s", event->account, words[event->connection.state], reason ? ": " : "",
			reason ? reason : "", event->connection.will_retry ? " - sotto keeps trying" : "");
	if (!last_connection)
		last_connection = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	/* A server that stays away is told of once. */
	if (!g_strcmp0(g_hash_table_lookup(last_connection, event->account), text))
		return;
	g_hash_table_insert(last_connection, g_strdup(event->account), g_strdup(text));
	feed_text(window_console(), event->connection.state == CONNECTION_FAILED ? LINE_ERROR : LINE_EVENT, text, false);
	if (event->connection.state == CONNECTION_FAILED)
		window_raise(window_console(), ACTIVITY_MESSAGE);
}

static void
on_roster(const Event *event)
{
	(void)event;
	panel_dirty();
	layout_dirty(PART_TITLE);
}

/* H07: five hundred requests are one line. */
static void
on_request(const char *account_jid_, const char *jid)
{
	Account *account = account_find(account_jid_);
	const GPtrArray *requests = account ? contact_requests(account) : NULL;
	guint count = requests ? requests->len : 0;
	g_autofree char *text =
		count > 1 ? g_strdup_printf("%u addresses ask to see when you are here, %s the last - /accept-contact JID or "
					    "/refuse-contact JID",
				    count, jid)
			  : g_strdup_printf(
				    "%s asks to see when you are here - /accept-contact %s or /refuse-contact %s", jid, jid, jid);
	if (!last_requests || !view_replace_last(window_console()->view, last_requests, text))
		feed_text(window_console(), LINE_EVENT, text, false);
	g_free(last_requests);
	last_requests = g_steal_pointer(&text);
	window_raise(window_console(), ACTIVITY_MESSAGE);
	layout_dirty(PART_VIEW);
}

static void
on_subscription(const Event *event)
{
	const char *jid = event->subscription.jid, *kind = event->subscription.kind;
	static const struct {
		const char *kind, *words;
	} told[] = {
		{ "approved", "now lets you see when they are here" },
		{ "refused", "does not let you see when they are here" },
		{ "removed", "no longer lets you see when they are here" },
		{ "withdrawn", "no longer wants to see when you are here" },
	};
	const Account *account = account_find(event->account);
	/* H07: a stranger who asks and takes it back is no news each time. */
	if (!g_strcmp0(kind, "withdrawn") && !(account && contact_find(account, jid)))
		return;
	if (!g_strcmp0(kind, "request"))
		on_request(event->account, jid);
	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		if (!g_strcmp0(kind, told[i].kind)) {
			g_autofree char *text = g_strdup_printf("%s %s", jid, told[i].words);
			feed_text(window_console(), LINE_EVENT, text, false);
		}
}

static void
on_chat_state(const Event *event)
{
	const Window *window = window_current();
	if (window->peer && !g_strcmp0(window->peer, event->chat_state.jid))
		layout_dirty(PART_STATUS);
}

static void
on_trust(const Event *event)
{
	(void)event;
	layout_dirty(PART_TITLE);
}

/* Said while the program starts: it does not mean that the store stays closed. */
static bool
is_of_the_start(const char *code)
{
	static const char *const codes[] = { "settings", "plugin", "log", NULL };
	return code && g_strv_contains(codes, code);
}

static void
on_alert(const Event *event)
{
	if (!g_strcmp0(event->alert.code, "locked")) {
		secret_unlock_failed(event->alert.text);
		return;
	}
	/* A store that cannot be opened leaves nothing else to look at. */
	if (secret_is_opening())
		secret_unlock_failed(event->alert.text);
	else if (!is_of_the_start(event->alert.code))
		secret_wait_over();
	Window *window = feed_window(event->account, event->alert.peer);
	feed_text(window, LINE_ALERT, event->alert.text, false);
	window_raise(window, ACTIVITY_ALERT);
	if (window != window_current()) {
		g_autofree char *hint = g_strdup_printf("window %u: %s", window->number, event->alert.text);
		layout_hint(STYLE_ACTIVITY_ALERT, hint);
	}
	notice_alert();
}

void
feed_output_window(guint64 seq)
{
	outputs[seq % OUTPUTS_MAX].seq = seq;
	outputs[seq % OUTPUTS_MAX].window = window_current()->number;
	line_runs = true;
}

void
feed_line_done(void)
{
	line_runs = false;
}

bool
feed_line_runs(void)
{
	return line_runs;
}

static void
on_output(const Event *event)
{
	guint64 seq = event->output.seq;
	Window *window = NULL;
	if (seq && outputs[seq % OUTPUTS_MAX].seq == seq)
		window = window_number(outputs[seq % OUTPUTS_MAX].window);
	if (!window)
		window = window_console();
	/* A command may have gone to another window: its answer is read where the person is. */
	if (seq && window != window_current() && window_current()->view)
		window = window_current();
	const char *text = event->output.error ? event->output.error->message : event->output.text;
	feed_text(window, event->output.error ? LINE_ERROR : LINE_OUTPUT, text ? text : "", event->output.plain);
	if (event->output.error)
		window_raise(window, ACTIVITY_EVENT);
}

static void
on_option(const Event *event)
{
	if (g_str_has_prefix(event->option.name, "ui."))
		front_apply_options();
	else if (g_str_has_prefix(event->option.name, "video.")) {
		picture_options_changed();
		layout_dirty(PART_ALL);
	}
}

static void
on_account(const Event *event)
{
	(void)event;
	panel_stop();
	windows_check();
}

static void
open_unread(void)
{
	const GPtrArray *convs = convo_list();
	for (guint i = 0; convs && i < convs->len; i++) {
		Conversation *conv = convs->pdata[i];
		const char *draft = convo_draft(conv);
		if (!convo_unread(conv) && !(draft && *draft))
			continue;
		Window *window = window_make(conv, false);
		if (window && convo_unread(conv))
			window_raise(window, ACTIVITY_PRIVATE);
	}
}

static void
on_ready(const Event *event)
{
	(void)event;
	if (!unread_opened) {
		places_restore();
		open_unread();
	}
	unread_opened = true;
	const GPtrArray *accounts = account_list();
	if (accounts && !accounts->len) {
		feed_text(window_console(), LINE_EVENT, "Welcome. Log in with: /account add you@example.org", false);
		feed_text(window_console(), LINE_EVENT, "Then: /msg friend@example.org hello   (Tab completes, /help explains)",
			false);
	}
	layout_dirty(PART_ALL);
	secret_unlock_done();
}

void
feed_reset(void)
{
	g_clear_pointer(&last_connection, g_hash_table_unref);
	g_clear_pointer(&last_requests, g_free);
	g_clear_pointer(&last_strangers, g_free);
	unread_opened = false;
}

const struct event_watch feed_rows[] = {
	{ "windows", EVENT_CONNECTION, on_connection },
	{ "windows", EVENT_ROSTER, on_roster },
	{ "windows", EVENT_ROSTER_LOADED, on_roster },
	{ "windows", EVENT_SUBSCRIPTION, on_subscription },
	{ "windows", EVENT_CHAT_STATE, on_chat_state },
	{ "windows", EVENT_MESSAGE_ADDED, on_message },
	{ "windows", EVENT_MESSAGE_CHANGED, on_change },
	{ "windows", EVENT_MESSAGE_STATE, on_state },
	{ "windows", EVENT_CONVERSATION, on_conversation },
	{ "windows", EVENT_TRUST, on_trust },
	{ "windows", EVENT_ALERT, on_alert },
	{ "windows", EVENT_OUTPUT, on_output },
	{ "windows", EVENT_OPTION, on_option },
	{ "windows", EVENT_ACCOUNT, on_account },
	{ "windows", EVENT_READY, on_ready },
	{ 0 },
};
