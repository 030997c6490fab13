/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations of the archive, the holes in them, and where a catch-up may start. */
#include "store/archive-private.h"

#include "api/error.h"
#include "store/db.h"

static GHashTable *known; /* "account\npeer" -> gint64 *: rows, until something is rolled back */
static guint known_rollbacks;

void
archived_conversation_free(ArchivedConversation *conv)
{
	g_free(conv->account);
	g_free(conv->peer);
	g_free(conv->seal_provider);
	g_free(conv->draft);
	g_free(conv);
}

GPtrArray *
archive_conversations(const char *account, GError **error)
{
	Rows *rows = store_select(error,
		"SELECT id, account, peer, seal, seal_provider, draft, read_up_to, last_at, unread FROM archive_conversation"
		" WHERE account = ? ORDER BY last_at DESC, id DESC",
		"s", account);
	if (!rows)
		return NULL;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)archived_conversation_free);
	while (rows_next(rows)) {
		ArchivedConversation *conv = g_new0(ArchivedConversation, 1);
		conv->row = rows_int(rows, 0);
		conv->account = g_strdup(rows_text(rows, 1));
		conv->peer = g_strdup(rows_text(rows, 2));
		conv->seal = (int)rows_int(rows, 3);
		conv->seal_provider = g_strdup(rows_text(rows, 4));
		conv->draft = g_strdup(rows_text(rows, 5));
		conv->read_up_to = rows_int(rows, 6);
		conv->last_at = rows_int(rows, 7);
		conv->unread = (guint)rows_int(rows, 8);
		g_ptr_array_add(list, conv);
	}
	return rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

gint64
archive_last_at(const char *account)
{
	gint64 at = 0;
	Rows *rows = store_select(NULL, "SELECT max(last_at) FROM archive_conversation WHERE account = ?", "s", account);
	if (rows && rows_next(rows))
		at = rows_int(rows, 0);
	rows_free(rows);
	return at ? at : G_MININT64;
}

static void
remember(char *name, gint64 row)
{
	gint64 *value = g_new(gint64, 1);
	*value = row;
	g_hash_table_replace(known, name, value);
}

gint64
conversation_find(const char *account, const char *peer, GError **error)
{
	if (!known)
		known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (known_rollbacks != db_rollbacks())
		g_hash_table_remove_all(known);
	known_rollbacks = db_rollbacks();
	g_autofree char *name = g_strdup_printf("%s\n%s", account, peer);
	const gint64 *value = g_hash_table_lookup(known, name);
	if (value)
		return *value;
	gint64 row = 0;
	Rows *rows = store_select(error, "SELECT id FROM archive_conversation WHERE account = ? AND peer = ?", "ss", account, peer);
	if (!rows)
		return 0;
	if (rows_next(rows))
		row = rows_int(rows, 0);
	if (!rows_end(rows, error))
		return 0;
	if (row)
		remember(g_steal_pointer(&name), row);
	return row;
}

gint64
archive_conversation(const char *account, const char *peer, GError **error)
{
	g_autoptr(GError) why = NULL;
	gint64 row = conversation_find(account, peer, &why);
	if (why) {
		g_propagate_error(error, g_steal_pointer(&why));
		return 0;
	}
	if (!row && store_run(error, "INSERT INTO archive_conversation (account, peer) VALUES (?, ?)", "ss", account, peer))
		row = store_last_id();
	return row;
}

bool
archive_set_seal(gint64 conversation, int seal, const char *provider, GError **error)
{
	return store_run(error, "UPDATE archive_conversation SET seal = ?, seal_provider = ? WHERE id = ?", "isi", (gint64)seal,
		provider, conversation);
}

bool
archive_set_draft(gint64 conversation, const char *draft, GError **error)
{
	return store_run(error, "UPDATE archive_conversation SET draft = ? WHERE id = ?", "si", draft, conversation);
}

bool
archive_set_read(gint64 conversation, gint64 up_to, GError **error)
{
	return store_run(error,
		"UPDATE archive_conversation SET read_up_to = max(read_up_to, ?1), unread = (SELECT count(*) FROM archive_message m"
		" WHERE m.conversation = ?2 AND m.sent_at > max(read_up_to, ?1) AND m.direction = 0 AND (m.flags & 24) = 0) WHERE "
		"id = ?2",
		"ii", up_to, conversation);
}

/* ---- holes ---- */

void
gap_free(Gap *gap)
{
	g_free(gap->after_id);
	g_free(gap->before_id);
	g_free(gap);
}

GPtrArray *
archive_gaps(const char *account, GError **error)
{
	Rows *rows = store_select(
		error, "SELECT id, after_id, before_id, at FROM archive_gap WHERE account = ? ORDER BY at, id", "s", account);
	if (!rows)
		return NULL;
	g_autoptr(GPtrArray) gaps = g_ptr_array_new_with_free_func((GDestroyNotify)gap_free);
	while (rows_next(rows)) {
		Gap *gap = g_new0(Gap, 1);
		gap->row = rows_int(rows, 0);
		gap->after_id = g_strdup(rows_text(rows, 1));
		gap->before_id = g_strdup(rows_text(rows, 2));
		gap->at = rows_int(rows, 3);
		g_ptr_array_add(gaps, gap);
	}
	return rows_end(rows, error) ? g_steal_pointer(&gaps) : NULL;
}

bool
archive_gap_add(const char *account, const char *after_id, const char *before_id, gint64 at, GError **error)
{
	return store_run(error, "INSERT INTO archive_gap (account, after_id, before_id, at) VALUES (?, ?, ?, ?)", "sssi", account,
		after_id, before_id, at);
}

bool
archive_gap_remove(gint64 row, GError **error)
{
	return store_run(error, "DELETE FROM archive_gap WHERE id = ?", "i", row);
}

/* ---- where a catch-up may start ---- */

/* The newest of one conversation; a bounded look, since a server without an archive gives no ids at all. */
static bool
newest_stanza_id(gint64 conversation, gint64 row, gint64 *at, char **id, GError **error)
{
	Rows *rows = store_select(error,
		"SELECT sent_at, stanza_id FROM (SELECT id, sent_at, stanza_id FROM archive_message WHERE conversation = ?"
		" ORDER BY sent_at DESC LIMIT 50000) WHERE id < ? AND stanza_id IS NOT NULL LIMIT 1",
		"ii", conversation, row);
	if (!rows)
		return false;
	if (rows_next(rows) && rows_int(rows, 0) > *at) {
		*at = rows_int(rows, 0);
		g_free(*id);
		*id = g_strdup(rows_text(rows, 1));
	}
	return rows_end(rows, error);
}

char *
archive_stanza_id_before(const char *account, gint64 row, gint64 *sent_at, GError **error)
{
	g_autoptr(GPtrArray) list = archive_conversations(account, error);
	g_autofree char *id = NULL;
	gint64 at = G_MININT64;
	for (guint i = 0; list && i < list->len; i++) {
		const ArchivedConversation *conv = g_ptr_array_index(list, i);
		/* Newest first: the rest has nothing newer. */
		if (conv->last_at <= at)
			break;
		if (!newest_stanza_id(conv->row, row, &at, &id, error))
			return NULL;
	}
	if (sent_at)
		*sent_at = at;
	return g_steal_pointer(&id);
}
