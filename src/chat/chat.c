/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chat layer's rows: what it takes from the stream, what it watches, what it announces and what can be set. */
#include "chat/chat.h"

#include "account/account.h"
#include "api/event.h"
#include "api/option.h"
#include "api/store.h"
#include "base/table.h"
#include "chat/catchup.h"
#include "chat/convo.h"
#include "chat/inbox.h"
#include "chat/outbox.h"
#include "chat/sealedtable.h"
#include "chat/signal.h"
#include "store/db.h"
#include "xmpp/route.h"
#include "xmpp/stream.h"

struct chat_settings chat_settings;

static const struct option options[] = {
	{ .name = "chat.receipts",
		.type = OPTION_BOOL,
		.value = &chat_settings.receipts,
		.initial = "on",
		.summary = "Ask for delivery receipts, and give them to contacts who may see your presence" },
	{ .name = "chat.markers",
		.type = OPTION_BOOL,
		.value = &chat_settings.markers,
		.initial = "on",
		.summary = "Tell contacts in readable chats which message you have read, and ask them for the same" },
	{ .name = "chat.markers_sealed",
		.type = OPTION_BOOL,
		.value = &chat_settings.markers_sealed,
		.initial = "off",
		.summary = "Tell it in encrypted chats, too",
		.help = "Markers travel beside the encrypted text: both servers can read who read what and when." },
	{ .name = "chat.states",
		.type = OPTION_BOOL,
		.value = &chat_settings.states,
		.initial = "on",
		.summary = "Show contacts in readable chats that you are typing" },
	{ .name = "chat.states_sealed",
		.type = OPTION_BOOL,
		.value = &chat_settings.states_sealed,
		.initial = "off",
		.summary = "Show it in encrypted chats, too",
		.help = "That somebody is typing travels beside the encrypted text: both servers can read it." },
	{ 0 },
};

static const struct feature features[] = {
	{ "urn:xmpp:receipts" },
	{ "urn:xmpp:chat-markers:0" },
	{ "urn:xmpp:message-correct:0" },
	{ "urn:xmpp:sid:0" },
	{ "urn:xmpp:eme:0" },
	{ "http://jabber.org/protocol/chatstates" },
	{ 0 },
};

static bool
take_archived(Stream *stream, const Element *stanza)
{
	return catchup_hold(stream, stanza) || inbox_take(stream, stanza, MESSAGE_ARCHIVE);
}

static bool
take_carbon(Stream *stream, const Element *stanza)
{
	return inbox_take(stream, stanza, MESSAGE_CARBON);
}

static bool
take_live(Stream *stream, const Element *stanza)
{
	return inbox_take(stream, stanza, MESSAGE_LIVE);
}

/* The first three let nobody but our own account pass; the last one drops what looks like them from others. */
static const struct stanza_hook hooks[] = {
	{ .name = "chat: archive",
		.kind = "message",
		.child = "result",
		.ns = "urn:xmpp:mam:2",
		.from = FROM_SELF,
		.take = take_archived },
	{ .name = "chat: carbons received",
		.kind = "message",
		.child = "received",
		.ns = "urn:xmpp:carbons:2",
		.from = FROM_SELF,
		.take = take_carbon },
	{ .name = "chat: carbons sent",
		.kind = "message",
		.child = "sent",
		.ns = "urn:xmpp:carbons:2",
		.from = FROM_SELF,
		.take = take_carbon },
	{ .name = "chat: messages", .kind = "message", .from = FROM_ANYONE, .take = take_live },
	{ 0 },
};

static void
connection_changed(const Event *event)
{
	Account *account = account_find(event->account);

	if (!account || event->connection.state != CONNECTION_ONLINE)
		return;
	outbox_connected(account, event->connection.resumed);
	if (event->connection.resumed)
		catchup_start(account, true);
	else
		catchup_expect(account);
}

/* Only now: between an answer of the archive and the presence a message would be kept for later, and a server does not send what it
 * keeps to somebody who asked the archive in the same session. */
static void
announced(const Event *event)
{
	Account *account = account_find(event->account);

	if (account)
		catchup_start(account, false);
}

static void
acknowledged(const Event *event)
{
	outbox_acknowledged(event->account, event->ack.sequence);
}

static void
caught_up(const Event *event)
{
	outbox_caught_up(event->account);
}

/* A decision about one of our own devices concerns every chat. */
static void
trust_changed(const Event *event)
{
	outbox_retry(event->account, event->trust.own ? NULL : event->trust.peer);
}

/* XEP-0085 §5.1: who is gone writes nothing, whatever was said last. */
static void
presence_changed(const Event *event)
{
	Conversation *conv = strcmp(event->roster.presence, "offline") ? NULL : convo_find(event->account, event->roster.jid);

	if (conv)
		convo_set_peer_state(conv, NULL);
}

static void
account_changed(const Event *event)
{
	if (event->account && !account_find(event->account)) {
		convos_forget_account(event->account);
		catchup_unload(event->account);
	}
}

static const struct event_watch watches[] = {
	{ "chat: connection", EVENT_CONNECTION, connection_changed },
	{ "chat: acknowledgement", EVENT_ACK, acknowledged },
	{ "chat: announced", EVENT_ANNOUNCED, announced },
	{ "chat: caught up", EVENT_CAUGHT_UP, caught_up },
	{ "chat: trust", EVENT_TRUST, trust_changed },
	{ "chat: presence", EVENT_ROSTER, presence_changed },
	{ "chat: accounts", EVENT_ACCOUNT, account_changed },
	{ 0 },
};

static const struct table_rows tables[] = {
	{ TABLE_OPTIONS, options },
	{ TABLE_FEATURES, features },
	{ TABLE_STANZAS, hooks },
	{ TABLE_EVENTS, watches },
	{ TABLE_MIGRATIONS, sealed_table_migrations },
};

/* Streams that count ask for it again by themselves. */
static void
batch_lost(void)
{
	const GPtrArray *accounts = account_list();

	signal_lost();
	for (guint i = 0; i < accounts->len; i++)
		if (!stream_session(account_stream(accounts->pdata[i])))
			catchup_lost(accounts->pdata[i]);
}

void
chat_init(void)
{
	table_add_all(tables, G_N_ELEMENTS(tables), "core");
	route_set_skipped(inbox_skipped);
	db_on_commit(signal_flush);
	db_on_lost(batch_lost);
}

void
chat_provider_changed(void)
{
	if (!store_is_open())
		return;
	if (e2ee_provider())
		inbox_open_late();
	outbox_retry(NULL, NULL);
	for (guint i = 0; i < convo_list()->len; i++)
		convo_changed(g_ptr_array_index(convo_list(), i));
}
