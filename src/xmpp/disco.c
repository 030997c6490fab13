/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Service discovery (XEP-0030): asking others, answering those who see us, and what our own account and server can do. */
#include "xmpp/disco.h"

#include <string.h>

#include "api/error.h"
#include "xmpp/caps.h"
#include "xmpp/presence.h"

enum { FEATURES_MAX = 1024, FEATURE_BYTES_MAX = 512 };

/* ---- answering ---- */

static bool
is_own_node(const char *node)
{
	g_autofree char *own = g_strdup_printf("%s#%s", CAPS_NODE, caps_own());
	return !node || !strcmp(node, own);
}

static bool
answer_info(Stream *stream, const Element *iq)
{
	if (!presence_may_answer(stream, iq))
		return false;
	const char *node = element_attr(element_child(iq, "query", DISCO_INFO_NS), "node");
	if (!is_own_node(node)) {
		iq_error(stream, iq, "cancel", "item-not-found");
		return true;
	}
	Node *query = node_new("query", DISCO_INFO_NS);
	node_attr(query, "node", node);
	caps_describe(query);
	iq_result(stream, iq, query);
	return true;
}

static bool
answer_items(Stream *stream, const Element *iq)
{
	if (!presence_may_answer(stream, iq))
		return false;
	Node *query = node_new("query", DISCO_ITEMS_NS);
	node_attr(query, "node", element_attr(element_child(iq, "query", DISCO_ITEMS_NS), "node"));
	iq_result(stream, iq, query);
	return true;
}

const struct stanza_hook disco_hooks[] = {
	{ .name = "disco: info", .kind = "iq", .type = "get", .child = "query", .ns = DISCO_INFO_NS, .take = answer_info },
	{ .name = "disco: items", .kind = "iq", .type = "get", .child = "query", .ns = DISCO_ITEMS_NS, .take = answer_items },
	{ 0 },
};

const struct feature disco_features[] = {
	{ .name = DISCO_INFO_NS },
	{ .name = DISCO_ITEMS_NS },
	{ .name = CAPS_NS },
	{ 0 },
};

/* ---- asking ---- */

struct question {
	disco_done done;
	gpointer data;
	GDestroyNotify data_free;
};

static void
question_free(gpointer data)
{
	struct question *question = data;
	if (question->data_free)
		question->data_free(question->data);
	g_free(question);
}

static void
answered(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct question *question = data;
	const Element *query = result ? element_child(result, "query", DISCO_INFO_NS) : NULL;
	g_autoptr(GError) empty = NULL;
	if (result && !query)
		fault(&empty, FAULT_PEER, "an answer about features had no list of them");
	question->done(stream, query, empty ? empty : error, question->data);
}

void
disco_info(Stream *stream, const char *jid, const char *node, disco_done done, gpointer data, GDestroyNotify data_free)
{
	struct question *question = g_new(struct question, 1);
	*question = (struct question){ .done = done, .data = data, .data_free = data_free };
	Node *query = node_new("query", DISCO_INFO_NS);
	node_attr(query, "node", node);
	iq_get(stream, jid, query, answered, question, question_free);
}

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **
disco_read_features(const Element *query)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	for (const Element *child = element_first(query); child && found->len < FEATURES_MAX; child = element_next(child)) {
		const char *var = element_is(child, "feature", DISCO_INFO_NS) ? element_attr(child, "var") : NULL;
		if (var && strlen(var) <= FEATURE_BYTES_MAX && !strchr(var, '\n'))
			g_ptr_array_add(found, (gpointer)var);
	}
	g_ptr_array_sort(found, compare);
	GPtrArray *features = g_ptr_array_new();
	for (guint i = 0; i < found->len; i++)
		if (!i || strcmp(found->pdata[i - 1], found->pdata[i]))
			g_ptr_array_add(features, g_strdup(found->pdata[i]));
	g_ptr_array_add(features, NULL);
	return (char **)g_ptr_array_free(features, FALSE);
}

/* ---- our own side ---- */

struct known {
	char **features[DISCO_SIDES]; /* NULL: not known */
};

static GHashTable *known_streams; /* Stream * -> struct known */

static void
known_free(gpointer data)
{
	struct known *known = data;
	for (int side = 0; side < DISCO_SIDES; side++)
		g_strfreev(known->features[side]);
	g_free(known);
}

void
disco_know(Stream *stream, enum disco_side side, const char *const *features)
{
	if (!known_streams)
		known_streams = g_hash_table_new_full(NULL, NULL, NULL, known_free);
	struct known *known = g_hash_table_lookup(known_streams, stream);
	if (!known)
		g_hash_table_insert(known_streams, stream, known = g_new0(struct known, 1));
	g_strfreev(known->features[side]);
	known->features[side] = g_strdupv((char **)features);
}

void
disco_forget(Stream *stream)
{
	if (known_streams)
		g_hash_table_remove(known_streams, stream);
}

static const struct known *
find_known(const Stream *stream)
{
	return known_streams ? g_hash_table_lookup(known_streams, stream) : NULL;
}

bool
disco_is_known(const Stream *stream, enum disco_side side)
{
	const struct known *known = find_known(stream);
	return known && known->features[side];
}

bool
disco_has(const Stream *stream, enum disco_side side, const char *feature)
{
	const struct known *known = find_known(stream);
	return known && known->features[side] && g_strv_contains((const char *const *)known->features[side], feature);
}
