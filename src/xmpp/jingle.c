/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <jingle/> element (XEP-0166): what it asks for, of which session, with which contents. */
#include "xmpp/jingle.h"

#include <string.h>

#include "api/error.h"
#include "api/jid.h"
#include "api/text.h"
#include "xmpp/jingleice.h"
#include "xmpp/jinglereason.h"
#include "xmpp/jinglertp.h"
#include "xmpp/jinglevalue.h"

#define GROUP_NS "urn:xmpp:jingle:apps:grouping:0"

enum { NAME_MAX_BYTES = 256 };

static const char *const actions[JINGLE_ACTIONS] = {
	[JINGLE_UNKNOWN] = "",
	[JINGLE_SESSION_INITIATE] = "session-initiate",
	[JINGLE_SESSION_ACCEPT] = "session-accept",
	[JINGLE_SESSION_TERMINATE] = "session-terminate",
	[JINGLE_SESSION_INFO] = "session-info",
	[JINGLE_TRANSPORT_INFO] = "transport-info",
	[JINGLE_CONTENT_ADD] = "content-add",
	[JINGLE_CONTENT_ACCEPT] = "content-accept",
	[JINGLE_CONTENT_REJECT] = "content-reject",
	[JINGLE_CONTENT_REMOVE] = "content-remove",
	[JINGLE_CONTENT_MODIFY] = "content-modify",
};
static const char *const infos[] = {
	[JINGLE_RINGING] = "ringing",
	[JINGLE_HOLD] = "hold",
	[JINGLE_UNHOLD] = "unhold",
	[JINGLE_ACTIVE] = "active",
	[JINGLE_MUTE] = "mute",
	[JINGLE_UNMUTE] = "unmute",
};
static const char *const senders[] = { "both", "initiator", "responder", "none", NULL };

const char *
jingle_action_word(enum jingle_action action)
{
	return actions[action];
}

/* ---- making and freeing ---- */

static void
content_free(gpointer data)
{
	JingleContent *content = data;

	g_free(content->name);
	g_free(content->senders);
	g_free(content->media);
	g_free(content->cname);
	g_free(content->ufrag);
	g_free(content->pwd);
	g_free(content->sealed_ns);
	node_free(content->seal);
	g_clear_pointer(&content->candidates, g_array_unref);
	g_free(content);
}

Jingle *
jingle_new(enum jingle_action action, const char *sid)
{
	Jingle *jingle = g_new0(Jingle, 1);

	jingle->action = action;
	jingle->sid = g_strdup(sid);
	jingle->contents = g_ptr_array_new_with_free_func(content_free);
	return jingle;
}

void
jingle_free(Jingle *jingle)
{
	if (!jingle)
		return;
	g_free(jingle->sid);
	g_free(jingle->initiator);
	g_free(jingle->responder);
	g_ptr_array_unref(jingle->contents);
	g_strfreev(jingle->bundle);
	g_free(jingle->info_name);
	g_free(jingle->reason);
	g_free(jingle->reason_text);
	node_free(jingle->secret_seal);
	g_free(jingle);
}

JingleContent *
jingle_add(Jingle *jingle, const char *name)
{
	JingleContent *content = g_new0(JingleContent, 1);

	content->name = g_strdup(name);
	content->senders = g_strdup("both");
	content->opus = content->vp8 = content->rtx = content->dtmf = -1;
	g_ptr_array_add(jingle->contents, content);
	return content;
}

JingleContent *
jingle_content(const Jingle *jingle, const char *name)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);
		if (!strcmp(content->name, name))
			return content;
	}
	return NULL;
}

/* ---- reading ---- */

/* XEP-0166 §7.3: a creator that is not said is the initiator, as in older versions. */
static bool
read_role(const Element *element, JingleContent *content, GError **error)
{
	const char *creator = element_attr(element, "creator"), *who = element_attr(element, "senders");

	if (creator && strcmp(creator, "initiator") && strcmp(creator, "responder"))
		return fault(error, FAULT_PEER, "the creator of %s is nobody", content->name);
	if (who && !g_strv_contains(senders, who))
		return fault(error, FAULT_PEER, "the senders of %s are nobody", content->name);
	content->by_responder = creator && !strcmp(creator, "responder");
	if (who) {
		g_free(content->senders);
		content->senders = g_strdup(who);
	}
	return true;
}

/* The child of that name, whatever its namespace; two of them are one too many. */
static bool
find_single(const Element *element, const char *name, const Element **found, GError **error)
{
	*found = NULL;
	for (const Element *child = element_first(element); child; child = element_next(child)) {
		if (!element_is(child, name, NULL))
			continue;
		if (*found)
			return fault(error, FAULT_PEER, "a content has two of <%s/>", name);
		*found = child;
	}
	return true;
}

/* The description first: whether RTCP has a port of its own decides about candidates. */
static bool
read_parts(const Element *element, const char *call_ns, JingleContent *content, GError **error)
{
	const Element *description, *transport;

	if (!find_single(element, "description", &description, error) || !find_single(element, "transport", &transport, error))
		return false;
	if (description && !strcmp(element_ns(description), JINGLE_RTP_NS) && !jinglertp_read(description, content, error))
		return false;
	if (!transport)
		return true;
	content->foreign_transport = strcmp(element_ns(transport), JINGLE_ICE_NS) != 0;
	return content->foreign_transport || jingleice_read(transport, call_ns, content, error);
}

static bool
read_content(const Element *element, const char *call_ns, Jingle *jingle, GError **error)
{
	const char *name = value_attr(element, "name");

	if (jingle->contents->len >= JINGLE_CONTENTS_MAX)
		return fault(error, FAULT_PEER, "more than %d contents", JINGLE_CONTENTS_MAX);
	if (!value_plain(name, NAME_MAX_BYTES))
		return fault(error, FAULT_PEER, "a content has no usable name");
	if (jingle_content(jingle, name))
		return fault(error, FAULT_PEER, "two contents have one name");
	JingleContent *content = jingle_add(jingle, name);
	return read_role(element, content, error) && read_parts(element, call_ns, content, error);
}

/* XEP-0338: the names of those that share one transport. The first such group counts. */
static bool
read_group(const Element *group, Jingle *jingle, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	if (strcmp(value_attr(group, "semantics"), "BUNDLE") || jingle->bundle)
		return true;
	for (const Element *child = element_first(group); child; child = element_next(child)) {
		const char *name = value_attr(child, "name");
		if (!element_is(child, "content", GROUP_NS))
			continue;
		if (!value_plain(name, NAME_MAX_BYTES) || names->len >= JINGLE_CONTENTS_MAX ||
			g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			return fault(error, FAULT_PEER, "the group of contents names none, too many or one twice");
		g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_add(names, NULL);
	jingle->bundle = (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
	return true;
}

/* Who adds a content may name those that were there before; a whole session may not. */
static bool
check_group(const Jingle *jingle, GError **error)
{
	if (jingle->action != JINGLE_SESSION_INITIATE && jingle->action != JINGLE_SESSION_ACCEPT)
		return true;
	for (char **name = jingle->bundle; name && *name; name++) {
		if (!jingle_content(jingle, *name))
			return fault(error, FAULT_PEER, "the group of contents names one that is not there");
	}
	return true;
}

static bool
read_secret(const Element *element, Jingle *jingle, GError **error)
{
	if (jingle->secret)
		return fault(error, FAULT_PEER, "two secrets for one call");
	jingle->secret = element_first(element);
	if (!jingle->secret || element_next(jingle->secret))
		return fault(error, FAULT_PEER, "the secret for the call is none");
	return true;
}

static bool
read_info(const Element *element, Jingle *jingle, GError **error)
{
	const char *name = element_attr(element, "name");

	jingle->info = JINGLE_INFO_UNKNOWN;
	for (guint i = JINGLE_RINGING; i < G_N_ELEMENTS(infos) && !strcmp(element_ns(element), JINGLE_RTP_INFO_NS); i++)
		if (!strcmp(element_name(element), infos[i]))
			jingle->info = i;
	if (name && !value_plain(name, NAME_MAX_BYTES))
		return fault(error, FAULT_PEER, "<%s/> names no usable content", infos[JINGLE_MUTE]);
	if (jingle->info == JINGLE_MUTE || jingle->info == JINGLE_UNMUTE)
		jingle->info_name = g_strdup(name);
	return true;
}

static bool
read_child(const Element *child, const char *call_ns, Jingle *jingle, GError **error)
{
	if (element_is(child, "content", JINGLE_NS))
		return read_content(child, call_ns, jingle, error);
	if (element_is(child, "group", GROUP_NS))
		return read_group(child, jingle, error);
	if (element_is(child, "reason", JINGLE_NS)) {
		jinglereason_read(child, &jingle->reason, &jingle->reason_text);
		return true;
	}
	if (element_is(child, "media-secret", MEDIA_SECRET_NS))
		return read_secret(child, jingle, error);
	if (jingle->action == JINGLE_SESSION_INFO && jingle->info == JINGLE_INFO_NONE)
		return read_info(child, jingle, error);
	return true;
}

static bool
read_jid(const Element *element, const char *name, char **jid, GError **error)
{
	const char *text = element_attr(element, name);

	*jid = text ? jid_normalise(text, NULL) : NULL;
	return !text || *jid || fault(error, FAULT_PEER, "the %s of a session is no address", name);
}

static enum jingle_action
read_action(const char *word)
{
	for (guint i = JINGLE_SESSION_INITIATE; i < JINGLE_ACTIONS; i++) {
		if (!strcmp(word, actions[i]))
			return i;
	}
	return JINGLE_UNKNOWN;
}

Jingle *
jingle_read(const Element *element, const char *call_ns, GError **error)
{
	const char *sid = value_attr(element, "sid"), *action = value_attr(element, "action");

	if (!element_is(element, "jingle", JINGLE_NS))
		return fault_null(error, FAULT_PEER, "no <jingle/>");
	if (!value_plain(sid, JINGLE_SID_MAX))
		return fault_null(error, FAULT_PEER, "a session has no usable id");
	if (!*action)
		return fault_null(error, FAULT_PEER, "<jingle/> asks for nothing");
	g_autoptr(Jingle) jingle = jingle_new(read_action(action), sid);
	/* What is not spoken is not looked into. */
	if (jingle->action == JINGLE_UNKNOWN)
		return g_steal_pointer(&jingle);
	if (!read_jid(element, "initiator", &jingle->initiator, error) ||
		!read_jid(element, "responder", &jingle->responder, error))
		return NULL;
	for (const Element *child = element_first(element); child; child = element_next(child)) {
		if (!read_child(child, call_ns, jingle, error))
			return NULL;
	}
	return check_group(jingle, error) ? g_steal_pointer(&jingle) : NULL;
}

/* ---- writing ---- */

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
	Node *group = node_add(parent, "group", GROUP_NS);
	node_attr(group, "semantics", "BUNDLE");
	for (; *names; names++)
		node_attr(node_add(group, "content", GROUP_NS), "name", *names);
}

static void
write_info(Node *parent, const Jingle *jingle)
{
	if (jingle->info == JINGLE_INFO_NONE || jingle->info == JINGLE_INFO_UNKNOWN)
		return;
	Node *info = node_add(parent, infos[jingle->info], JINGLE_RTP_INFO_NS);
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

	node_attr(node, "action", actions[jingle->action]);
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
