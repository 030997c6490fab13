/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the clients of contacts can do: sets of features by verified hash (XEP-0115), kept in the store. */
#include "account/features.h"

#include <string.h>

#include "api/account.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "xmpp/caps.h"
#include "xmpp/disco.h"
#include "xmpp/presence.h"

enum {
	HASH_BYTES = 28, /* base64 of 20 bytes */
	NODE_BYTES_MAX = 512,
	ASKED_AT_ONCE = 8,
	WAITING_MAX = 256,
	TRIES = 3,
	STORED_MAX = 2000,
};

struct capset {
	guint refs;
	char *hash;
	char **features; /* NULL: not known */
	guint tries;
	bool waiting; /* for an answer, or in the queue */
};

/* One address to ask about one hash. */
struct question {
	char *account, *full_jid, *node;
	struct capset *set;
};

static GHashTable *sets; /* hash -> struct capset, borrowed */
static GQueue waiting = G_QUEUE_INIT;
static guint asked;

static void
question_free(gpointer data)
{
	struct question *question = data;
	question->set->waiting = false;
	capset_unref(question->set);
	g_free(question->account);
	g_free(question->full_jid);
	g_free(question->node);
	g_free(question);
}

static char **
load(const char *hash)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT features FROM account_caps WHERE hash = ?", "s", hash);
	if (!rows || !rows_next(rows) || !rows_text(rows, 0))
		return NULL;
	return g_strsplit(rows_text(rows, 0), "\n", 0);
}

static void
keep(const struct capset *set)
{
	g_autofree char *features = g_strjoinv("\n", set->features);
	g_autoptr(GError) error = NULL;
	if (!store_run(&error, "INSERT OR REPLACE INTO account_caps (hash, features, learnt) VALUES (?, ?, ?)", "ssi", set->hash,
		    features, clock_now() / G_USEC_PER_SEC) ||
		!store_run(&error,
			"DELETE FROM account_caps WHERE hash IN (SELECT hash FROM account_caps ORDER BY learnt DESC LIMIT -1 "
			"OFFSET ?)",
			"i", (gint64)STORED_MAX))
		log_warning("features of %s are not kept: %s", set->hash, error->message);
}

static void ask_next(void);

static void
answered(Stream *stream, const Element *query, const GError *error, gpointer data)
{
	struct question *question = data;
	struct capset *set = question->set;
	(void)error;
	asked--;
	g_autofree char *hash = query ? caps_hash(query) : NULL;
	if (hash && !strcmp(hash, set->hash)) {
		set->features = disco_read_features(query);
		keep(set);
	} else if (query) {
		log_info("%s: features that do not fit the hash %s", stream_jid(stream), set->hash);
	}
	ask_next();
}

static void
ask_next(void)
{
	while (asked < ASKED_AT_ONCE && !g_queue_is_empty(&waiting)) {
		struct question *question = g_queue_pop_head(&waiting);
		Account *account = account_find(question->account);
		if (!account || !account_online(account) || question->set->features ||
			!presence_visible_to(account_stream(account), question->full_jid)) {
			question_free(question);
			continue;
		}
		asked++;
		question->set->tries++;
		disco_info(account_stream(account), question->full_jid, question->node, answered, question, question_free);
	}
}

static void
ask(Stream *stream, struct capset *set, const char *full_jid, const char *node)
{
	/* P18: a question tells who asks that we are online. */
	if (set->waiting || set->tries >= TRIES || waiting.length >= WAITING_MAX || !presence_visible_to(stream, full_jid))
		return;
	struct question *question = g_new(struct question, 1);
	*question = (struct question){
		.account = g_strdup(stream_jid(stream)),
		.full_jid = g_strdup(full_jid),
		.node = g_strdup_printf("%s#%s", node, set->hash),
		.set = capset_ref(set),
	};
	set->waiting = true;
	g_queue_push_tail(&waiting, question);
	ask_next();
}

struct capset *
capset_get(Stream *stream, const char *full_jid, const char *node, const char *hash)
{
	if (!hash || !node || strlen(hash) != HASH_BYTES || strlen(node) > NODE_BYTES_MAX)
		return NULL;
	if (!sets)
		sets = g_hash_table_new(g_str_hash, g_str_equal);
	struct capset *set = g_hash_table_lookup(sets, hash);
	if (!set) {
		set = g_new(struct capset, 1);
		*set = (struct capset){ .hash = g_strdup(hash), .features = load(hash) };
		g_hash_table_insert(sets, set->hash, set);
	}
	capset_ref(set);
	if (!set->features)
		ask(stream, set, full_jid, node);
	return set;
}

struct capset *
capset_ref(struct capset *set)
{
	set->refs++;
	return set;
}

void
capset_unref(struct capset *set)
{
	if (!set || --set->refs)
		return;
	g_hash_table_remove(sets, set->hash);
	g_strfreev(set->features);
	g_free(set->hash);
	g_free(set);
}

const char *
capset_hash(const struct capset *set)
{
	return set->hash;
}

bool
capset_has(const struct capset *set, const char *feature)
{
	return set->features && g_strv_contains((const char *const *)set->features, feature);
}
