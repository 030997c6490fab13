/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle message initiation on the wire. */
#include "xmpp/jmi.h"

#include <string.h>

#include "xmpp/jingle.h"
#include "xmpp/jinglereason.h"
#include "xmpp/jinglevalue.h"

static const char *const names[JMI_KINDS] = {
	[JMI_PROPOSE] = "propose",
	[JMI_RINGING] = "ringing",
	[JMI_PROCEED] = "proceed",
	[JMI_ACCEPT] = "accept",
	[JMI_REJECT] = "reject",
	[JMI_RETRACT] = "retract",
	[JMI_FINISH] = "finish",
};

static enum jmi_kind
kind_of(const Element *element)
{
	for (guint i = JMI_PROPOSE; i < JMI_KINDS; i++) {
		if (!strcmp(element_name(element), names[i]))
			return i;
	}
	return JMI_NONE;
}

static void
read_description(const Element *description, struct jmi *jmi)
{
	const char *media = value_attr(description, "media");

	if (!strcmp(element_ns(description), JINGLE_RTP_NS) && !strcmp(media, "audio"))
		jmi->audio = true;
	else if (!strcmp(element_ns(description), JINGLE_RTP_NS) && !strcmp(media, "video"))
		jmi->video = true;
	else
		jmi->other = true;
}

static bool
read_child(const Element *child, const char *call_ns, struct jmi *jmi)
{
	if (jmi->kind == JMI_PROPOSE && element_is(child, "description", NULL))
		read_description(child, jmi);
	if (jmi->kind == JMI_PROCEED && call_ns && element_is(child, "device", call_ns))
		return !jmi->device && value_number(value_attr(child, "id"), 1, G_MAXUINT32, &jmi->device);
	if (element_is(child, "reason", JINGLE_NS))
		jmi->reason = jinglereason_word(child);
	if (element_is(child, "tie-break", JMI_NS))
		jmi->tie_break = true;
	if (jmi->kind == JMI_FINISH && element_is(child, "migrated", JMI_NS)) {
		jmi->migrated_to = value_attr(child, "to");
		return value_plain(jmi->migrated_to, JINGLE_SID_MAX);
	}
	return true;
}

/* The one there is; a message with two of them says nothing. */
static const Element *
find(const Element *message)
{
	const Element *found = NULL;

	for (const Element *child = element_first(message); child; child = element_next(child)) {
		if (!element_is(child, NULL, JMI_NS))
			continue;
		if (found)
			return NULL;
		found = child;
	}
	return found;
}

bool
jmi_read(const Element *message, const char *call_ns, struct jmi *jmi)
{
	const Element *element = find(message);

	*jmi = (struct jmi){ 0 };
	if (!element)
		return false;
	jmi->kind = kind_of(element);
	jmi->sid = value_attr(element, "id");
	bool good = jmi->kind != JMI_NONE && value_plain(jmi->sid, JINGLE_SID_MAX);
	for (const Element *child = element_first(element); child && good; child = element_next(child))
		good = read_child(child, call_ns, jmi);
	/* XEP-0353 §3.1: a proposal proposes something. */
	if (good && (jmi->kind != JMI_PROPOSE || jmi->audio || jmi->video || jmi->other))
		return true;
	*jmi = (struct jmi){ 0 };
	return false;
}

static void
write_media(Node *node, const char *media)
{
	node_attr(node_add(node, "description", JINGLE_RTP_NS), "media", media);
}

Node *
jmi_write(const struct jmi *jmi, const char *call_ns)
{
	Node *node = node_new(names[jmi->kind], JMI_NS);

	node_attr(node, "id", jmi->sid);
	if (jmi->kind == JMI_PROPOSE && jmi->audio)
		write_media(node, "audio");
	if (jmi->kind == JMI_PROPOSE && jmi->video)
		write_media(node, "video");
	if (jmi->kind == JMI_PROCEED && jmi->device && call_ns)
		node_attr_int(node_add(node, "device", call_ns), "id", jmi->device);
	if (jmi->reason)
		node_take(node, jinglereason_write(jmi->reason, NULL));
	if (jmi->tie_break)
		node_add(node, "tie-break", JMI_NS);
	if (jmi->kind == JMI_FINISH && jmi->migrated_to)
		node_attr(node_add(node, "migrated", JMI_NS), "to", jmi->migrated_to);
	return node;
}
