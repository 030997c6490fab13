/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any stanza as Jingle and as a message that starts one: what was taken can be written and is then read as the same, and stays
 * within its bounds. */
#include <string.h>

#include "fake/jingletext.h"

#define SEAL_NS "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One of the two fingerprints is written: the sealed one. SDES and other transports are read and not written. */
static void
forget_what_is_not_written(Jingle *jingle)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);
		content->has_fingerprint = content->has_fingerprint && !content->sealed;
		if (!content->has_fingerprint && !content->sealed)
			content->setup = JINGLE_SETUP_NONE;
		content->has_sdes = content->foreign_transport = false;
	}
	if (jingle->info == JINGLE_INFO_UNKNOWN)
		jingle->info = JINGLE_INFO_NONE;
}

static void
check_bounds(const Jingle *jingle)
{
	g_assert(jingle->contents->len <= JINGLE_CONTENTS_MAX);
	g_assert(strlen(jingle->sid) <= JINGLE_SID_MAX);
	for (guint i = 0; i < jingle->contents->len; i++) {
		const JingleContent *content = g_ptr_array_index(jingle->contents, i);
		g_assert(!content->candidates || content->candidates->len <= JINGLE_CANDIDATES_MAX);
		g_assert(jingle_content(jingle, content->name) == content);
	}
}

static void
check_jingle(const Element *element)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Jingle) jingle = jingle_read(element, SEAL_NS, &error);
	g_assert(!jingle == !!error);
	if (!jingle || jingle->action == JINGLE_UNKNOWN)
		return;
	check_bounds(jingle);
	forget_what_is_not_written(jingle);
	g_autofree char *first = jingle_text(jingle);
	g_autoptr(Node) node = jingle_rewrite(jingle);
	g_autofree char *xml = node_to_xml(node);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	g_assert(stanza);
	g_autoptr(Jingle) again = jingle_read(stanza_root(stanza), SEAL_NS, NULL);
	g_assert(again);
	g_autofree char *second = jingle_text(again);
	g_assert_cmpstr(first, ==, second);
}

static void
check_jmi(const Element *element)
{
	struct jmi jmi;

	if (!jmi_read(element, SEAL_NS, &jmi))
		return;
	jmi.other = jmi.other && !jmi.audio && !jmi.video;
	g_autofree char *first = jmi_text(&jmi);
	g_autoptr(Node) message = node_new("message", NULL);
	node_take(message, jmi_write(&jmi, SEAL_NS));
	g_autofree char *xml = node_to_xml(message);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	g_assert(stanza);
	struct jmi again;
	/* Nothing that we could propose: not written as something. */
	g_assert(jmi_read(stanza_root(stanza), SEAL_NS, &again) == !jmi.other);
	g_autofree char *second = jmi_text(&again);
	if (!jmi.other)
		g_assert_cmpstr(first, ==, second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(Stanza) stanza = stanza_parse((const char *)data, size, NULL);

	if (!stanza)
		return 0;
	const Element *root = stanza_root(stanza);
	check_jingle(root);
	for (const Element *child = element_first(root); child; child = element_next(child))
		check_jingle(child);
	check_jmi(root);
	return 0;
}
