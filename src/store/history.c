/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting: a conversation when asked to, all of them by age. What goes is overwritten on disk (secure_delete), taken out of both
 * indexes and out of the log. */
#include "store/history.h"

#include "api/ask.h"
#include "api/log.h"
#include "api/text.h"
#include "api/timer.h"
#include "store/archive-private.h"
#include "store/db.h"
#include "store/store.h"

enum { SLICE = 300, PAUSE_MS = 20, DAY_MS = 24 * 60 * 60 * 1000 };

#define DAY (24 * 60 * 60 * G_GINT64_CONSTANT(1000000))
#define LEAP (30 * DAY) /* who was away longer is asked, too */

const char *const history_choices[] = { "ask", "all", "year", "90-days", "30-days", "7-days", "none", NULL };
static const int days[] = { 90, -1, 365, 90, 30, 7, 0 };

bool
history_is_chosen(void)
{
	return store_set.keep != 0;
}

/* ---- one conversation ---- */

/* Messages go with their old bodies. */
static bool
delete_span(const struct span *span, GError **error)
{
	return store_run(error,
		       "UPDATE archive_progress SET given_up_to = max(given_up_to, (SELECT ifnull(max(id), 0) FROM "
		       "archive_message))",
		       NULL) &&
	       words_forget(span, error) && ids_forget(span, error) &&
	       store_run(error, "DELETE FROM archive_message WHERE " IN_SPAN, "iiii", SPAN_VALUES(span));
}

static bool
settle(gint64 conversation, GError **error)
{
	return store_run(error,
		"UPDATE archive_conversation SET"
		" last_at = ifnull((SELECT max(sent_at) FROM archive_message WHERE conversation = ?1), 0),"
		" unread = (SELECT count(*) FROM archive_message WHERE conversation = ?1 AND sent_at > read_up_to AND direction = 0"
		" AND (flags & 24) = 0) WHERE id = ?1",
		"i", conversation);
}

/* The row of the conversation stays: that it was sealed must not be forgotten, or the next message could go readable. */
bool
archive_forget(gint64 conversation, GError **error)
{
	const struct span span = { conversation, G_MININT64, G_MAXINT64, false };
	if (!store_begin(error))
		return false;
	if (!delete_span(&span, error) ||
		!store_run(error, "UPDATE archive_conversation SET draft = NULL WHERE id = ?", "i", conversation) ||
		!settle(conversation, error) || !words_clean(error)) {
		store_rollback();
		return false;
	}
	return store_commit(STORE_NOW, error) && db_checkpoint(error);
}

/* ---- by age ---- */

static struct {
	gint64 before; /* messages of an earlier time go */
	gint64 conversation, after;
	gint64 gone;
	guint timer, question;
} prune;

/* The next conversation that has something to go, from the present one on. 0 when there is none. */
static bool
find_next(gint64 *conversation, gint64 *up_to, GError **error)
{
	Rows *rows = store_select(error,
		"SELECT c.id, (SELECT sent_at FROM archive_message WHERE conversation = c.id AND sent_at > CASE WHEN c.id = ?1 "
		"THEN ?2"
		" ELSE ?4 END AND sent_at < ?3 ORDER BY sent_at LIMIT 1) AS first"
		" FROM archive_conversation c WHERE c.id >= ?1 AND first IS NOT NULL ORDER BY c.id LIMIT 1",
		"iiii", prune.conversation, prune.after, prune.before, G_MININT64);
	if (!rows)
		return false;
	*conversation = 0;
	if (rows_next(rows)) {
		*conversation = rows_int(rows, 0);
		*up_to = rows_int(rows, 1);
	}
	return rows_end(rows, error);
}

/* The last of a slice that starts at up_to. */
static bool
find_end(gint64 conversation, gint64 *up_to, GError **error)
{
	Rows *rows = store_select(error,
		"SELECT max(sent_at) FROM (SELECT sent_at FROM archive_message WHERE conversation = ? AND sent_at >= ? AND sent_at "
		"< ?"
		" ORDER BY sent_at LIMIT ?)",
		"iiii", conversation, *up_to, prune.before, (gint64)SLICE);
	if (!rows)
		return false;
	if (rows_next(rows))
		*up_to = MAX(*up_to, rows_int(rows, 0));
	return rows_end(rows, error);
}

/* What still waits to be sent is spared. False at the end, or when it did not work. */
static bool
prune_slice(GError **error)
{
	struct span span = { .spare_outbox = true };
	if (!find_next(&span.conversation, &span.up_to, error) || !span.conversation)
		return false;
	span.after = span.conversation == prune.conversation ? prune.after : G_MININT64;
	if (!find_end(span.conversation, &span.up_to, error) || !store_begin(error))
		return false;
	if (!delete_span(&span, error)) {
		store_rollback();
		return false;
	}
	prune.gone += store_changes();
	if (!settle(span.conversation, error)) {
		store_rollback();
		return false;
	}
	prune.conversation = span.conversation;
	prune.after = span.up_to;
	return store_commit(STORE_SOON, error);
}

/* Making all pieces of the index into one reads and writes the whole of it: seconds, when there are many messages. There the words
 * of old messages leave with the pieces that hold them. */
static bool
is_small(void)
{
	enum { SMALL = 50000 };
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT count(*) FROM (SELECT 1 FROM archive_message LIMIT ?)", "i", (gint64)SMALL);
	return rows && rows_next(rows) && rows_int(rows, 0) < SMALL;
}

static void
prune_again(gpointer data)
{
	(void)data;
	prune.timer = 0;
	history_prune();
}

static void
prune_end(const GError *error)
{
	g_autoptr(GError) why = NULL;
	if (error)
		log_warning("history: old messages could not be deleted: %s", error->message);
	else if (prune.gone && ((is_small() && !words_clean(&why)) || (db_flush(), !db_checkpoint(&why))))
		log_warning("history: old messages are deleted but not yet overwritten: %s", why->message);
	else if (prune.gone)
		log_info("history: %" G_GINT64_FORMAT " old messages deleted", prune.gone);
}

static void
prune_some(gpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	prune.timer = 0;
	if (!store_is_open())
		return;
	if (prune_slice(&error)) {
		prune.timer = clock_after(PAUSE_MS, prune_some, NULL, NULL);
	} else {
		prune_end(error);
		prune.timer = clock_after(DAY_MS, prune_again, NULL, NULL);
	}
}

static bool
prune_begin(void)
{
	int keep = days[store_set.keep];
	if (prune.timer)
		clock_cancel(prune.timer);
	prune.timer = 0;
	prune.before = clock_now() - keep * DAY;
	prune.conversation = prune.after = prune.gone = 0;
	return keep >= 0 && store_is_open();
}

/* ---- can the clock be believed? ---- */

/* The last time that was: where none is kept, of the newest message. */
static gint64
last_believed(void)
{
	Rows *rows = store_select(NULL,
		"SELECT ifnull((SELECT max(seen_at) FROM history_clock), (SELECT max(last_at) FROM "
		"archive_conversation))",
		NULL);
	gint64 at = rows && rows_next(rows) ? rows_int(rows, 0) : 0;
	rows_free(rows);
	return at;
}

static bool
believe(gint64 now, GError **error)
{
	return store_run(error, "INSERT OR REPLACE INTO history_clock (rowid, seen_at) VALUES (1, ?)", "i", now);
}

static void
clock_confirmed(const char *choice, gpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	prune.question = 0;
	if (g_strcmp0(choice, "yes") != 0 || !store_is_open())
		return;
	if (believe(clock_now(), &error))
		history_prune();
	else
		log_warning("history: old messages could not be deleted: %s", error->message);
}

static void
ask_about_clock(gint64 now, gint64 before)
{
	static const char *const choices[] = { "no", "yes", NULL };
	g_autofree char *today = text_time(now, false), *then = text_time(before, false);
	g_autofree char *text = g_strdup_printf("The clock of this machine says %.10s, and %.10s when sotto last ran: is that "
						"right, and shall messages older than %d "
						"days be deleted?",
		today, then, days[store_set.keep]);
	prune.question = ask(NULL, NULL, text, choices, clock_confirmed, NULL, NULL);
}

/* Deleting cannot be undone, and a clock that leaps makes all messages old: then a person is asked first. */
static bool
may_prune(GError **error)
{
	gint64 now = clock_now(), before = last_believed(), conversation, at;
	if (prune.question)
		ask_withdraw(prune.question);
	if (now < CLOCK_LEAST)
		return false;
	if (!before || now - before <= LEAP)
		return believe(now, error);
	if (!find_next(&conversation, &at, error))
		return false;
	if (!conversation)
		return believe(now, error);
	log_warning("history: the clock leapt by %d days: nothing is deleted before somebody says that it is right",
		(int)((now - before) / DAY));
	ask_about_clock(now, before);
	return false;
}

static void
prune_first(gpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	prune.timer = 0;
	if (!store_is_open())
		return;
	if (may_prune(&error)) {
		prune_some(NULL);
		return;
	}
	if (error)
		prune_end(error);
	prune.timer = clock_after(DAY_MS, prune_again, NULL, NULL);
}

void
history_prune(void)
{
	if (prune_begin())
		prune.timer = clock_after(PAUSE_MS, prune_first, NULL, NULL);
}

void
history_prune_at_end(void)
{
	g_autoptr(GError) error = NULL;
	if (!prune_begin() || days[store_set.keep] > 0)
		return;
	prune.before = G_MAXINT64;
	while (prune_slice(&error))
		;
	prune_end(error);
}
