/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocking on the wire (XEP-0191). */
#include "xmpp/blocking.h"

#include "api/jid.h"

void
blocking_get(Stream *stream, iq_done done, gpointer data, GDestroyNotify data_free)
{
	iq_get(stream, NULL, node_new("blocklist", BLOCKING_NS), done, data, data_free);
}

void
blocking_set(Stream *stream, const char *jid, bool block, iq_done done, gpointer data, GDestroyNotify data_free)
{
	Node *change = node_new(block ? "block" : "unblock", BLOCKING_NS);
	node_attr(node_add(change, "item", NULL), "jid", jid);
	iq_set(stream, NULL, change, done, data, data_free);
}

GPtrArray *
blocking_read(const Element *list)
{
	GPtrArray *jids = g_ptr_array_new_with_free_func(g_free);
	for (const Element *item = list ? element_first(list) : NULL; item; item = element_next(item)) {
		const char *jid = element_is(item, "item", BLOCKING_NS) ? element_attr(item, "jid") : NULL;
		char *normal = jid ? jid_normalise(jid, NULL) : NULL;
		if (normal)
			g_ptr_array_add(jids, normal);
	}
	return jids;
}
