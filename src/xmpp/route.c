/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The route: addresses are normalised once here, answers go to their questions, the rest to the first row that takes it and that
 * the sender may reach. The rows are found by kind and namespace in an index that is made anew when the table changes. */
#include "xmpp/route.h"

#include "api/jid.h"
#include "api/log.h"
#include "base/table.h"
#include "xmpp/iq.h"
#include "xmpp/ns.h"
#include "xmpp/tree.h"

#include <string.h>

static bool (*is_contact)(Stream *stream, const char *bare_jid);
static void (*on_skipped)(Stream *stream, const char *kind, const char *from, const char *id, const char *why);

void
route_set_contact_check(bool (*check)(Stream *stream, const char *bare_jid))
{
	is_contact = check;
}

void
route_set_skipped(void (*skipped)(Stream *stream, const char *kind, const char *from, const char *id, const char *why))
{
	on_skipped = skipped;
}

static bool
asks(const Element *iq)
{
	const char *type = element_attr(iq, "type");

	return element_is(iq, "iq", NULL) && (g_strcmp0(type, "get") == 0 || g_strcmp0(type, "set") == 0);
}

/* What a server says in the name of an address that is not there (RFC 6121 §8.5.3.2.3): a stranger learns nothing, neither from
 * what we answer nor from a silence where a dead address would not be silent. */
static void
answer_as_dead(Stream *stream, const Element *iq)
{
	if (asks(iq) && element_attr(iq, "id"))
		iq_error(stream, iq, "cancel", "service-unavailable");
}

void
route_stanza_skipped(Stream *stream, const Element *root, const char *why)
{
	log_warning("%s: a %s was not looked at: %s", stream_jid(stream), element_name(root), why);
	answer_as_dead(stream, root);
	if (on_skipped)
		on_skipped(stream, element_name(root), element_attr(root, "from"), element_attr(root, "id"), why);
}

/* ---- the provenance gate ---- */

static bool
may_reach(Stream *stream, enum stanza_from from, const char *sender)
{
	const char *own = stream_jid(stream);
	g_autofree char *bare = NULL;

	if (from == FROM_ANYONE || !sender || strcmp(sender, own) == 0)
		return true;
	switch (from) {
	case FROM_DEVICE:
		return jid_same_bare(sender, own);
	case FROM_SERVER:
		bare = jid_domain(own);
		return strcmp(sender, bare) == 0;
	case FROM_CONTACT:
		bare = jid_bare(sender);
		return jid_same_bare(sender, own) || (is_contact && is_contact(stream, bare));
	default:
		return false;
	}
}

/* ---- the index ---- */

struct entry {
	const struct stanza_hook *row;
	guint order;
};

static GHashTable *buckets; /* "kind namespace" -> GArray of struct entry; the namespace is empty for rows that name none */
static guint indexed;       /* generation of the table */

static char *
bucket_key(const char *kind, const char *ns)
{
	return g_strconcat(kind, " ", ns, NULL);
}

static void
index_rows(void)
{
	const struct stanza_hook *row;

	if (buckets && indexed == table_generation(TABLE_STANZAS))
		return;
	g_clear_pointer(&buckets, g_hash_table_unref);
	buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	for (guint i = 0; (row = table_row(TABLE_STANZAS, i)); i++) {
		g_autofree char *key = bucket_key(row->kind, row->node ? NS_PUBSUB_EVENT : row->ns ? row->ns : "");
		GArray *entries = g_hash_table_lookup(buckets, key);
		struct entry entry = { row, i };
		if (!entries) {
			entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
			g_hash_table_insert(buckets, g_strdup(key), entries);
		}
		g_array_append_val(entries, entry);
	}
	indexed = table_generation(TABLE_STANZAS);
}

static void
collect(GArray *found, const char *kind, const char *ns)
{
	g_autofree char *key = bucket_key(kind, ns);
	const GArray *entries = g_hash_table_lookup(buckets, key);

	if (entries)
		g_array_append_vals(found, entries->data, entries->len);
}

static int
by_order(gconstpointer a, gconstpointer b)
{
	const struct entry *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* Rows that could match, in the order of the table, some perhaps twice. */
static GArray *
candidates(const Element *stanza)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct entry));
	const char *last = NULL;

	collect(found, element_name(stanza), "");
	for (const Element *child = element_first(stanza); child; child = element_next(child)) {
		if (!last || strcmp(last, element_ns(child)) != 0)
			collect(found, element_name(stanza), element_ns(child));
		last = element_ns(child);
	}
	g_array_sort(found, by_order);
	return found;
}

/* ---- matching ---- */

static bool
has_node(const Element *stanza, const char *node)
{
	const Element *event = element_child(stanza, "event", NS_PUBSUB_EVENT);

	for (const Element *e = event ? element_first(event) : NULL; e; e = element_next(e)) {
		if (g_strcmp0(element_attr(e, "node"), node) == 0)
			return true;
	}
	return false;
}

static bool
has_type(const Element *stanza, const char *type)
{
	const char *own = element_attr(stanza, "type");

	/* RFC 6121 §5.2.2: a message without a type is a normal one. */
	if (!own && element_is(stanza, "message", NULL))
		own = "normal";
	return g_strcmp0(own, type) == 0;
}

static bool
matches(const struct stanza_hook *row, const Element *stanza)
{
	if (row->type && !has_type(stanza, row->type))
		return false;
	if (row->node)
		return has_node(stanza, row->node);
	return (!row->child && !row->ns) || element_child(stanza, row->child, row->ns);
}

static bool
offer(Stream *stream, const Element *stanza)
{
	g_autoptr(GArray) found = NULL;
	guint generation;

	index_rows();
	found = candidates(stanza);
	generation = indexed;
	for (guint i = 0; i < found->len; i++) {
		const struct entry *entry = &g_array_index(found, struct entry, i);
		if (i && entry[-1].order == entry->order)
			continue;
		/* A hook may have removed rows, its own included. */
		if (generation != table_generation(TABLE_STANZAS))
			return true;
		if (matches(entry->row, stanza) && may_reach(stream, entry->row->from, element_attr(stanza, "from")) &&
			entry->row->take(stream, stanza))
			return true;
	}
	return false;
}

/* ---- stanzas ---- */

/* False when it is no address at all: then it is nobody's. */
static bool
normalise(Stanza *stanza, const char *name)
{
	const char *given = element_attr(stanza_root(stanza), name);
	g_autofree char *jid = NULL;

	if (!given)
		return true;
	jid = jid_normalise(given, NULL);
	if (jid && strcmp(jid, given) != 0)
		tree_set_root_attr(stanza, name, jid);
	return jid != NULL;
}

static void
route_iq(Stream *stream, const Element *iq)
{
	if (!asks(iq)) {
		if (!iq_answered(stream, iq))
			log_debug("%s: an answer that nobody asked for", stream_jid(stream));
	} else if (!element_attr(iq, "id") || !element_first(iq) || !offer(stream, iq)) {
		answer_as_dead(stream, iq);
	}
}

void
route_stanza(Stream *stream, Stanza *stanza)
{
	const Element *root = stanza_root(stanza);

	if (!normalise(stanza, "from") || !normalise(stanza, "to")) {
		log_warning("%s: a %s from no valid address was dropped", stream_jid(stream), element_name(root));
		answer_as_dead(stream, root);
		return;
	}
	if (element_is(root, "iq", NULL))
		route_iq(stream, root);
	else
		offer(stream, root);
}
