/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of chat: an account on a stream that is a list of what was written, a server that is the test, a provider of
 * encryption that hides text and counts, and a profile that several lives of the program share. */
#pragma once

#define _GNU_SOURCE
#include "account/account.h"
#include "api/ask.h"
#include "api/error.h"
#include "api/event.h"
#include "api/iq.h"
#include "api/store.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "chat/inbox.h"
#include "chat/outbox.h"
#include "fake/place.h"
#include "store/archive.h"
#include "store/db.h"
#include "store/outbox-table.h"
#include "store/store.h"
#include "xmpp/route.h"
#include "xmpp/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#define ME "me@home.example"
#define BOB "bob@away.example"
#define EVE "eve@evil.example"
#define VEIL "urn:test:veil"

/* ---- the stream ---- */

struct Stream {
	char *jid, *full;
	gpointer owner;
	bool online;
	char *session;
	guint64 sent, acknowledged;
};

static struct {
	Stream *stream;
	GPtrArray *out;   /* char *: every stanza written since the last look */
	GPtrArray *asked; /* struct question * */
	void (*skipped)(Stream *, const char *, const char *, const char *, const char *);
	bool (*is_contact)(Stream *, const char *);
	bool deaf; /* nothing is written although it is online */
} wire;

struct question {
	char *xml;
	iq_done done;
	gpointer data;
	GDestroyNotify data_free;
};

Stream *
stream_new(const struct stream_config *config, const struct stream_memory *memory, stream_ask_password ask_password)
{
	Stream *stream = g_new0(Stream, 1);

	(void)memory;
	(void)ask_password;
	stream->jid = g_strdup(config->jid);
	stream->full = g_strconcat(config->jid, "/here", NULL);
	wire.stream = stream;
	return stream;
}

void
stream_free(Stream *stream)
{
	g_free(stream->jid);
	g_free(stream->full);
	g_free(stream->session);
	g_free(stream);
}

static void
write_xml(Stream *stream, char *xml)
{
	stream->sent++;
	g_ptr_array_add(wire.out, xml);
}

/* Presence is not looked at here. */
bool
stream_send(Stream *stream, Node *node)
{
	g_autofree char *xml = node_to_xml(node);

	if (stream->online && !wire.deaf && !g_str_has_prefix(xml, "<presence"))
		write_xml(stream, g_steal_pointer(&xml));
	node_free(node);
	return stream->online && !wire.deaf;
}

bool
stream_send_xml(Stream *stream, const char *xml)
{
	if (!stream->online || wire.deaf)
		return false;
	write_xml(stream, g_strdup(xml));
	return true;
}

guint64
stream_next_sequence(const Stream *stream)
{
	return stream->sent + 1;
}

const char *
stream_session(const Stream *stream)
{
	return stream->session;
}

guint64
stream_acknowledged(const Stream *stream)
{
	return stream->acknowledged;
}

const char *
stream_jid(const Stream *stream)
{
	return stream->jid;
}

const char *
stream_full_jid(const Stream *stream)
{
	return stream->full;
}

bool
stream_online(const Stream *stream)
{
	return stream->online;
}

void
stream_set_owner(Stream *stream, gpointer owner)
{
	stream->owner = owner;
}

gpointer
stream_owner(const Stream *stream)
{
	return stream->owner;
}

#define NOTHING(name, ...)     \
	void name(__VA_ARGS__) \
	{                      \
	}
NOTHING(stream_configure, Stream *stream G_GNUC_UNUSED, const struct stream_config *config G_GNUC_UNUSED)
NOTHING(stream_connect, Stream *stream G_GNUC_UNUSED)
NOTHING(stream_disconnect, Stream *stream G_GNUC_UNUSED)
NOTHING(stream_suspend, Stream *stream G_GNUC_UNUSED)
NOTHING(stream_committed, void)
NOTHING(stream_batch_lost, void)
Stanza *
stream_taking(const Stream *stream G_GNUC_UNUSED)
{
	return NULL;
}

bool
stream_has_password(const Stream *stream G_GNUC_UNUSED)
{
	return true;
}

NOTHING(stream_password, Stream *stream G_GNUC_UNUSED, const Secret *password G_GNUC_UNUSED)
NOTHING(stream_reset_memory, Stream *stream G_GNUC_UNUSED)
NOTHING(stream_set_active, Stream *stream G_GNUC_UNUSED, bool active G_GNUC_UNUSED)
NOTHING(stream_network_changed, void)
NOTHING(iq_result, Stream *stream G_GNUC_UNUSED, const Element *iq G_GNUC_UNUSED, Node *payload G_GNUC_UNUSED)
NOTHING(iq_error, Stream *stream G_GNUC_UNUSED, const Element *iq G_GNUC_UNUSED, const char *type G_GNUC_UNUSED,
	const char *condition G_GNUC_UNUSED)

char **
stream_describe(const Stream *stream G_GNUC_UNUSED)
{
	return g_new0(char *, 1);
}

bool
stream_feature(const Stream *stream G_GNUC_UNUSED, const char *name G_GNUC_UNUSED, const char *ns G_GNUC_UNUSED)
{
	return false;
}

void
route_set_contact_check(bool (*is_contact)(Stream *stream, const char *bare_jid))
{
	wire.is_contact = is_contact;
}

void
route_set_skipped(void (*skipped)(Stream *, const char *, const char *, const char *, const char *))
{
	wire.skipped = skipped;
}

/* ---- questions to the server ---- */

static void
question_free(gpointer data)
{
	struct question *question = data;

	if (question->data_free)
		question->data_free(question->data);
	g_free(question->xml);
	g_free(question);
}

void
iq_set(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free)
{
	struct question *question = g_new0(struct question, 1);

	(void)to;
	*question = (struct question){ node_to_xml(payload), done, data, data_free };
	node_free(payload);
	stream->sent++;
	g_ptr_array_add(wire.asked, question);
}

void
iq_get(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free)
{
	iq_set(stream, to, payload, done, data, data_free);
}

static const char *answer_condition;

const char *
iq_condition(const GError *error G_GNUC_UNUSED)
{
	return answer_condition;
}

const char *
iq_condition_detail(const GError *error G_GNUC_UNUSED)
{
	return NULL;
}

/* The oldest open question that holds this text; NULL if there is none. */
static struct question *
question_with(const char *text)
{
	for (guint i = 0; i < wire.asked->len; i++) {
		struct question *question = g_ptr_array_index(wire.asked, i);

		if (strstr(question->xml, text))
			return question;
	}
	return NULL;
}

static void
close_question(struct question *question, const Element *result, const GError *error)
{
	g_ptr_array_remove_fast(wire.asked, question);
	question->done(wire.stream, result, error, question->data);
	question_free(question);
}

static struct question *
archive_question(void)
{
	struct question *question = question_with("urn:xmpp:mam:2");

	assert_non_null(question);
	return question;
}

/* What the question says between two marks; caller frees. */
static char *
between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end = start ? strstr(start + strlen(from), to) : NULL;

	return end ? g_strndup(start + strlen(from), (gsize)(end - start) - strlen(from)) : NULL;
}

static char *
archive_queryid(const struct question *question)
{
	return between(question->xml, "queryid=\"", "\"");
}

static void
archive_ends(const char *first, const char *last, bool complete)
{
	struct question *question = archive_question();
	g_autofree char *set = first ? g_strdup_printf("<first>%s</first><last>%s</last>", first, last) : g_strdup("");
	g_autofree char *xml = g_strdup_printf("<iq xmlns='jabber:client' type='result'><fin xmlns='urn:xmpp:mam:2'%s>"
					       "<set xmlns='http://jabber.org/protocol/rsm'>%s</set></fin></iq>",
		complete ? " complete='true'" : "", set);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);

	assert_non_null(stanza);
	close_question(question, stanza_root(stanza), NULL);
}

static void
archive_refuses(const char *condition, enum fault code)
{
	g_autoptr(GError) error = NULL;

	answer_condition = condition;
	fault(&error, code, "the archive says %s", condition);
	close_question(archive_question(), NULL, error);
	answer_condition = NULL;
}

/* ---- the route ---- */

static bool
may_pass(enum stanza_from from, const Element *stanza)
{
	const char *sender = element_attr(stanza, "from");

	return from == FROM_ANYONE || !sender || !strcmp(sender, ME);
}

static bool
server_sends(const char *xml)
{
	g_autofree char *full = g_str_has_prefix(xml, "<message xmlns") ? g_strdup(xml) : NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(Stanza) stanza = NULL;
	const struct stanza_hook *row;

	if (!full)
		full = g_strconcat("<message xmlns='jabber:client'", xml + strlen("<message"), NULL);
	stanza = stanza_parse(full, strlen(full), &error);
	if (!stanza)
		fail_msg("%s: %s", error->message, full);
	for (guint i = 0; (row = table_row(TABLE_STANZAS, i)); i++) {
		const Element *root = stanza_root(stanza);

		if (strcmp(row->kind, "message") != 0 || row->node || (row->child && !element_child(root, row->child, row->ns)))
			continue;
		if (may_pass(row->from, root) && row->take(wire.stream, root))
			return true;
	}
	return false;
}

static bool G_GNUC_PRINTF(1, 2) server_says(const char *format, ...)
{
	g_autofree char *xml = NULL;
	va_list list;

	va_start(list, format);
	xml = g_strdup_vprintf(format, list);
	va_end(list);
	return server_sends(xml);
}

/* One result of the running archive query. */
static void
archive_gives(const char *id, const char *stamp, const char *message)
{
	g_autofree char *queryid = archive_queryid(archive_question());
	g_autofree char *inner = g_strconcat("<message xmlns='jabber:client'", message + strlen("<message"), NULL);

	server_says(
		"<message from='" ME "' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='%s'>"
		"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='%s'/>%s</forwarded></result></message>",
		queryid, id, stamp, inner);
}

/* ---- what the program told ---- */

static GPtrArray *told; /* char * */

static void G_GNUC_PRINTF(1, 2) note_told(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_ptr_array_add(told, g_strdup_vprintf(format, list));
	va_end(list);
}

static void
see_message(const Event *event)
{
	const Message *message = event->message;
	static const char *const kinds[] = { [EVENT_MESSAGE_ADDED] = "added", [EVENT_MESSAGE_CHANGED] = "changed" };

	note_told("%s %s %s %s: %s", kinds[event->kind], message->direction == MESSAGE_IN ? "in" : "out", message->conversation,
		message->seal ? message->seal : "none", message->body ? message->body : message->reason);
}

static void
see_state(const Event *event)
{
	note_told("state %s %s: %s", message_state_word(event->message->state), event->message->conversation,
		event->message->reason ? event->message->reason : "");
}

static void
see_alert(const Event *event)
{
	note_told("alert %s: %s", event->alert.code, event->alert.text);
}

static void
see_ask(const Event *event)
{
	if (!event->ask.answered)
		note_told("ask %s", event->ask.text);
}

static void
see_caught_up(const Event *event)
{
	note_told("caught up %s", event->account);
}

static const struct event_watch see_rows[] = {
	{ "test: added", EVENT_MESSAGE_ADDED, see_message },
	{ "test: changed", EVENT_MESSAGE_CHANGED, see_message },
	{ "test: state", EVENT_MESSAGE_STATE, see_state },
	{ "test: alert", EVENT_ALERT, see_alert },
	{ "test: ask", EVENT_ASK, see_ask },
	{ "test: caught up", EVENT_CAUGHT_UP, see_caught_up },
	{ 0 },
};

static guint
count_in(const GPtrArray *lines, const char *text)
{
	guint count = 0;

	for (guint i = 0; i < lines->len; i++)
		if (strstr(g_ptr_array_index(lines, i), text))
			count++;
	return count;
}

static void
must_count(const GPtrArray *lines, const char *text, guint wanted)
{
	if (count_in(lines, text) == wanted)
		return;
	for (guint i = 0; i < lines->len; i++)
		print_message("  %s\n", (const char *)g_ptr_array_index(lines, i));
	fail_msg("\"%s\" is there %u times, not %u", text, count_in(lines, text), wanted);
}

#define told_times(text, times) must_count(told, text, times)
#define out_times(text, times) must_count(wire.out, text, times)

static void
forget_told(void)
{
	g_ptr_array_set_size(told, 0);
	g_ptr_array_set_size(wire.out, 0);
}

/* ---- the provider ---- */

static struct {
	enum e2ee_readiness readiness;
	const char *sentence;
	bool usable, fails, disk_full, later;
	e2ee_prepared done;
	gpointer data;
	guint prepared;
	enum trust trust; /* of the device that sealed what is opened next; TRUST_NONE: trusted */
} veil;

static bool
veil_usable(Account *account G_GNUC_UNUSED, const char *peer G_GNUC_UNUSED)
{
	return veil.usable;
}

static void
veil_prepare(Account *account G_GNUC_UNUSED, const char *peer G_GNUC_UNUSED, e2ee_prepared done, gpointer data)
{
	veil.prepared++;
	if (veil.later) {
		veil.done = done;
		veil.data = data;
		return;
	}
	done(veil.readiness, veil.sentence, data);
}

static void
veil_answers(enum e2ee_readiness readiness)
{
	veil.later = false;
	veil.readiness = readiness;
	veil.done(readiness, veil.sentence, veil.data);
}

static char *
veil_hide(const char *text)
{
	return g_base64_encode((const guchar *)text, strlen(text));
}

static Node *
veil_seal(Account *account G_GNUC_UNUSED, const char *peer G_GNUC_UNUSED, const char *text, enum trust *weakest, GError **error)
{
	g_autoptr(Node) node = node_new("encrypted", VEIL);
	g_autofree char *hidden = veil_hide(text), *number = NULL;

	if (!store_run(error, "INSERT INTO veil_sent DEFAULT VALUES", ""))
		return NULL;
	if (veil.disk_full)
		return fault_null(error, FAULT_STORE, "the disk is full");
	if (veil.fails)
		return fault_null(error, FAULT_TRUST, "the veil is torn");
	number = g_strdup_printf("n%" G_GINT64_FORMAT, store_last_id());
	node_attr(node, "n", number);
	node_add_text(node, "payload", NULL, hidden);
	*weakest = TRUST_TRUSTED;
	return g_steal_pointer(&node);
}

static enum e2ee_outcome
veil_open(Account *account G_GNUC_UNUSED, const char *sender, const Element *sealed, bool from_archive G_GNUC_UNUSED,
	E2eeOpened *opened, GError **error)
{
	const char *payload = element_child_text(sealed, "payload", VEIL), *n = element_attr(sealed, "n");
	gsize length;
	g_autofree guchar *bytes = NULL;

	if (!payload)
		return E2EE_NOTHING;
	if (!strcmp(payload, "broken")) {
		fault(error, FAULT_PEER, "it could not be decrypted: broken");
		return E2EE_FAILED;
	}
	if (n && !store_run(NULL, "INSERT INTO veil_seen (key) VALUES (?)", "s", n))
		return E2EE_DUPLICATE;
	(void)sender;
	bytes = g_base64_decode(payload, &length);
	opened->text = g_strndup((const char *)bytes, length);
	opened->device = 7;
	opened->trust = veil.trust ? veil.trust : TRUST_TRUSTED;
	return E2EE_OPENED;
}

static const struct e2ee_provider veil_row = {
	.name = "veil",
	.title = "Veil",
	.ns = VEIL,
	.element = "encrypted",
	.eme_name = "Veil",
	.fallback = "[this is veiled]",
	.usable = veil_usable,
	.prepare = veil_prepare,
	.seal = veil_seal,
	.open = veil_open,
};

static const struct migration veil_migrations[] = {
	{ "veil", 1,
		"CREATE TABLE veil_sent (n INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE veil_seen (key TEXT PRIMARY KEY)" },
	{ 0 },
};

static void
load_veil(void)
{
	veil.usable = true;
	veil.readiness = E2EE_READY;
	table_add_one(TABLE_E2EE, &veil_row, "veil");
	chat_provider_changed();
}

static void
unload_veil(void)
{
	table_remove("veil");
	chat_provider_changed();
}

static char *
veiled(const char *n, const char *text)
{
	g_autofree char *hidden = veil_hide(text);

	return g_strdup_printf(
		"<body>[this is veiled]</body><encrypted xmlns='" VEIL "' n='%s'><payload>%s</payload></encrypted>", n, hidden);
}

/* ---- lives of the program on one profile ---- */

static char *folder;

static void
fill_tables(void)
{
	if (table_find(TABLE_MIGRATIONS, "archive"))
		return;
	store_init();
	account_init();
	chat_init();
	table_add(TABLE_EVENTS, see_rows, "core");
	table_add(TABLE_MIGRATIONS, veil_migrations, "core");
}

static void
start_life(void)
{
	g_autoptr(GError) error = NULL;

	wire.out = g_ptr_array_new_with_free_func(g_free);
	wire.asked = g_ptr_array_new();
	wire.deaf = false;
	told = g_ptr_array_new_with_free_func(g_free);
	place_store(folder);
	if (!accounts_load(&error))
		fail_msg("%s", error->message);
	chat_settings.receipts = chat_settings.markers = chat_settings.states = true;
	chat_settings.markers_sealed = chat_settings.states_sealed = false;
	convos_load();
}

/* kill -9: nothing is said goodbye to; what the batch holds is lost. */
static void
end_life(void)
{
	table_remove("veil");
	convos_unload();
	accounts_unload();
	for (guint i = 0; i < wire.asked->len; i++)
		question_free(g_ptr_array_index(wire.asked, i));
	g_ptr_array_unref(wire.asked);
	db_close();
	g_ptr_array_unref(wire.out);
	g_ptr_array_unref(told);
}

static Account *
me(void)
{
	return account_find(ME);
}

static Conversation *
bob(void)
{
	return convo_get(me(), BOB);
}

static void
add_contact(const char *jid, enum subscription subscription)
{
	assert_true(store_run(NULL, "INSERT INTO account_contact (account, jid, subscription, pending_out) VALUES (?, ?, ?, 0)",
		"ssi", ME, jid, (gint64)subscription));
}

static void
set_online(bool online, bool resumed)
{
	wire.stream->online = online;
	event_emit(&(Event){ .kind = EVENT_CONNECTION,
		.account = ME,
		.connection = { .state = online ? CONNECTION_ONLINE : CONNECTION_OFFLINE, .resumed = resumed } });
	if (online && !resumed)
		close_question(question_with("jabber:iq:roster"), NULL, NULL);
}

/* A new session of the server, with stream management; catch-up is left to the test. */
static void
log_in(const char *session)
{
	g_free(wire.stream->session);
	wire.stream->session = g_strdup(session);
	wire.stream->sent = 0;
	set_online(true, false);
}

static void
log_in_and_catch_up(const char *session)
{
	log_in(session);
	archive_ends(NULL, NULL, true);
	forget_told();
}

static void
acknowledge(guint64 sequence)
{
	event_emit(&(Event){ .kind = EVENT_ACK, .account = ME, .ack = { .sequence = sequence } });
}

static int
set_up(void **state)
{
	(void)state;
	secret_init(NULL);
	folder = place_new();
	memset(&veil, 0, sizeof veil);
	fill_tables();
	clock_hold(G_GINT64_CONSTANT(1795536000000000));
	start_life();
	assert_non_null(account_add(ME, NULL));
	add_contact(BOB, SUBSCRIPTION_BOTH);
	end_life();
	start_life();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	end_life();
	place_remove(folder);
	return 0;
}
