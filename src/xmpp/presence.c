/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presence on the wire (RFC 6121 §3, §4), and the rule who may learn that we are there. */
#include "xmpp/presence.h"

#include <stdlib.h>
#include <string.h>

#include "api/jid.h"
#include "xmpp/caps.h"
#include "xmpp/stream.h"

static const char *const shows[] = { "online", "chat", "away", "xa", "dnd" };
static bool (*visible_check)(Stream *stream, const char *jid);

const char *
presence_show_word(const char *word)
{
	for (guint i = 0; word && i < G_N_ELEMENTS(shows); i++)
		if (!strcmp(word, shows[i]))
			return shows[i];
	return NULL;
}

void
presence_read(const Element *stanza, struct presence *presence)
{
	const char *type = element_attr(stanza, "type");
	const char *show = element_child_text(stanza, "show", "jabber:client");
	const char *status = element_child_text(stanza, "status", "jabber:client");
	const char *priority = element_child_text(stanza, "priority", "jabber:client");
	*presence = (struct presence){
		.from = element_attr(stanza, "from"),
		.type = type ? type : "",
		.show = presence_show_word(show) ? presence_show_word(show) : "online",
		.status = status ? status : "",
		.priority = priority ? CLAMP(strtol(priority, NULL, 10), -128, 127) : 0,
	};
	const Element *caps = element_child(stanza, "c", CAPS_NS);
	if (!caps || g_strcmp0(element_attr(caps, "hash"), "sha-1"))
		return;
	presence->caps_node = element_attr(caps, "node");
	presence->caps_ver = element_attr(caps, "ver");
}

static Node *
available(const char *show, const char *status)
{
	Node *presence = node_new("presence", NULL);
	if (strcmp(show, "online"))
		node_add_text(presence, "show", NULL, show);
	if (status && *status)
		node_add_text(presence, "status", NULL, status);
	return presence;
}

bool
presence_send_to(Stream *stream, const char *to, const char *show, const char *status)
{
	Node *presence = available(show, status);
	node_attr(presence, "to", to);
	caps_add(presence);
	return stream_send(stream, presence);
}

bool
presence_send(Stream *stream, const char *show, const char *status, int priority)
{
	Node *presence = available(show, status);
	if (priority) {
		g_autofree char *number = g_strdup_printf("%d", priority);
		node_add_text(presence, "priority", NULL, number);
	}
	caps_add(presence);
	return stream_send(stream, presence);
}

bool
presence_send_unavailable(Stream *stream)
{
	Node *presence = node_new("presence", NULL);
	node_attr(presence, "type", "unavailable");
	return stream_send(stream, presence);
}

bool
presence_send_subscription(Stream *stream, const char *to, const char *type)
{
	Node *presence = node_new("presence", NULL);
	node_attr(presence, "to", to);
	node_attr(presence, "type", type);
	return stream_send(stream, presence);
}

void
presence_set_visible_check(bool (*visible)(Stream *stream, const char *jid))
{
	visible_check = visible;
}

bool
presence_visible_to(Stream *stream, const char *jid)
{
	const char *own = stream_jid(stream);
	if (!jid || jid_same_bare(jid, own))
		return true;
	const char *domain = strchr(own, '@');
	if (!strcmp(jid, domain ? domain + 1 : own))
		return true;
	return visible_check && visible_check(stream, jid);
}

bool
presence_may_answer(Stream *stream, const Element *stanza)
{
	return presence_visible_to(stream, element_attr(stanza, "from"));
}
