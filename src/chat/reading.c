/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading: what is unread, up to where it was read, here or on another device of ours, and whether the peer is typing. */
#include "api/event.h"
#include "api/log.h"
#include "chat/convo-private.h"
#include "chat/signal.h"
#include "store/archive.h"

#include <string.h>

guint
convo_unread(const Conversation *conv)
{
	return conv->unread;
}

gint64
convo_read_line(const Conversation *conv)
{
	return conv->read_line;
}

void
convo_left(Conversation *conv)
{
	conv->read_line = conv->read_up_to;
}

gint64
convo_comes_after(const Conversation *conv, gint64 at)
{
	gint64 last;

	if (at >= MAX(conv->last_at, conv->read_up_to))
		return at;
	last = MAX(archive_last_heard(conv->row), conv->read_up_to);
	return at < last ? last + 1 : at;
}

/* A sealed message does not show that it is markable; who asks for a receipt of it is told, too. */
static bool
wants_displayed(const Message *message)
{
	return message->wants_marker || (message->seal && message->wants_receipt);
}

void
convo_received(Conversation *conv, const Message *message)
{
	conv->last_at = MAX(conv->last_at, message->sent_at);
	if (message->sent_at <= conv->read_up_to || message->notice)
		return;
	conv->unread++;
	if (!wants_displayed(message) || !message->wire_id || message->origin == MESSAGE_ARCHIVE)
		return;
	g_free(conv->markable);
	conv->markable = g_strdup(message->wire_id);
	conv->markable_seal = message->seal != NULL;
}

static bool
set_read(Conversation *conv, gint64 up_to)
{
	g_autoptr(GError) error = NULL;

	conv->unread = 0;
	conv->read_up_to = up_to;
	bool kept = archive_set_read(conv->row, up_to, &error);
	if (!kept)
		log_warning("what was read is not kept: %s", error->message);
	convo_changed(conv);
	return kept;
}

void
convo_seen(Conversation *conv)
{
	if (!conv->unread)
		return;
	bool kept = set_read(conv, MAX(conv->read_up_to, conv->last_at));
	if (conv->markable && kept)
		signal_displayed(conv, conv->markable, conv->markable_seal);
	g_clear_pointer(&conv->markable, g_free);
}

void
convo_read_elsewhere(Conversation *conv, gint64 up_to)
{
	if (up_to < conv->last_at || !conv->unread)
		return;
	g_clear_pointer(&conv->markable, g_free);
	set_read(conv, up_to);
}

const char *
convo_peer_state(const Conversation *conv)
{
	return conv->peer_state;
}

void
convo_set_peer_state(Conversation *conv, const char *state)
{
	if (!g_strcmp0(conv->peer_state, state))
		return;
	g_free(conv->peer_state);
	conv->peer_state = g_strdup(state);
	event_emit(&(Event){ .kind = EVENT_CHAT_STATE,
		.account = conv->account,
		.chat_state = { .jid = conv->peer, .state = state ? state : "active" } });
}

void
convos_were_read(const char *account)
{
	for (guint i = 0; i < convo_list()->len; i++) {
		Conversation *conv = g_ptr_array_index(convo_list(), i);

		if (!strcmp(conv->account, account))
			convo_read_elsewhere(conv, conv->last_at);
	}
}
