/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <jingle/> element (XEP-0166) written. */
#include "xmpp/jingle-private.h"

#include <string.h>

#include "xmpp/jingleice.h"
#include "xmpp/jinglereason.h"
#include "xmpp/jinglertp.h"

static void
write_content(Node *parent, const Jingle *jingle, JingleContent *content)
{
	Node *node = node_add(parent, "content", JINGLE_NS);
	bool both = !content->senders || !strcmp(content->senders, "both");

	node_attr(node, "creator", content->by_responder ? "responder" : "initiator");
	node_attr(node, "name", content->name);
	/* XEP-0166 §7.3: both is meant when nothing is said, except where it is what changes. */
	if (!both || jingle->action == JINGLE_CONTENT_MODIFY)
		node_attr(node, "senders", both ? "both" : content->senders);
	jinglertp_write(node, content);
	jingleice_write(node, content);
}

static void
write_group(Node *parent, char **names)
{
	if (!names)
		return;
	Node *group = node_add(parent, "group", JINGLE_GROUP_NS);
	node_attr(group, "semantics", "BUNDLE");
	for (; *names; names++)
		node_attr(node_add(group, "content", JINGLE_GROUP_NS), "name", *names);
}

static void
write_info(Node *parent, const Jingle *jingle)
{
	if (jingle->info == JINGLE_INFO_NONE || jingle->info == JINGLE_INFO_UNKNOWN)
		return;
	Node *info = node_add(parent, jingle_infos[jingle->info], JINGLE_RTP_INFO_NS);
	if (jingle->info != JINGLE_MUTE && jingle->info != JINGLE_UNMUTE)
		return;
	/* XEP-0167 §16.3 requires a creator; those of a call are the initiator's. */
	node_attr(info, "creator", "initiator");
	node_attr(info, "name", jingle->info_name);
}

Node *
jingle_write(Jingle *jingle)
{
	Node *node = node_new("jingle", JINGLE_NS);

	node_attr(node, "action", jingle_actions[jingle->action]);
	node_attr(node, "sid", jingle->sid);
	node_attr(node, "initiator", jingle->initiator);
	node_attr(node, "responder", jingle->responder);
	for (guint i = 0; i < jingle->contents->len; i++)
		write_content(node, jingle, g_ptr_array_index(jingle->contents, i));
	write_group(node, jingle->bundle);
	write_info(node, jingle);
	if (jingle->reason)
		node_take(node, jinglereason_write(jingle->reason, jingle->reason_text));
	if (jingle->secret_seal)
		node_take(node_add(node, "media-secret", MEDIA_SECRET_NS), g_steal_pointer(&jingle->secret_seal));
	return node;
}
