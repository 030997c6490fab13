/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster on the wire (RFC 6121 §2): reading its items, asking for it, changing it. */
#include "xmpp/roster.h"

#include <string.h>

#include "api/jid.h"
#include "base/text.h"
#include "xmpp/stream.h"

enum { NAME_MAX_BYTES = 256 };

static const char *const subscriptions[] = {
	[SUBSCRIPTION_NONE] = "none",
	[SUBSCRIPTION_TO] = "to",
	[SUBSCRIPTION_FROM] = "from",
	[SUBSCRIPTION_BOTH] = "both",
};

const char *
subscription_word(enum subscription subscription)
{
	return subscriptions[subscription];
}

bool
subscription_parse(const char *word, enum subscription *subscription)
{
	for (guint i = 0; word && i < G_N_ELEMENTS(subscriptions); i++)
		if (!strcmp(word, subscriptions[i])) {
			*subscription = i;
			return true;
		}
	return false;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
read_groups(const Element *element, RosterItem *item)
{
	for (const Element *group = element_first(element); group; group = element_next(group)) {
		const char *name = element_text(group);
		if (!element_is(group, "group", ROSTER_NS) || !*name || strlen(name) > NAME_MAX_BYTES)
			continue;
		item->groups[item->group_count++] = name;
		if (item->group_count == ROSTER_GROUPS_MAX)
			break;
	}
	if (item->group_count < 2)
		return;
	qsort(item->groups, item->group_count, sizeof *item->groups, compare_names);
	guint kept = 1;
	for (guint i = 1; i < item->group_count; i++)
		if (strcmp(item->groups[i], item->groups[kept - 1]))
			item->groups[kept++] = item->groups[i];
	item->group_count = kept;
	item->groups[kept] = NULL;
}

bool
roster_item_read(const Element *element, RosterItem *item)
{
	*item = (RosterItem){ 0 };
	if (!element_is(element, "item", ROSTER_NS) || !element_attr(element, "jid"))
		return false;
	const char *subscription = element_attr(element, "subscription");
	item->removed = !g_strcmp0(subscription, "remove");
	if (subscription && !item->removed && !subscription_parse(subscription, &item->subscription))
		return false;
	item->jid = jid_normalise(element_attr(element, "jid"), NULL);
	if (!item->jid || !jid_is_bare(item->jid)) {
		roster_item_clear(item);
		return false;
	}
	item->pending_out = !g_strcmp0(element_attr(element, "ask"), "subscribe");
	const char *name = element_attr(element, "name");
	item->name = name && *name ? text_cut(name, NAME_MAX_BYTES) : NULL;
	read_groups(element, item);
	return true;
}

void
roster_item_clear(RosterItem *item)
{
	g_clear_pointer(&item->jid, g_free);
	g_clear_pointer(&item->name, g_free);
}

bool
roster_has_versions(const Stream *stream)
{
	return stream_feature(stream, "ver", "urn:xmpp:features:rosterver");
}

void
roster_get(Stream *stream, const char *version, iq_done done, gpointer data, GDestroyNotify data_free)
{
	Node *query = node_new("query", ROSTER_NS);
	/* RFC 6121 §2.6.2: ver='' says that we understand versions and keep none yet. */
	if (roster_has_versions(stream))
		node_attr(query, "ver", version ? version : "");
	iq_get(stream, NULL, query, done, data, data_free);
}

void
roster_set(Stream *stream, const char *jid, const char *name, const char *const *groups, iq_done done, gpointer data,
	GDestroyNotify data_free)
{
	Node *query = node_new("query", ROSTER_NS);
	Node *item = node_add(query, "item", NULL);
	node_attr(item, "jid", jid);
	node_attr(item, "name", name);
	for (; groups && *groups; groups++)
		node_add_text(item, "group", NULL, *groups);
	iq_set(stream, NULL, query, done, data, data_free);
}

void
roster_remove(Stream *stream, const char *jid, iq_done done, gpointer data, GDestroyNotify data_free)
{
	Node *query = node_new("query", ROSTER_NS);
	Node *item = node_add(query, "item", NULL);
	node_attr(item, "jid", jid);
	node_attr(item, "subscription", "remove");
	iq_set(stream, NULL, query, done, data, data_free);
}
