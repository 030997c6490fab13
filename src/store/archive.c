/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of the archive: adding, changing, reading by page. */
#include "store/archive-private.h"

#include "api/error.h"
#include "store/db.h"

#include <string.h>

static char *
row_text(Rows *rows, int column)
{
	return g_strdup(rows_text(rows, column));
}

Message *
message_from(Rows *rows)
{
	Message *message = g_new0(Message, 1);
	int flags = (int)rows_int(rows, 10);
	message->refs = 1;
	message->row = rows_int(rows, 0);
	message->id = g_strdup_printf("m%" G_GINT64_FORMAT, message->row);
	message->account = row_text(rows, 1);
	message->conversation = row_text(rows, 2);
	message->sent_at = rows_int(rows, 3);
	message->direction = (enum message_direction)rows_int(rows, 4);
	message->kind = (enum message_kind)rows_int(rows, 5);
	message->origin = (enum message_origin)rows_int(rows, 6);
	message->state = (enum message_state)rows_int(rows, 7);
	message->trust = (enum trust)rows_int(rows, 8);
	message->device = (guint32)rows_int(rows, 9);
	message->edited = flags & FLAG_EDITED;
	message->wants_receipt = flags & FLAG_WANTS_RECEIPT;
	message->wants_marker = flags & FLAG_WANTS_MARKER;
	message->hidden = flags & FLAG_HIDDEN;
	message->notice = flags & FLAG_NOTICE;
	message->seal = row_text(rows, 11);
	message->from = row_text(rows, 12);
	if (!message->from)
		message->from = g_strdup(message->direction == MESSAGE_OUT ? message->account : message->conversation);
	message->wire_id = row_text(rows, 13);
	message->origin_id = row_text(rows, flags & FLAG_ORIGIN_IS_WIRE ? 13 : 14);
	message->stanza_id = row_text(rows, 15);
	message->replaces = row_text(rows, 16);
	message->reason = row_text(rows, 17);
	message->body = row_text(rows, 18);
	return message;
}

GPtrArray *
messages_from(Rows *rows, GError **error)
{
	if (!rows)
		return NULL;
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func((GDestroyNotify)message_unref);
	while (rows_next(rows))
		g_ptr_array_add(messages, message_from(rows));
	return rows_end(rows, error) ? g_steal_pointer(&messages) : NULL;
}

Message *
message_first(Rows *rows, GError **error)
{
	if (!rows)
		return NULL;
	g_autoptr(Message) message = rows_next(rows) ? message_from(rows) : NULL;
	return rows_end(rows, error) ? g_steal_pointer(&message) : NULL;
}

/* ---- writing ---- */

static int
flags_of(const Message *message)
{
	return (message->edited ? FLAG_EDITED : 0) | (message->wants_receipt ? FLAG_WANTS_RECEIPT : 0) |
	       (message->wants_marker ? FLAG_WANTS_MARKER : 0) | (message->hidden ? FLAG_HIDDEN : 0) |
	       (message->notice ? FLAG_NOTICE : 0) |
	       (message->origin_id && g_strcmp0(message->origin_id, message->wire_id) == 0 ? FLAG_ORIGIN_IS_WIRE : 0);
}

static const char *
unusual_sender(const Message *message)
{
	const char *usual = message->direction == MESSAGE_OUT ? message->account : message->conversation;
	return g_strcmp0(message->from, usual) == 0 ? NULL : message->from;
}

/* The next row: never one that was given before, so that an id of a forgotten message does not come to mean another one.
 * (AUTOINCREMENT would write one page more with every message.) */
static gint64
next_row(GError **error)
{
	static gint64 newest;
	static guint rollbacks;
	if (newest && rollbacks == db_rollbacks())
		return ++newest;
	Rows *rows = store_select(
		error, "SELECT max(given_up_to, ifnull((SELECT max(id) FROM archive_message), 0)) FROM archive_progress", NULL);
	if (!rows)
		return 0;
	gint64 stored = rows_next(rows) ? rows_int(rows, 0) : 0;
	if (!rows_end(rows, error))
		return 0;
	rollbacks = db_rollbacks();
	newest = stored + 1;
	return newest;
}

static bool
insert(gint64 conversation, Message *message, GError **error)
{
	int flags = flags_of(message);
	gint64 row = next_row(error);
	if (!row)
		return false;
	if (!store_run(error,
		    "INSERT INTO archive_message (id, conversation, sent_at, direction, kind, origin, state, trust, device, flags, "
		    "seal, sender,"
		    " wire_id, origin_id, stanza_id, replaces, reason, body)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    "iiiiiiiiiissssssss", row, conversation, message->sent_at, (gint64)message->direction, (gint64)message->kind,
		    (gint64)message->origin, (gint64)message->state, (gint64)message->trust, (gint64)message->device, (gint64)flags,
		    message->seal, unusual_sender(message), message->wire_id,
		    flags & FLAG_ORIGIN_IS_WIRE ? NULL : message->origin_id, message->stanza_id, message->replaces, message->reason,
		    message->body))
		return false;
	message->row = row;
	g_free(message->id);
	message->id = g_strdup_printf("m%" G_GINT64_FORMAT, message->row);
	bool counts = message->direction == MESSAGE_IN && !message->hidden && !message->notice;
	if (message->hidden)
		return true;
	return store_run(error,
		"UPDATE archive_conversation SET last_at = max(last_at, ?1), unread = unread + (?2 AND read_up_to < ?1) WHERE id = "
		"?3",
		"iii", message->sent_at, (gint64)counts, conversation);
}

bool
archive_add(Message *message, GError **error)
{
	if (!store_begin(error))
		return false;
	gint64 conversation = archive_conversation(message->account, message->conversation, error);
	if (!conversation || !insert(conversation, message, error)) {
		store_rollback();
		message->row = 0;
		return false;
	}
	ids_learn(conversation, message);
	behind_note_added();
	return store_commit(STORE_SOON, error);
}

static gint64
conversation_of(gint64 row, GError **error)
{
	gint64 conversation = 0;
	Rows *rows = store_select(error, "SELECT conversation FROM archive_message WHERE id = ?", "i", row);
	if (!rows)
		return 0;
	if (rows_next(rows))
		conversation = rows_int(rows, 0);
	if (!rows_end(rows, error))
		return 0;
	if (!conversation)
		fault(error, FAULT_GONE, "this message is not in the archive any more");
	return conversation;
}

static bool
end(bool done, GError **error)
{
	if (done)
		return store_commit(STORE_SOON, error);
	store_rollback();
	return false;
}

bool
archive_set_state(const Message *message, GError **error)
{
	if (!store_begin(error))
		return false;
	gint64 conversation = conversation_of(message->row, error);
	return end(conversation &&
			   store_run(error, "UPDATE archive_message SET state = ?, reason = ?, stanza_id = ? WHERE id = ?", "issi",
				   (gint64)message->state, message->reason, message->stanza_id, message->row) &&
			   (!message->stanza_id || ids_learn_late(conversation, message, error)),
		error);
}

bool
archive_correct(const Message *message, const char *old_body, GError **error)
{
	if (!store_begin(error))
		return false;
	return end(words_leave(message->row, error) &&
			   store_run(error, "INSERT INTO archive_old_body (message, body) VALUES (?, ?)", "is", message->row,
				   old_body) &&
			   store_run(error, "UPDATE archive_message SET body = ?, flags = ? WHERE id = ?", "sii", message->body,
				   (gint64)flags_of(message), message->row) &&
			   words_enter(message->row, error),
		error);
}

bool
archive_set_opened(const Message *message, GError **error)
{
	if (!store_begin(error))
		return false;
	return end(words_leave(message->row, error) &&
			   store_run(error,
				   "UPDATE archive_message SET body = ?, seal = ?, device = ?, trust = ?, reason = ?, flags = ? "
				   "WHERE id = ?",
				   "ssiisii", message->body, message->seal, (gint64)message->device, (gint64)message->trust,
				   message->reason, (gint64)flags_of(message), message->row) &&
			   words_enter(message->row, error),
		error);
}

GPtrArray *
archive_old_bodies(gint64 row, GError **error)
{
	Rows *rows = store_select(error, "SELECT body FROM archive_old_body WHERE message = ? ORDER BY id", "i", row);
	if (!rows)
		return NULL;
	g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(g_free);
	while (rows_next(rows))
		g_ptr_array_add(bodies, row_text(rows, 0));
	return rows_end(rows, error) ? g_steal_pointer(&bodies) : NULL;
}

/* ---- reading ---- */

Message *
archive_get(gint64 row, GError **error)
{
	return message_first(store_select(error, SELECT_MESSAGE "WHERE m.id = ?", "i", row), error);
}

Message *
archive_find_id(const char *id, GError **error)
{
	char *rest = NULL;
	gint64 row = id && *id == 'm' && g_ascii_isdigit(id[1]) ? g_ascii_strtoll(id + 1, &rest, 10) : 0;
	return row > 0 && !*rest ? archive_get(row, error) : NULL;
}

Message *
archive_find_stanza_id(const char *account, const char *conversation, const char *stanza_id, GError **error)
{
	gint64 where = conversation_find(account, conversation, error);
	return where ? ids_find_stanza(where, stanza_id, error) : NULL;
}

Message *
archive_find_wire_id(
	const char *account, const char *conversation, const char *wire_id, enum message_direction direction, GError **error)
{
	gint64 where = conversation_find(account, conversation, error);
	return where ? ids_find_wire(where, direction, wire_id, error) : NULL;
}

Message *
archive_last_sent(const char *account, const char *conversation, GError **error)
{
	gint64 where = conversation_find(account, conversation, error);
	if (!where)
		return NULL;
	return message_first(
		store_select(error,
			SELECT_MESSAGE
			"WHERE m.conversation = ? AND m.direction = 1 AND (m.flags & 24) = 0 ORDER BY m.sent_at DESC, m.id DESC"
			" LIMIT 1",
			"i", where),
		error);
}

gint64
archive_last_heard(gint64 conversation)
{
	Rows *rows = store_select(NULL,
		"SELECT sent_at FROM archive_message WHERE conversation = ? AND direction = 0 AND (flags & 24) = 0 ORDER BY sent_at"
		" DESC, id DESC LIMIT 1",
		"i", conversation);
	gint64 at = rows && rows_next(rows) ? rows_int(rows, 0) : G_MININT64;
	rows_free(rows);
	return at;
}

static void
reverse(GPtrArray *array)
{
	for (guint i = 0, j = array->len; i + 1 < j; i++) {
		gpointer other = array->pdata[--j];
		array->pdata[j] = array->pdata[i];
		array->pdata[i] = other;
	}
}

GPtrArray *
archive_page(gint64 conversation, gint64 before_at, gint64 before_row, guint limit, GError **error)
{
	GPtrArray *page =
		messages_from(store_select(error,
				      SELECT_MESSAGE "WHERE m.conversation = ? AND (m.sent_at, m.id) < (?, ?) AND " NOT_HIDDEN
						     " ORDER BY m.sent_at DESC, m.id DESC LIMIT ?",
				      "iiii", conversation, before_at, before_row, (gint64)limit),
			error);
	if (page)
		reverse(page);
	return page;
}

GPtrArray *
archive_page_after(gint64 conversation, gint64 after_at, gint64 after_row, guint limit, GError **error)
{
	return messages_from(store_select(error,
				     SELECT_MESSAGE "WHERE m.conversation = ? AND (m.sent_at, m.id) > (?, ?) AND " NOT_HIDDEN
						    " ORDER BY m.sent_at, m.id LIMIT ?",
				     "iiii", conversation, after_at, after_row, (gint64)limit),
		error);
}
