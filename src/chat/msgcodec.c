/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codec of messages: two tables, what may be visible beside a text and what is read from a stanza. */
#include "chat/msgcodec.h"

#include "chat/chat.h"
#include "chat/seal.h"

#include <string.h>

#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_MARKERS "urn:xmpp:chat-markers:0"
#define NS_STATES "http://jabber.org/protocol/chatstates"
#define NS_SID "urn:xmpp:sid:0"
#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_HINTS "urn:xmpp:hints"
#define NS_EME "urn:xmpp:eme:0"
#define ID_MAX 1023

/* ---- writing ---- */

static void
add_origin_id(Node *node, const Message *message)
{
	node_attr(node_add(node, "origin-id", NS_SID), "id", message->origin_id);
}

static void
add_replace(Node *node, const Message *message)
{
	if (message->replaces)
		node_attr(node_add(node, "replace", NS_CORRECT), "id", message->replaces);
}

static void
add_receipt_request(Node *node, const Message *message)
{
	if (message->wants_receipt)
		node_add(node, "request", NS_RECEIPTS);
}

static void
add_markable(Node *node, const Message *message)
{
	if (message->wants_marker)
		node_add(node, "markable", NS_MARKERS);
}

static void
add_active(Node *node, const Message *message)
{
	if (chat_settings.states && !message->replaces)
		node_add(node, "active", NS_STATES);
}

static void
add_store(Node *node, const Message *message)
{
	(void)message;
	node_add(node, "store", NS_HINTS);
}

/* Everything that may stand beside the text or what replaces it. A sealed message shows as little as its format allows. */
static const struct {
	bool when_sealed, when_readable;
	void (*add)(Node *node, const Message *message);
} visible[] = {
	{ true, true, add_origin_id }, { true, true, add_replace }, { true, true, add_receipt_request },
	{ false, true, add_markable }, { false, true, add_active },
	{ true, false, add_store }, /* XEP-0334: archives may not know a sealed message for one */
};

static void
add_sealed(Node *node, Node *sealed, const struct e2ee_provider *provider)
{
	Node *tag;

	node_take(node, sealed);
	tag = node_add(node, "encryption", NS_EME);
	node_attr(tag, "namespace", provider->ns);
	node_attr(tag, "name", provider->eme_name);
}

char *
msgcodec_encode(const Message *message, Node *sealed, const struct e2ee_provider *provider)
{
	g_autoptr(Node) node = node_new("message", NULL);
	const char *text = sealed ? provider->fallback : message->body;

	node_attr(node, "to", message->conversation);
	node_attr(node, "type", "chat");
	node_attr(node, "id", message->wire_id);
	if (sealed)
		add_sealed(node, sealed, provider);
	if (text)
		node_add_text(node, "body", NULL, text);
	for (size_t i = 0; i < G_N_ELEMENTS(visible); i++)
		if (sealed ? visible[i].when_sealed : visible[i].when_readable)
			visible[i].add(node, message);
	return node_to_xml(node);
}

/* ---- reading ---- */

/* An id that is empty tells nothing apart; one that is longer than any client makes it is not worth keeping or repeating. */
static const char *
id_of(const Element *element)
{
	const char *id = element_attr(element, "id");

	return id && *id && strlen(id) <= ID_MAX ? id : NULL;
}

static void
read_body(const Element *child, struct decoded *decoded)
{
	/* RFC 6121 §5.2.3: several bodies differ by language; the one without a language, else the first. */
	if (!decoded->body || !element_attr(child, "xml:lang"))
		decoded->body = element_text(child);
}

static void
read_origin_id(const Element *child, struct decoded *decoded)
{
	decoded->origin_id = id_of(child);
}

static void
read_replace(const Element *child, struct decoded *decoded)
{
	decoded->replaces = id_of(child);
}

static void
read_request(const Element *child, struct decoded *decoded)
{
	(void)child;
	decoded->wants_receipt = true;
}

static void
read_markable(const Element *child, struct decoded *decoded)
{
	(void)child;
	decoded->wants_marker = true;
}

static void
read_received(const Element *child, struct decoded *decoded)
{
	decoded->receipt = id_of(child);
}

static void
read_displayed(const Element *child, struct decoded *decoded)
{
	decoded->displayed = id_of(child);
}

static void
read_state(const Element *child, struct decoded *decoded)
{
	decoded->chat_state = element_name(child);
}

static void
read_eme(const Element *child, struct decoded *decoded)
{
	const char *name = element_attr(child, "name");

	decoded->sealed_ns = element_attr(child, "namespace");
	decoded->sealed_name = name && *name ? name : decoded->sealed_ns ? decoded->sealed_ns : "something without a name";
}

static void
read_error(const Element *child, struct decoded *decoded)
{
	decoded->error = child;
}

static const struct {
	const char *name, *ns;
	void (*read)(const Element *child, struct decoded *decoded);
} readers[] = {
	{ "body", "jabber:client", read_body },
	{ "error", "jabber:client", read_error },
	{ "origin-id", NS_SID, read_origin_id },
	{ "replace", NS_CORRECT, read_replace },
	{ "request", NS_RECEIPTS, read_request },
	{ "received", NS_RECEIPTS, read_received },
	{ "markable", NS_MARKERS, read_markable },
	{ "displayed", NS_MARKERS, read_displayed },
	{ "active", NS_STATES, read_state },
	{ "composing", NS_STATES, read_state },
	{ "paused", NS_STATES, read_state },
	{ "inactive", NS_STATES, read_state },
	{ "gone", NS_STATES, read_state },
	{ "encryption", NS_EME, read_eme },
};

/* What was sealed is known by its namespace, never by a tag or by what the body claims. Elements that say they are sealed in
 * a way that nobody here knows make the body a substitute, too. */
static bool
read_sealed(const Element *child, struct decoded *decoded)
{
	const struct e2ee_provider *provider = e2ee_provider_for(child);

	if (!provider && strcmp(element_name(child), "encrypted") != 0)
		return false;
	if (decoded->provider)
		return true;
	if (provider || !decoded->sealed)
		decoded->sealed = child;
	decoded->provider = provider;
	return true;
}

static void
read_child(const Element *child, struct decoded *decoded)
{
	for (size_t i = 0; i < G_N_ELEMENTS(readers); i++)
		if (element_is(child, readers[i].name, readers[i].ns)) {
			readers[i].read(child, decoded);
			return;
		}
}

void
msgcodec_decode(const Element *message, struct decoded *decoded)
{
	*decoded = (struct decoded){ .id = id_of(message), .type = element_attr(message, "type") };
	for (const Element *child = element_first(message); child; child = element_next(child))
		if (!read_sealed(child, decoded))
			read_child(child, decoded);
}

const char *
msgcodec_stanza_id(const Element *message, const char *by)
{
	const char *found = NULL;
	bool claimed = false;

	for (const Element *child = element_first(message); child; child = element_next(child)) {
		if (!element_is(child, "stanza-id", NS_SID) || g_strcmp0(element_attr(child, "by"), by) != 0)
			continue;
		/* XEP-0359 §5: our server replaces a foreign claim; two of them mean that it did not. */
		if (claimed)
			return NULL;
		claimed = true;
		found = id_of(child);
	}
	return found;
}
