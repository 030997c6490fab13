/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message archive queries (XEP-0313 with 0059). */
#include "xmpp/mam.h"

#include <stdlib.h>
#include <string.h>

#include "api/error.h"
#include "api/stream.h"
#include "base/text.h"
#include "xmpp/forms.h"

#define RSM_NS "http://jabber.org/protocol/rsm"

/* A running query: what mam_expected() lets through while it lives. */
struct running {
	char *id;
	Stream *stream;
	mam_done done;
	gpointer data;
	GDestroyNotify data_free;
};

static GHashTable *queries; /* id -> struct running, borrowed */

static void
running_free(gpointer data)
{
	struct running *query = data;
	g_hash_table_remove(queries, query->id);
	if (query->data_free)
		query->data_free(query->data);
	g_free(query->id);
	g_free(query);
}

static void
finished(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	struct running *query = data;
	const Element *fin = result ? element_child(result, "fin", MAM_NS) : NULL;
	if (result && !fin) {
		g_autoptr(GError) fault_error = NULL;
		fault(&fault_error, FAULT_PEER, "the archive of %s gave an answer without an end", stream_jid(stream));
		query->done(stream, NULL, fault_error, query->data);
		return;
	}
	if (!fin) {
		query->done(stream, NULL, error, query->data);
		return;
	}
	const Element *set = element_child(fin, "set", RSM_NS);
	const char *count = set ? element_child_text(set, "count", RSM_NS) : NULL;
	const char *complete = element_attr(fin, "complete");
	struct mam_page page = {
		.first_id = set ? element_child_text(set, "first", RSM_NS) : NULL,
		.last_id = set ? element_child_text(set, "last", RSM_NS) : NULL,
		.complete = complete && (!strcmp(complete, "true") || !strcmp(complete, "1")),
		.count = count ? (guint)strtoul(count, NULL, 10) : 0,
	};
	query->done(stream, &page, NULL, query->data);
}

static Node *
build(const struct mam_query *query, const char *id)
{
	Node *node = node_new("query", MAM_NS);
	node_attr(node, "queryid", id);
	if (query->with || query->start) {
		Node *form = form_add(node, MAM_NS);
		if (query->with)
			form_field(form, "with", query->with);
		if (query->start)
			form_field(form, "start", query->start);
	}
	Node *set = node_add(node, "set", RSM_NS);
	g_autofree char *max = g_strdup_printf("%u", query->max ? query->max : 50);
	node_add_text(set, "max", NULL, max);
	if (query->after_id)
		node_add_text(set, "after", NULL, query->after_id);
	if (query->before_id && *query->before_id)
		node_add_text(set, "before", NULL, query->before_id);
	else if (query->before_id)
		node_add(set, "before", NULL);
	return node;
}

void
mam_query(Stream *stream, const struct mam_query *query, mam_done done, gpointer data, GDestroyNotify data_free)
{
	if (!queries)
		queries = g_hash_table_new(g_str_hash, g_str_equal);
	struct running *running = g_new(struct running, 1);
	*running = (struct running){ .id = text_random_id(), .stream = stream, .done = done, .data = data, .data_free = data_free };
	g_hash_table_insert(queries, running->id, running);
	iq_set(stream, NULL, build(query, running->id), finished, running, running_free);
}

bool
mam_expected(Stream *stream, const char *from, const char *queryid)
{
	const struct running *query = queries && queryid ? g_hash_table_lookup(queries, queryid) : NULL;
	if (!query || query->stream != stream)
		return false;
	/* Our own archive speaks from our bare address; a server may leave it out (RFC 6120 §8.1.2.1). */
	return !from || !strcmp(from, stream_jid(stream));
}
