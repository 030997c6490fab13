/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When something was said, on a machine whose clock may have been wrong. */
#include "api/log.h"
#include "api/timer.h"
#include "store/archive-private.h"
#include "store/db.h"

#define FAR (366 * G_TIME_SPAN_DAY)

static gint64
newest(const char *account, const char *peer)
{
	gint64 at = 0;
	Rows *rows =
		store_select(NULL, "SELECT last_at FROM archive_conversation WHERE account = ? AND peer = ?", "ss", account, peer);
	if (rows && rows_next(rows))
		at = rows_int(rows, 0);
	rows_free(rows);
	return at;
}

gint64
archive_next_at(const char *account, const char *peer)
{
	gint64 now = clock_now(), last = newest(account, peer);
	/* A clock that is lost: behind all that is known, so that it is not taken for something old later. */
	if (now < CLOCK_LEAST)
		last = MAX(last, MAX(archive_last_at(account), CLOCK_LEAST));
	return MAX(now, last + 1);
}

/* Numbers of a column of integers. */
static GArray *
numbers(Rows *rows, GError **error)
{
	g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(gint64));
	if (!rows)
		return NULL;
	while (rows_next(rows)) {
		gint64 number = rows_int(rows, 0);
		g_array_append_val(out, number);
	}
	return rows_end(rows, error) ? g_steal_pointer(&out) : NULL;
}

/* Close behind what was said before: what the server kept for us since then comes after it. */
static bool
mend(gint64 conversation, gint64 now, GError **error)
{
	g_autoptr(GArray) before =
		numbers(store_select(error,
				"SELECT ifnull(max(sent_at), ?2) FROM archive_message WHERE conversation = ?1 AND "
				"sent_at <= ?3",
				"iii", conversation, CLOCK_LEAST, now),
			error);
	g_autoptr(GArray) ahead = numbers(store_select(error,
						  "SELECT id FROM archive_message WHERE conversation = ? AND sent_at > ? ORDER BY "
						  "sent_at, id",
						  "ii", conversation, now),
		error);
	gint64 at;
	if (!before || !ahead)
		return false;
	at = g_array_index(before, gint64, 0);
	for (guint i = 0; i < ahead->len; i++)
		if (!store_run(error, "UPDATE archive_message SET sent_at = ? WHERE id = ?", "ii", ++at,
			    g_array_index(ahead, gint64, i)))
			return false;
	return store_run(error, "UPDATE archive_conversation SET last_at = ?1, read_up_to = min(read_up_to, ?1) WHERE id = ?2",
		"ii", at, conversation);
}

static bool
mend_all(gint64 now, GError **error)
{
	g_autoptr(GArray) ahead =
		numbers(store_select(error, "SELECT id FROM archive_conversation WHERE last_at > ?", "i", now + FAR), error);
	for (guint i = 0; ahead && i < ahead->len; i++)
		if (!mend(g_array_index(ahead, gint64, i), now, error))
			return false;
	if (ahead && ahead->len)
		log_warning("history: the clock was years ahead once: what was said then counts as said before it");
	return ahead != NULL;
}

void
archive_mend_times(void)
{
	g_autoptr(GError) error = NULL;
	gint64 now = clock_now();
	bool fine;
	if (now < CLOCK_LEAST)
		return;
	fine = store_begin(&error);
	if (fine && !(fine = mend_all(now, &error)))
		store_rollback();
	if (!fine || !store_commit(STORE_SOON, &error))
		log_warning("history: times that are years ahead stay: %s", error->message);
}
