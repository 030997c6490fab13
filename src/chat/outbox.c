/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: every text leaves through one array of stages, one message at a time per conversation, and what the server has
 * not acknowledged stays in the store with its final stanza. */
#include "chat/outbox-private.h"

#include "api/ask.h"
#include "api/event.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "store/archive.h"
#include "store/outbox-table.h"

#include <string.h>

static GHashTable *lanes;   /* Conversation -> struct lane */
static GHashTable *jobs;    /* &id -> struct job */
static GHashTable *by_wire; /* "account wire_id" -> struct job */
static GHashTable *unacked; /* account -> GQueue of struct job, in order of sequence */

/* ---- jobs and lanes ---- */

static void
job_free(gpointer data)
{
	struct job *job = data;

	message_unref(job->message);
	g_free(job->sentence);
	g_free(job->stanza);
	g_free(job->session);
	g_free(job);
}

static void
lane_free(gpointer data)
{
	struct lane *lane = data;

	clock_cancel(lane->timer);
	g_queue_clear(&lane->jobs);
	g_free(lane);
}

static void
queue_free(gpointer queue)
{
	g_queue_free(queue);
}

static void
make_tables(void)
{
	if (lanes)
		return;
	lanes = g_hash_table_new_full(NULL, NULL, NULL, lane_free);
	jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_free);
	by_wire = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unacked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
}

struct lane *
lane_of(Conversation *conv)
{
	struct lane *lane;

	make_tables();
	lane = g_hash_table_lookup(lanes, conv);
	if (!lane) {
		lane = g_new0(struct lane, 1);
		lane->conv = conv;
		g_hash_table_insert(lanes, conv, lane);
	}
	return lane;
}

GQueue *
unacked_of(const char *account)
{
	GQueue *queue;

	make_tables();
	queue = g_hash_table_lookup(unacked, account);
	if (!queue) {
		queue = g_queue_new();
		g_hash_table_insert(unacked, g_strdup(account), queue);
	}
	return queue;
}

static char *
wire_key(const char *account, const char *wire_id)
{
	return g_strconcat(account, " ", wire_id, NULL);
}

struct job *
job_new(Message *message, struct lane *lane)
{
	static guint64 last;
	struct job *job = g_new0(struct job, 1);

	job->id = ++last;
	job->message = message;
	job->lane = lane;
	g_hash_table_insert(jobs, &job->id, job);
	return job;
}

void
job_know(struct job *job)
{
	g_hash_table_insert(by_wire, wire_key(job->message->account, job->message->wire_id), job);
}

static void
job_drop(struct job *job)
{
	if (job->message->wire_id) {
		g_autofree char *key = wire_key(job->message->account, job->message->wire_id);

		g_hash_table_remove(by_wire, key);
	}
	g_queue_remove(&job->lane->jobs, job);
	g_queue_remove(unacked_of(job->message->account), job);
	g_hash_table_remove(jobs, &job->id);
}

struct job *
job_find(guint64 id)
{
	return jobs ? g_hash_table_lookup(jobs, &id) : NULL;
}

struct job *
job_of_wire_id(const char *account, const char *wire_id)
{
	g_autofree char *key = wire_key(account, wire_id);

	return by_wire ? g_hash_table_lookup(by_wire, key) : NULL;
}

Stream *
job_stream(const struct job *job)
{
	Account *account = account_find(job->message->account);

	return account && account_online(account) ? account_stream(account) : NULL;
}

/* State and outbox row change together. */
void
job_close(struct job *job, enum message_state state, const char *reason)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Message) message = message_ref(job->message);
	gint64 row = job->row;

	job_drop(job);
	if (!store_begin(&error)) {
		log_warning("the outbox cannot be changed: %s", error->message);
		message_reach(message, state, reason);
		return;
	}
	if (!outbox_table_remove(row, &error))
		log_warning("the outbox cannot be changed: %s", error->message);
	message_reach(message, state, reason);
	g_clear_error(&error);
	if (!store_commit(STORE_SOON, &error))
		log_warning("the outbox cannot be changed: %s", error->message);
}

static void
undo_correction(const Message *correction)
{
	g_autoptr(Message) original = NULL;
	g_autoptr(GPtrArray) old = NULL;

	if (!correction->hidden)
		return;
	original = archive_find_wire_id(correction->account, correction->conversation, correction->replaces, MESSAGE_OUT, NULL);
	old = original ? archive_old_bodies(original->row, NULL) : NULL;
	if (!old || !old->len || g_strcmp0(original->body, correction->body) != 0)
		return;
	g_free(original->body);
	original->body = g_strdup(g_ptr_array_index(old, old->len - 1));
	if (archive_correct(original, correction->body, NULL))
		message_emit(EVENT_MESSAGE_CHANGED, original);
}

void
job_fail(struct job *job, const GError *reason)
{
	g_autoptr(Message) message = message_ref(job->message);

	job_close(job, MESSAGE_FAILED, reason->message);
	undo_correction(message);
	alert(message->account, message->conversation, "not-sent", "not sent to %s: %s", message->conversation, reason->message);
}

/* ---- running ---- */

static void
leave_lane(struct job *job)
{
	g_queue_remove(&job->lane->jobs, job);
	if (job->session)
		g_queue_push_tail(unacked_of(job->message->account), job);
	else
		job_close(job, MESSAGE_SENT, NULL);
}

void
lane_pump(struct lane *lane)
{
	if (lane->pumping)
		return;
	lane->pumping = true;
	while (lane->state == LANE_FREE && !g_queue_is_empty(&lane->jobs)) {
		struct job *job = g_queue_peek_head(&lane->jobs);
		g_autoptr(GError) error = NULL;
		enum step step;

		if (!job_stream(job))
			break;
		step = outbox_stages[job->stage](job, &error);
		if (step == STEP_WAIT)
			break;
		if (step == STEP_FAILED)
			job_fail(job, error);
		else if (++job->stage == STAGES)
			leave_lane(job);
	}
	lane->pumping = false;
}

bool
outbox_put(Message *message, GError **error)
{
	Account *account = account_find(message->account);
	Conversation *conv = account ? convo_get(account, message->conversation) : NULL;
	struct job *job;

	if (!conv) {
		fault(error, FAULT_GONE, "there is no account %s", message->account);
		message_unref(message);
		return false;
	}
	job = job_new(message, lane_of(conv));
	for (; job->stage < STAGE_ENCODE; job->stage++)
		if (outbox_stages[job->stage](job, error) == STEP_FAILED) {
			job_drop(job);
			return false;
		}
	g_queue_push_tail(&job->lane->jobs, job);
	lane_pump(job->lane);
	return true;
}

GPtrArray *
lanes_of(const char *account, const char *peer)
{
	GPtrArray *found = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	if (!lanes)
		return found;
	g_hash_table_iter_init(&iter, lanes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct lane *lane = value;

		if ((!account || !strcmp(convo_account_jid(lane->conv), account)) &&
			(!peer || !strcmp(convo_peer(lane->conv), peer)))
			g_ptr_array_add(found, lane);
	}
	return found;
}

void
lane_free_up(struct lane *lane)
{
	guint question = lane->question;

	clock_cancel(lane->timer);
	lane->timer = lane->question = 0;
	lane->state = LANE_FREE;
	if (question)
		ask_withdraw(question);
}

void
outbox_retry(const char *account, const char *peer)
{
	g_autoptr(GPtrArray) found = lanes_of(account, peer);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		if (lane->state != LANE_PREPARING || lane->asked != e2ee_provider())
			lane_free_up(lane);
		lane_pump(lane);
	}
}

void
e2ee_keys_changed(Account *account, const char *peer)
{
	outbox_retry(account_jid(account), peer);
}

bool
outbox_is_empty(void)
{
	g_autoptr(GPtrArray) all = lanes_of(NULL, NULL);

	for (guint i = 0; i < all->len; i++) {
		struct lane *lane = g_ptr_array_index(all, i);
		Account *account = convo_account(lane->conv);

		if (!account || !account_online(account))
			continue;
		if (!g_queue_is_empty(unacked_of(account_jid(account))))
			return false;
		if (lane->state <= LANE_PREPARING && !g_queue_is_empty(&lane->jobs))
			return false;
	}
	return true;
}

void
outbox_unload(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);
		GQueue *sent = unacked_of(convo_account_jid(lane->conv));

		lane->pumping = true;
		lane_free_up(lane);
		while (!g_queue_is_empty(&lane->jobs))
			job_drop(g_queue_peek_head(&lane->jobs));
		for (GList *link = sent->head, *next; link; link = next) {
			next = link->next;
			if (((struct job *)link->data)->lane == lane)
				job_drop(link->data);
		}
		g_hash_table_remove(lanes, lane->conv);
	}
}
