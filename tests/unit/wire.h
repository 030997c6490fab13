/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire as a seam: a stream that sends nowhere and hears what a test says. Route, questions and parser behind it are real. For
 * tests of what stands on a stream; included once, by the program itself, so that the real one is left out. */
#pragma once

#include "account/account.h"
#include "xmpp/iq.h"
#include "xmpp/parser.h"
#include "xmpp/route.h"
#include "xmpp/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ME "alice@a.test"
#define FULL "alice@a.test/here"

static Account *account;    /* the one that hears, where there are accounts */
static Stream *wire_stream; /* else its stream alone */

struct Stream {
	char *jid;
	gpointer owner;
	bool online;
	stream_ask_password ask;
	Secret *password;
};

static GPtrArray *sent; /* of char *: stanzas since the last look */
static bool versions = true;

Stream *
stream_new(const struct stream_config *config, const struct stream_memory *memory, stream_ask_password ask_password)
{
	(void)memory;
	Stream *stream = g_new0(Stream, 1);
	stream->jid = g_strdup(config->jid);
	stream->ask = ask_password;
	return stream;
}

void
stream_configure(Stream *stream, const struct stream_config *config)
{
	(void)stream, (void)config;
}

void
stream_free(Stream *stream)
{
	iq_lost(stream);
	secret_free(stream->password);
	g_free(stream->jid);
	g_free(stream);
}

void
stream_connect(Stream *stream)
{
	stream->ask(stream);
}

static void
tell_connection(Stream *stream, enum connection_state state, bool resumed)
{
	stream->online = state == CONNECTION_ONLINE;
	event_emit(
		&(Event){ .kind = EVENT_CONNECTION, .account = stream->jid, .connection = { .state = state, .resumed = resumed } });
}

void
stream_suspend(Stream *stream)
{
	stream_disconnect(stream);
}

void
stream_disconnect(Stream *stream)
{
	if (!stream->online)
		return;
	tell_connection(stream, CONNECTION_OFFLINE, false);
	iq_lost(stream);
}

bool
stream_has_password(const Stream *stream)
{
	return stream->password != NULL;
}

void
stream_password(Stream *stream, const Secret *password)
{
	secret_free(stream->password);
	stream->password = password ? secret_copy(secret_bytes(password), secret_length(password)) : NULL;
}

bool
stream_send(Stream *stream, Node *node)
{
	if (stream->online)
		g_ptr_array_add(sent, node_to_xml(node));
	node_free(node);
	return stream->online;
}

const char *
stream_jid(const Stream *stream)
{
	return stream->jid;
}

const char *
stream_full_jid(const Stream *stream)
{
	return stream->online ? FULL : NULL;
}

bool
stream_online(const Stream *stream)
{
	return stream->online;
}

bool
stream_feature(const Stream *stream, const char *name, const char *ns)
{
	(void)stream, (void)name;
	return versions && !strcmp(ns, "urn:xmpp:features:rosterver");
}

char **
stream_describe(const Stream *stream)
{
	(void)stream;
	return NULL;
}

void
stream_set_active(Stream *stream, bool active)
{
	(void)stream, (void)active;
}

void
stream_reset_memory(Stream *stream)
{
	(void)stream;
}

void
stream_committed(void)
{
}

void
stream_batch_lost(void)
{
}

void
stream_network_changed(void)
{
}

bool
stream_leaving(const Stream *stream)
{
	(void)stream;
	return false;
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

/* ---- what a test says and hears ---- */

static bool
always(gpointer data, const char *from, const char *id)
{
	(void)data, (void)from, (void)id;
	return true;
}

static void
says(const char *xml)
{
	g_autoptr(GError) error = NULL;
	const char *condition, *why;
	Parser *parser = parser_new(always, NULL);
	const char *header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
	assert_true(parser_feed(parser, header, strlen(header), &condition, &error));
	parser_trust(parser, true);
	assert_true(parser_feed(parser, xml, strlen(xml), &condition, &error));
	Stanza *stanza;
	enum parser_item item;
	while ((item = parser_take(parser, &stanza, &why)) != PARSER_NOTHING) {
		if (item == PARSER_STANZA)
			route_stanza(wire_stream ? wire_stream : account_stream(account), stanza);
		else if (item == PARSER_SKIPPED)
			route_stanza_skipped(wire_stream ? wire_stream : account_stream(account), stanza_root(stanza), why);
		stanza_unref(stanza);
	}
	parser_free(parser);
}

static void G_GNUC_PRINTF(1, 2) saysf(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *xml = g_strdup_vprintf(format, list);
	va_end(list);
	says(xml);
}

/* The newest stanza with this text; NULL if none was sent. */
static const char *
sent_with(const char *text)
{
	for (guint i = sent->len; i; i--)
		if (strstr(sent->pdata[i - 1], text))
			return sent->pdata[i - 1];
	return NULL;
}

static guint G_GNUC_UNUSED
count_sent(const char *text)
{
	guint count = 0;
	for (guint i = 0; i < sent->len; i++)
		count += strstr(sent->pdata[i], text) != NULL;
	return count;
}

static char *
id_of(const char *xml)
{
	assert_non_null(xml);
	const char *at = strstr(xml, " id=\"");
	assert_non_null(at);
	return g_strndup(at + 5, strcspn(at + 5, "\""));
}

static void G_GNUC_UNUSED
answer(const char *question, const char *payload)
{
	g_autofree char *id = id_of(sent_with(question));
	saysf("<iq type='result' id='%s' to='" FULL "'>%s</iq>", id, payload);
}
