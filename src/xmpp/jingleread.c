/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <jingle/> element (XEP-0166) read: what it asks for, of which session, with which contents. */
#include "xmpp/jingle-private.h"

#include <string.h>

#include "api/error.h"
#include "api/jid.h"
#include "xmpp/jingleice.h"
#include "xmpp/jinglereason.h"
#include "xmpp/jinglertp.h"
#include "xmpp/jinglevalue.h"

enum { NAME_LONGEST = 64 };

static const char *const senders[] = { "both", "initiator", "responder", "none", NULL };

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
	if (!value_plain(name, NAME_LONGEST))
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
		if (!element_is(child, "content", JINGLE_GROUP_NS))
			continue;
		if (!value_plain(name, NAME_LONGEST) || names->len >= JINGLE_CONTENTS_MAX ||
			g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			return fault(error, FAULT_PEER, "the group of contents names none, too many or one twice");
		g_ptr_array_add(names, g_strdup(name));
	}
	if (!names->len)
		return true;
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
	for (guint i = JINGLE_RINGING; i < JINGLE_INFO_UNKNOWN && !strcmp(element_ns(element), JINGLE_RTP_INFO_NS); i++)
		if (!strcmp(element_name(element), jingle_infos[i]))
			jingle->info = i;
	if (name && !value_plain(name, NAME_LONGEST))
		return fault(error, FAULT_PEER, "<%s/> names no usable content", jingle_infos[JINGLE_MUTE]);
	if (jingle->info == JINGLE_MUTE || jingle->info == JINGLE_UNMUTE)
		jingle->info_name = g_strdup(name);
	return true;
}

static bool
read_child(const Element *child, const char *call_ns, Jingle *jingle, GError **error)
{
	if (element_is(child, "content", JINGLE_NS))
		return read_content(child, call_ns, jingle, error);
	if (element_is(child, "group", JINGLE_GROUP_NS))
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
		if (!strcmp(word, jingle_actions[i]))
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
