/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <transport/> of a content. */
#include "xmpp/jingleice.h"

#include <string.h>

#include "api/error.h"
#include "base/text.h"
#include "xmpp/jinglevalue.h"

/* RFC 8839 §5.4. */
enum { UFRAG_MIN = 4, PWD_MIN = 22, SECRET_MAX = 256, FOUNDATION_MAX = 32, ADDRESS_MAX = 255, WORD_MAX = 16 };

static const char *const setups[] = {
	[JINGLE_SETUP_ACTPASS] = "actpass",
	[JINGLE_SETUP_ACTIVE] = "active",
	[JINGLE_SETUP_PASSIVE] = "passive",
};
static const char *const types[] = { "host", "srflx", "prflx", "relay", NULL };

void
jingle_candidate_clear(gpointer data)
{
	struct jingle_candidate *candidate = data;

	g_free(candidate->foundation);
	g_free(candidate->ip);
	g_free(candidate->type);
	g_free(candidate->rel_addr);
	g_free(candidate->protocol);
	*candidate = (struct jingle_candidate){ 0 };
}

GArray *
jingle_candidates_new(void)
{
	GArray *candidates = g_array_new(FALSE, TRUE, sizeof(struct jingle_candidate));

	g_array_set_clear_func(candidates, jingle_candidate_clear);
	return candidates;
}

/* ---- fingerprints ---- */

bool
jingle_fingerprint_read(const char *text, guint8 fingerprint[32])
{
	for (guint i = 0; i < 32; i++, text += 3) {
		int high = g_ascii_xdigit_value(text[0]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
		if (low < 0 || text[2] != (i < 31 ? ':' : '\0'))
			return false;
		fingerprint[i] = (guint8)(high * 16 + low);
		if (i == 31)
			return true;
	}
	return false;
}

char *
jingle_fingerprint_text(const guint8 fingerprint[32])
{
	GString *text = g_string_sized_new(95);

	for (guint i = 0; i < 32; i++)
		g_string_append_printf(text, "%s%02X", i ? ":" : "", fingerprint[i]);
	return g_string_free(text, FALSE);
}

/* When both kinds of fingerprints are there they may not differ in it. */
static bool
read_setup(const Element *fingerprint, JingleContent *content, GError **error)
{
	const char *word = element_attr(fingerprint, "setup");

	for (guint i = JINGLE_SETUP_ACTPASS; word && i < G_N_ELEMENTS(setups); i++) {
		if (strcmp(word, setups[i]))
			continue;
		if (content->setup != JINGLE_SETUP_NONE && content->setup != i)
			return fault(error, FAULT_PEER, "two fingerprints of %s differ in who begins", content->name);
		content->setup = i;
		return true;
	}
	return word ? fault(error, FAULT_PEER, "the fingerprint of %s says no known setup", content->name) : true;
}

static bool
read_clear(const Element *element, JingleContent *content, GError **error)
{
	if (content->has_fingerprint)
		return fault(error, FAULT_PEER, "%s has two fingerprints", content->name);
	g_autofree char *text = g_strstrip(g_strdup(element_text(element)));
	if (!jingle_fingerprint_read(text, content->fingerprint))
		return fault(error, FAULT_PEER, "the fingerprint of %s is none", content->name);
	content->has_fingerprint = true;
	return read_setup(element, content, error);
}

static bool
read_sealed(const Element *element, const char *call_ns, JingleContent *content, GError **error)
{
	if (content->sealed)
		return fault(error, FAULT_PEER, "%s has two sealed fingerprints", content->name);
	content->sealed = element_first(element);
	if (!content->sealed || element_next(content->sealed))
		return fault(error, FAULT_PEER, "the sealed fingerprint of %s is none", content->name);
	content->sealed_ns = g_strdup(call_ns);
	return read_setup(element, content, error);
}

/* A hash that we do not know is no fingerprint: without another one the caller ends the call. */
static bool
read_fingerprint(const Element *element, const char *call_ns, JingleContent *content, GError **error)
{
	if (g_ascii_strcasecmp(value_attr(element, "hash"), "sha-256"))
		return true;
	if (!strcmp(element_ns(element), JINGLE_DTLS_NS))
		return read_clear(element, content, error);
	if (call_ns && !strcmp(element_ns(element), call_ns))
		return read_sealed(element, call_ns, content, error);
	return true;
}

/* ---- candidates ---- */

static void
take_candidate(JingleContent *content, struct jingle_candidate candidate)
{
	if (!content->candidates) {
		content->candidates = g_array_new(FALSE, FALSE, sizeof candidate);
		g_array_set_clear_func(content->candidates, jingle_candidate_clear);
	}
	g_array_append_val(content->candidates, candidate);
}

void
jingle_add_candidate(JingleContent *content, const struct jingle_candidate *candidate)
{
	struct jingle_candidate copy = *candidate;

	copy.foundation = g_strdup(candidate->foundation);
	copy.ip = g_strdup(candidate->ip);
	copy.type = g_strdup(candidate->type);
	copy.rel_addr = g_strdup(candidate->rel_addr);
	copy.protocol = g_strdup(candidate->protocol);
	take_candidate(content, copy);
}

static bool
read_numbers(const Element *element, struct jingle_candidate *candidate, GError **error)
{
	guint32 component = 0, port = 0, rel_port = 0;

	if (!value_number(value_attr(element, "component"), 1, 255, &component) ||
		!value_number(value_attr(element, "port"), 0, 65535, &port) ||
		!value_number(value_attr(element, "priority"), 1, G_MAXINT32, &candidate->priority))
		return fault(error, FAULT_PEER, "a candidate has no usable component, port or priority");
	if (!value_number_attr(element, "rel-port", 0, 65535, &rel_port, error) ||
		!value_number_attr(element, "generation", 0, G_MAXUINT32, &candidate->generation, error))
		return false;
	candidate->component = (guint8)component;
	candidate->port = (guint16)port;
	candidate->rel_port = element_attr(element, "rel-addr") ? (guint16)rel_port : 0;
	return true;
}

static bool
read_words(const Element *element, struct jingle_candidate *candidate, GError **error)
{
	const char *foundation = element_attr(element, "foundation"), *rel_addr = element_attr(element, "rel-addr");

	if (!value_ascii(value_attr(element, "ip"), ADDRESS_MAX) || (rel_addr && !value_ascii(rel_addr, ADDRESS_MAX)))
		return fault(error, FAULT_PEER, "a candidate has no usable address");
	if (foundation && !value_ice(foundation, 1, FOUNDATION_MAX))
		return fault(error, FAULT_PEER, "a candidate has no usable foundation");
	if (!value_ascii(value_attr(element, "protocol"), WORD_MAX) || !value_ascii(value_attr(element, "type"), WORD_MAX))
		return fault(error, FAULT_PEER, "a candidate has no usable protocol or type");
	candidate->ip = g_strdup(element_attr(element, "ip"));
	candidate->rel_addr = g_strdup(rel_addr);
	candidate->foundation = g_strdup(foundation);
	candidate->protocol = g_ascii_strdown(element_attr(element, "protocol"), -1);
	candidate->type = g_strdup(element_attr(element, "type"));
	return true;
}

/* RFC 8839 §5.1: types of the future are passed over. With RTCP on the same port the second component has no use. */
static bool
is_of_use(const JingleContent *content, const struct jingle_candidate *candidate)
{
	return g_strv_contains(types, candidate->type) && !(content->rtcp_mux && candidate->component != 1);
}

static bool
read_candidate(const Element *element, JingleContent *content, GError **error)
{
	struct jingle_candidate candidate = { 0 };

	if (!read_numbers(element, &candidate, error) || !read_words(element, &candidate, error)) {
		jingle_candidate_clear(&candidate);
		return false;
	}
	if (!is_of_use(content, &candidate)) {
		jingle_candidate_clear(&candidate);
		return true;
	}
	take_candidate(content, candidate);
	return true;
}

static bool
is_full(const JingleContent *content)
{
	return content->candidates && content->candidates->len >= JINGLE_CANDIDATES_MAX;
}

/* ---- the whole ---- */

static bool
read_secrets(const Element *transport, JingleContent *content, GError **error)
{
	const char *ufrag = element_attr(transport, "ufrag"), *pwd = element_attr(transport, "pwd");

	if ((ufrag && !value_ice(ufrag, UFRAG_MIN, SECRET_MAX)) || (pwd && !value_ice(pwd, PWD_MIN, SECRET_MAX)))
		return fault(error, FAULT_PEER, "the user fragment or password of %s is none", content->name);
	if (pwd && !ufrag)
		return fault(error, FAULT_PEER, "%s has a password without a user fragment", content->name);
	content->ufrag = g_strdup(ufrag);
	content->pwd = g_strdup(pwd);
	return true;
}

bool
jingleice_read(const Element *transport, const char *call_ns, JingleContent *content, GError **error)
{
	content->has_transport = true;
	if (!read_secrets(transport, content, error))
		return false;
	for (const Element *child = element_first(transport); child; child = element_next(child)) {
		if (element_is(child, "gathering-complete", JINGLE_ICE_NS))
			content->gathering_complete = true;
		if (element_is(child, "candidate", JINGLE_ICE_NS) && !is_full(content) && !read_candidate(child, content, error))
			return false;
		if (element_is(child, "fingerprint", NULL) && !read_fingerprint(child, call_ns, content, error))
			return false;
	}
	return true;
}

static void
write_fingerprint(Node *transport, JingleContent *content)
{
	if (!content->seal && !content->has_fingerprint)
		return;
	Node *fingerprint = node_add(transport, "fingerprint", content->seal ? content->sealed_ns : JINGLE_DTLS_NS);
	node_attr(fingerprint, "hash", "sha-256");
	if (content->setup != JINGLE_SETUP_NONE)
		node_attr(fingerprint, "setup", setups[content->setup]);
	if (content->seal) {
		node_take(fingerprint, g_steal_pointer(&content->seal));
		return;
	}
	g_autofree char *text = jingle_fingerprint_text(content->fingerprint);
	node_text(fingerprint, text);
}

/* XEP-0176 wants an id and a network: the one is drawn, the other tells nothing. */
static void
write_candidate(Node *transport, const struct jingle_candidate *candidate)
{
	Node *node = node_add(transport, "candidate", JINGLE_ICE_NS);
	g_autofree char *id = text_random_id();

	node_attr_int(node, "component", candidate->component);
	node_attr(node, "foundation", candidate->foundation);
	node_attr_int(node, "generation", candidate->generation);
	node_attr(node, "id", id);
	node_attr(node, "ip", candidate->ip);
	node_attr(node, "network", "0");
	node_attr_int(node, "port", candidate->port);
	node_attr_int(node, "priority", candidate->priority);
	node_attr(node, "protocol", candidate->protocol);
	node_attr(node, "type", candidate->type);
	if (!candidate->rel_addr)
		return;
	node_attr(node, "rel-addr", candidate->rel_addr);
	node_attr_int(node, "rel-port", candidate->rel_port);
}

void
jingleice_write(Node *parent, JingleContent *content)
{
	if (!content->has_transport)
		return;
	Node *transport = node_add(parent, "transport", JINGLE_ICE_NS);
	node_attr(transport, "ufrag", content->ufrag);
	node_attr(transport, "pwd", content->pwd);
	write_fingerprint(transport, content);
	for (guint i = 0; content->candidates && i < content->candidates->len; i++)
		write_candidate(transport, &g_array_index(content->candidates, struct jingle_candidate, i));
	if (content->gathering_complete)
		node_add(transport, "gathering-complete", JINGLE_ICE_NS);
}
