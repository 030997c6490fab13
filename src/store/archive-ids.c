/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which message has this id? Ids are random, so that an index of them is written all over the place: 50 messages would touch 100
 * pages. Hence the newest ones are found by a table in memory, and they enter the index on disk in pieces of thousands. A hash
 * stands for conversation, kind and id; whatever it finds is compared with the row itself, so a stale entry does no harm. */
#include "store/archive-private.h"

#include "api/error.h"
#include "api/log.h"
#include "store/db.h"

#include <gcrypt.h>
#include <string.h>

/* PIECE entries are some 8000 messages and less than a megabyte of memory. */
enum { PIECE = 16384, SLICE = 384, CANDIDATES = 16 };

struct entry {
	gint64 hash, row;
	guint before; /* index + 1 of the entry of the same hash before it, 0: none */
};

static struct {
	GArray *entries;  /* of struct entry, in order of adding */
	GHashTable *last; /* hash -> index + 1 of its newest entry */
	gint64 up_to;     /* rows above this are in memory, the others on disk */
	guint opens;      /* of the store when it was read */
	bool broken;      /* to be read again */
} recent;

enum { KIND_STANZA = 's', KIND_SENT_IN = 'i', KIND_SENT_OUT = 'o' };

static int
sent_kind(enum message_direction direction)
{
	return direction == MESSAGE_OUT ? KIND_SENT_OUT : KIND_SENT_IN;
}

static gint64
hash_of(gint64 conversation, int kind, const char *id)
{
	guint8 digest[32];
	gint64 hash;
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT "%c%s", conversation, kind, id);
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, text, strlen(text));
	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static void
remember(gint64 hash, gint64 row)
{
	struct entry entry = { .hash = hash, .row = row };
	entry.before = GPOINTER_TO_UINT(g_hash_table_lookup(recent.last, GSIZE_TO_POINTER(hash)));
	g_array_append_val(recent.entries, entry);
	g_hash_table_insert(recent.last, GSIZE_TO_POINTER(hash), GUINT_TO_POINTER(recent.entries->len));
}

/* All hashes under which a message may be looked for. */
static int
hashes_of(gint64 conversation, const Message *message, gint64 hashes[3])
{
	int n = 0;
	if (message->stanza_id)
		hashes[n++] = hash_of(conversation, KIND_STANZA, message->stanza_id);
	if (message->wire_id)
		hashes[n++] = hash_of(conversation, sent_kind(message->direction), message->wire_id);
	if (message->origin_id && g_strcmp0(message->origin_id, message->wire_id) != 0)
		hashes[n++] = hash_of(conversation, sent_kind(message->direction), message->origin_id);
	return n;
}

static void
remember_message(gint64 conversation, const Message *message)
{
	gint64 hashes[3];
	int n = hashes_of(conversation, message, hashes);
	for (int i = 0; i < n; i++)
		remember(hashes[i], message->row);
}

static void
empty(void)
{
	g_clear_pointer(&recent.entries, g_array_unref);
	g_clear_pointer(&recent.last, g_hash_table_unref);
	recent.entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	recent.last = g_hash_table_new(NULL, NULL);
}

static bool
read_progress(gint64 *up_to, gint64 *newest, GError **error)
{
	Rows *rows = store_select(error, "SELECT ids_up_to, (SELECT max(id) FROM archive_message) FROM archive_progress", NULL);
	if (!rows)
		return false;
	if (rows_next(rows)) {
		*up_to = rows_int(rows, 0);
		*newest = rows_int(rows, 1);
	}
	return rows_end(rows, error);
}

#define SELECT_IDS                                                                                                     \
	"SELECT conversation, id, direction, wire_id, CASE WHEN flags & 32 THEN wire_id ELSE origin_id END, stanza_id" \
	" FROM archive_message "

/* Takes rows of SELECT_IDS. */
static bool
each(Rows *rows, bool (*visit)(gint64 conversation, const Message *message, GError **error), GError **error)
{
	bool done = rows;
	while (done && rows_next(rows)) {
		Message message = {
			.row = rows_int(rows, 1),
			.direction = (enum message_direction)rows_int(rows, 2),
			.wire_id = (char *)rows_text(rows, 3),
			.origin_id = (char *)rows_text(rows, 4),
			.stanza_id = (char *)rows_text(rows, 5),
		};
		done = visit(rows_int(rows, 0), &message, error);
	}
	if (done)
		return rows_end(rows, error);
	rows_free(rows);
	return false;
}

static bool
each_recent(gint64 up_to, gint64 newest, bool (*visit)(gint64 conversation, const Message *message, GError **error), GError **error)
{
	return each(store_select(error, SELECT_IDS "WHERE id > ? AND id <= ?", "ii", up_to, newest), visit, error);
}

static void end_round(void);

static bool
visit_remember(gint64 conversation, const Message *message, GError **error)
{
	(void)error;
	remember_message(conversation, message);
	return true;
}

static void
batch_was_lost(void)
{
	recent.broken = true;
}

/* Makes the table in memory that of the open store. */
static bool
load(GError **error)
{
	gint64 newest = 0;
	if (recent.entries && !recent.broken && recent.opens == db_opens())
		return true;
	empty();
	end_round();
	recent.up_to = 0;
	recent.broken = true;
	if (!read_progress(&recent.up_to, &newest, error) || !each_recent(recent.up_to, newest, visit_remember, error))
		return false;
	recent.broken = false;
	recent.opens = db_opens();
	db_on_lost(batch_was_lost);
	return true;
}

/* ---- from memory to disk ---- */

/* A round writes what was in memory when it began, in the order of the index and in slices: each page is then touched once in a
 * round, and no slice is felt. Cut off in the middle it is done again: an entry that is there already is ignored. */
static struct {
	GArray *entries; /* of struct entry, by hash; NULL between rounds */
	guint next;
	gint64 newest; /* rows up to this one are in the round, or on disk */
} turn;

static int
compare(gconstpointer a, gconstpointer b)
{
	const struct entry *x = a, *y = b;
	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void
end_round(void)
{
	g_clear_pointer(&turn.entries, g_array_unref);
	turn.next = 0;
}

static bool
begin_round(GError **error)
{
	gint64 up_to = 0;
	if (!read_progress(&up_to, &turn.newest, error))
		return false;
	turn.entries = g_array_sized_new(FALSE, FALSE, sizeof(struct entry), recent.entries->len);
	g_array_append_vals(turn.entries, recent.entries->data, recent.entries->len);
	g_array_sort(turn.entries, compare);
	turn.next = 0;
	return true;
}

static bool
write_slice(guint end, GError **error)
{
	for (guint i = turn.next; i < end; i++) {
		const struct entry *entry = &g_array_index(turn.entries, struct entry, i);
		if (!store_run(
			    error, "INSERT OR IGNORE INTO archive_id (hash, message) VALUES (?, ?)", "ii", entry->hash, entry->row))
			return false;
	}
	return end < turn.entries->len || store_run(error, "UPDATE archive_progress SET ids_up_to = ?", "i", turn.newest);
}

/* What came during the round stays in memory. */
static void
forget_written(void)
{
	g_autoptr(GArray) all = g_steal_pointer(&recent.entries);
	empty();
	for (guint i = 0; i < all->len; i++) {
		const struct entry *entry = &g_array_index(all, struct entry, i);
		if (entry->row > turn.newest)
			remember(entry->hash, entry->row);
	}
	recent.up_to = turn.newest;
}

bool
ids_write_some(bool *more, GError **error)
{
	*more = false;
	if (!load(error))
		return false;
	if (!turn.entries && (recent.entries->len < PIECE || !begin_round(error)))
		return recent.entries->len < PIECE;
	guint end = MIN(turn.next + SLICE, turn.entries->len);
	bool last = end == turn.entries->len;
	if (!store_begin(error))
		return false;
	if (!write_slice(end, error)) {
		store_rollback();
		return false;
	}
	/* Only what is durable may leave the memory. */
	if (!store_commit(last ? STORE_NOW : STORE_SOON, error))
		return false;
	turn.next = end;
	*more = !last;
	if (last) {
		forget_written();
		end_round();
	}
	return true;
}

void
ids_learn(gint64 conversation, const Message *message)
{
	if (load(NULL))
		remember_message(conversation, message);
}

bool
ids_learn_late(gint64 conversation, const Message *message, GError **error)
{
	if (!load(error))
		return false;
	gint64 hash = hash_of(conversation, KIND_STANZA, message->stanza_id);
	if (message->row > recent.up_to) {
		/* Each state of a message passes here: once is enough. */
		guint last = GPOINTER_TO_UINT(g_hash_table_lookup(recent.last, GSIZE_TO_POINTER(hash)));
		if (!last || g_array_index(recent.entries, struct entry, last - 1).row != message->row)
			remember(hash, message->row);
		return true;
	}
	return store_run(error, "INSERT OR IGNORE INTO archive_id (hash, message) VALUES (?, ?)", "ii", hash, message->row);
}

static bool
visit_forget(gint64 conversation, const Message *message, GError **error)
{
	gint64 hashes[3];
	int n = hashes_of(conversation, message, hashes);
	for (int i = 0; i < n; i++)
		if (!store_run(error, "DELETE FROM archive_id WHERE hash = ? AND message = ?", "ii", hashes[i], message->row))
			return false;
	return true;
}

/* What is in memory stays: it finds no row any more. */
bool
ids_forget(const struct span *span, GError **error)
{
	return each(store_select(error, SELECT_IDS "WHERE " IN_SPAN, "iiii", SPAN_VALUES(span)), visit_forget, error);
}

/* ---- looking ---- */

struct wanted {
	gint64 conversation, hash;
	const char *id;
	int kind;
};

static Message *
check(gint64 row, const struct wanted *wanted, GError **error)
{
	g_autoptr(Message) message = message_first(
		store_select(error, SELECT_MESSAGE "WHERE m.id = ? AND m.conversation = ?", "ii", row, wanted->conversation),
		error);
	if (!message)
		return NULL;
	bool fits = wanted->kind == KIND_STANZA ? g_strcmp0(message->stanza_id, wanted->id) == 0
						: sent_kind(message->direction) == wanted->kind &&
							  (g_strcmp0(message->wire_id, wanted->id) == 0 ||
								  g_strcmp0(message->origin_id, wanted->id) == 0);
	return fits ? g_steal_pointer(&message) : NULL;
}

static Message *
find_recent(const struct wanted *wanted, GError **error)
{
	guint at = GPOINTER_TO_UINT(g_hash_table_lookup(recent.last, GSIZE_TO_POINTER(wanted->hash)));
	for (int i = 0; at && i < CANDIDATES; i++) {
		const struct entry *entry = &g_array_index(recent.entries, struct entry, at - 1);
		Message *message = check(entry->row, wanted, error);
		if (message)
			return message;
		at = entry->before;
	}
	return NULL;
}

static Message *
find_stored(const struct wanted *wanted, GError **error)
{
	Rows *rows = store_select(error, "SELECT message FROM archive_id WHERE hash = ? ORDER BY message DESC LIMIT ?", "ii",
		wanted->hash, (gint64)CANDIDATES);
	Message *message = NULL;
	while (rows && !message && rows_next(rows))
		message = check(rows_int(rows, 0), wanted, error);
	if (!rows || message || (error && *error)) {
		rows_free(rows);
		return message;
	}
	rows_end(rows, error);
	return NULL;
}

static Message *
find(gint64 conversation, int kind, const char *id, GError **error)
{
	if (!id || !load(error))
		return NULL;
	const struct wanted wanted = { conversation, hash_of(conversation, kind, id), id, kind };
	Message *message = find_recent(&wanted, error);
	return message ? message : find_stored(&wanted, error);
}

Message *
ids_find_stanza(gint64 conversation, const char *stanza_id, GError **error)
{
	return find(conversation, KIND_STANZA, stanza_id, error);
}

Message *
ids_find_wire(gint64 conversation, enum message_direction direction, const char *wire_id, GError **error)
{
	return find(conversation, sent_kind(direction), wire_id, error);
}
