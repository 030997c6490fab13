/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches: short transactions share one durable commit, and each can still be undone alone. */
#include "store/db-private.h"

#include "api/event.h"
#include "api/log.h"
#include "api/timer.h"

enum { BATCH_MS = 5, BATCH_MAX = 50 };

static struct {
	bool open;      /* BEGIN was done */
	bool whole;     /* the outermost begin is that BEGIN, not a savepoint in it */
	bool lost;      /* the transaction is gone, its begins are not */
	bool now;       /* a commit inside of another begin asked for durability */
	guint depth;    /* begins that wait for their end */
	guint finished; /* that joined: their callers were told "ok" */
	guint timer;
} batch;

typedef void (*batch_call)(void);

static bool unhealthy, loss_told;
static guint rollbacks;
static GArray *on_commit, *on_lost; /* of batch_call */

static void
add_call(GArray **list, void (*call)(void))
{
	if (!*list)
		*list = g_array_new(FALSE, FALSE, sizeof call);
	for (guint i = 0; i < (*list)->len; i++)
		if (g_array_index(*list, batch_call, i) == call)
			return;
	g_array_append_val(*list, call);
}

void
db_on_commit(void (*call)(void))
{
	add_call(&on_commit, call);
}

void
db_on_lost(void (*call)(void))
{
	add_call(&on_lost, call);
}

static void
call_all(const GArray *list)
{
	for (guint i = 0; list && i < list->len; i++)
		g_array_index(list, batch_call, i)();
}

/* A call may write and commit again: then all are called once more, one round after the other. */
static void
tell_committed(void)
{
	static bool running, again;
	again = true;
	if (running)
		return;
	running = true;
	while (again) {
		again = false;
		call_all(on_commit);
	}
	running = false;
}

bool
db_is_healthy(void)
{
	return !unhealthy;
}

guint
db_rollbacks(void)
{
	return rollbacks;
}

static void
stop_timer(void)
{
	if (batch.timer)
		clock_cancel(batch.timer);
	batch.timer = 0;
}

void
batch_reset(void)
{
	stop_timer();
	batch = (__typeof__(batch)){ 0 };
	unhealthy = false;
	rollbacks++;
}

/* The whole transaction is gone or goes now. Begins that are still open learn it at their end. */
static void
drop_batch(void)
{
	if (!sqlite3_get_autocommit(db_sqlite()))
		db_exec("ROLLBACK", "write to", NULL);
	stop_timer();
	rollbacks++;
	batch.open = batch.whole = batch.now = false;
	batch.lost = batch.depth > 0;
}

static void
tell_lost(void)
{
	if (!batch.finished || batch.depth)
		return;
	batch.finished = 0;
	call_all(on_lost);
}

static void
became_unhealthy(const GError *why)
{
	if (!unhealthy)
		log_error("store: %s", why->message);
	unhealthy = true;
}

/* What was told "ok" before is lost with it: nobody else can say so. Once, not with every batch while the disk stays full. */
static void
report_lost(const char *why)
{
	if (batch.finished && !loss_told)
		alert(NULL, NULL, "store-failed", "%s; what came in last was not kept and is asked for again", why);
	loss_told |= batch.finished > 0;
}

static bool
make_durable(GError **error)
{
	g_autoptr(GError) why = NULL;
	if (!batch.open)
		return true;
	stop_timer();
	if (!db_exec("COMMIT", "write to", &why)) {
		became_unhealthy(why);
		drop_batch();
		/* Whoever commits just now gets the error itself and is not counted. */
		report_lost(why->message);
		tell_lost();
		if (error)
			g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	batch.open = batch.whole = batch.now = false;
	batch.finished = 0;
	loss_told = false;
	if (unhealthy) {
		unhealthy = false;
		log_info("store: writing works again");
		alert(NULL, NULL, "store-works", "the store can be written again");
	}
	tell_committed();
	return true;
}

static void
time_is_up(gpointer data)
{
	(void)data;
	batch.timer = 0;
	if (batch.depth)
		batch.now = true;
	else
		make_durable(NULL);
}

void
db_flush(void)
{
	if (batch.depth)
		batch.now = true;
	else if (db_sqlite())
		make_durable(NULL);
}

bool
db_is_pending(void)
{
	return batch.open;
}

bool
store_flush(GError **error)
{
	if (!batch.depth)
		return make_durable(error);
	batch.now = true;
	return true;
}

/* One more caller of this batch was served. */
static bool
finish(bool now, GError **error)
{
	if (now || batch.now || batch.finished + 1 >= BATCH_MAX)
		return make_durable(error);
	batch.finished++;
	if (!batch.timer)
		batch.timer = clock_after(BATCH_MS, time_is_up, NULL, NULL);
	return true;
}

/* After an error SQLite may have rolled the whole transaction back by itself. */
static bool
is_gone(void)
{
	if (!batch.open || !sqlite3_get_autocommit(db_sqlite()))
		return false;
	g_autoptr(GError) why = NULL;
	fault(&why, FAULT_STORE, "a write failed and the store undid its whole batch");
	became_unhealthy(why);
	report_lost(why->message);
	drop_batch();
	tell_lost();
	return true;
}

static bool
start(GError **error)
{
	g_autoptr(GError) why = NULL;
	if (!db_exec("BEGIN IMMEDIATE", "write to", &why)) {
		became_unhealthy(why);
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	batch.open = true;
	return true;
}

bool
batch_is_lost(GError **error)
{
	return batch.lost && !fault(error, FAULT_STORE, "an earlier write of this change failed, all of it is undone");
}

bool
store_begin(GError **error)
{
	if (!db_need_open(error) || batch_is_lost(error))
		return false;
	if (batch.open) {
		if (!db_exec("SAVEPOINT part", "write to", error)) {
			is_gone();
			return false;
		}
	} else if (start(error)) {
		batch.whole = true;
	} else {
		return false;
	}
	batch.depth++;
	return true;
}

/* True when the begin that ends now is the BEGIN itself. */
static bool
is_whole(void)
{
	return batch.whole && batch.depth == 1;
}

static void
undo_part(void)
{
	bool whole = is_whole();
	batch.depth--;
	if (batch.lost) {
		batch.lost = batch.depth > 0;
		tell_lost();
	} else if (whole) {
		drop_batch();
	} else {
		rollbacks++;
		if (!db_exec("ROLLBACK TO part", "write to", NULL) || !db_exec("RELEASE part", "write to", NULL)) {
			report_lost("a change could not be undone alone");
			drop_batch();
			tell_lost();
		} else if (!batch.depth && batch.now && !batch.timer) {
			/* It was time within this change; not in the middle of what undid it. */
			batch.timer = clock_after(0, time_is_up, NULL, NULL);
		}
	}
}

bool
store_commit(enum store_when when, GError **error)
{
	if (!batch.depth)
		return fault(error, FAULT_STORE, "a change was finished that nobody began");
	if (batch_is_lost(error)) {
		undo_part();
		return false;
	}
	if (!is_whole() && !db_exec("RELEASE part", "write to", error)) {
		is_gone();
		undo_part();
		return false;
	}
	batch.depth--;
	if (batch.depth) {
		batch.now |= when == STORE_NOW;
		return true;
	}
	batch.whole = false;
	return finish(when == STORE_NOW, error);
}

void
store_rollback(void)
{
	if (batch.depth)
		undo_part();
	else
		log_error("store: a change was undone that nobody began");
}

bool
batch_join(GError **error)
{
	return batch.open || start(error);
}

bool
batch_joined(GError **error)
{
	return batch.depth ? true : finish(false, error);
}

void
batch_part(void)
{
	if (!is_gone() && !batch.depth && !batch.finished)
		drop_batch();
}

void
batch_end(void)
{
	while (batch.depth)
		store_rollback();
	/* What the calls after a commit write is kept too. */
	for (int round = 0; batch.open && round < 3; round++)
		make_durable(NULL);
}
