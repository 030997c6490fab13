/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of RTP in a description. */
#include "xmpp/jinglesource.h"

#include <string.h>

#include "api/error.h"
#include "xmpp/jinglevalue.h"

#define SOURCE_NS "urn:xmpp:jingle:apps:rtp:ssma:0"

enum { CNAME_LONGEST = 255 };

static bool
read_cname(const Element *source, JingleContent *content, GError **error)
{
	for (const Element *child = element_first(source); child && !content->cname; child = element_next(child)) {
		if (!element_is(child, "parameter", SOURCE_NS) || strcmp(value_attr(child, "name"), "cname"))
			continue;
		const char *cname = value_attr(child, "value");
		if (!value_plain(cname, CNAME_LONGEST))
			return fault(error, FAULT_PEER, "a source has no usable cname");
		content->cname = g_strdup(cname);
	}
	return true;
}

static bool
read_source_number(const Element *element, guint32 *source, GError **error)
{
	if (!value_number(value_attr(element, "ssrc"), 1, G_MAXUINT32, source))
		return fault(error, FAULT_PEER, "a source has no number");
	return true;
}

/* RFC 5576 §4.2: the group says which of two sources repeats the other. */
bool
jinglesource_read(const Element *element, JingleContent *content, GError **error)
{
	if (element_is(element, "source", SOURCE_NS)) {
		guint32 source;
		if (!read_source_number(element, &source, error) || !read_cname(element, content, error))
			return false;
		content->source = content->source ? content->source : source;
		return true;
	}
	if (!element_is(element, "ssrc-group", SOURCE_NS) || strcmp(value_attr(element, "semantics"), "FID"))
		return true;
	guint32 pair[2];
	guint n = 0;
	for (const Element *child = element_first(element); child; child = element_next(child)) {
		if (!element_is(child, "source", SOURCE_NS))
			continue;
		if (n == G_N_ELEMENTS(pair))
			return fault(error, FAULT_PEER, "a group of sources has too many of them");
		if (!read_source_number(child, &pair[n++], error))
			return false;
	}
	if (n != G_N_ELEMENTS(pair) || pair[0] == pair[1])
		return fault(error, FAULT_PEER, "a group of sources has not two of them");
	content->source = pair[0];
	content->rtx_source = pair[1];
	return true;
}

static void
write_source(Node *parent, const JingleContent *content, guint32 number)
{
	Node *source = node_add(parent, "source", SOURCE_NS);

	node_attr_int(source, "ssrc", number);
	if (!content->cname)
		return;
	Node *parameter = node_add(source, "parameter", SOURCE_NS);
	node_attr(parameter, "name", "cname");
	node_attr(parameter, "value", content->cname);
}

void
jinglesource_write(Node *description, const JingleContent *content)
{
	if (!content->source)
		return;
	node_attr_int(description, "ssrc", content->source);
	write_source(description, content, content->source);
	if (!content->rtx_source)
		return;
	write_source(description, content, content->rtx_source);
	Node *group = node_add(description, "ssrc-group", SOURCE_NS);
	node_attr(group, "semantics", "FID");
	node_attr_int(node_add(group, "source", SOURCE_NS), "ssrc", content->source);
	node_attr_int(node_add(group, "source", SOURCE_NS), "ssrc", content->rtx_source);
}
