/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small questions that we answer to those who see us anyway: ping (XEP-0199), software version (XEP-0092). */
#include "xmpp/ping.h"

#include "api/iq.h"
#include "xmpp/presence.h"

#define PING_NS "urn:xmpp:ping"
#define VERSION_NS "jabber:iq:version"

static bool
answer_ping(Stream *stream, const Element *iq)
{
	if (!presence_may_answer(stream, iq))
		return false;
	iq_result(stream, iq, NULL);
	return true;
}

static bool
answer_version(Stream *stream, const Element *iq)
{
	if (!presence_may_answer(stream, iq))
		return false;
	/* XEP-0092 wants a version; P15: neither it nor the system is told. */
	Node *query = node_new("query", VERSION_NS);
	node_add_text(query, "name", NULL, "sotto");
	node_add(query, "version", NULL);
	iq_result(stream, iq, query);
	return true;
}

const struct stanza_hook ping_hooks[] = {
	{ .name = "ping", .kind = "iq", .type = "get", .child = "ping", .ns = PING_NS, .take = answer_ping },
	{ .name = "version", .kind = "iq", .type = "get", .child = "query", .ns = VERSION_NS, .take = answer_version },
	{ 0 },
};

const struct feature ping_features[] = {
	{ .name = PING_NS },
	{ .name = VERSION_NS },
	{ 0 },
};
