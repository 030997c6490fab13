/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of what was written: acknowledged, found in the archive, refused, in doubt, or left by an earlier process. */
#include "chat/outbox-private.h"

#include "api/log.h"
#include "store/archive.h"
#include "store/outbox-table.h"
#include "xmpp/stream.h"

#include <string.h>

/* XEP-0198 §5: after a failed resumption nobody knows which of these the server handled. */
static void
put_back(struct job *job)
{
	job->doubtful = true;
	job->stage = STAGE_SEND;
	g_queue_push_head(&job->lane->jobs, job);
}

static void
settle_inherited(struct job *job, const Stream *stream, bool resumed)
{
	bool same = resumed && job->session && !g_strcmp0(job->session, stream_session(stream));

	job->inherited = false;
	if (!same)
		job->doubtful = true;
	else if (job->sequence <= stream_acknowledged(stream))
		job_close(job, MESSAGE_SENT, NULL);
}

void
outbox_connected(Account *account, bool resumed)
{
	const char *name = account_jid(account);
	g_autoptr(GPtrArray) found = lanes_of(name, NULL);
	GQueue *sent = unacked_of(name);

	while (!resumed && !g_queue_is_empty(sent))
		put_back(g_queue_pop_tail(sent));
	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		for (GList *link = lane->jobs.head, *next; link; link = next) {
			struct job *job = link->data;

			next = link->next;
			if (job->inherited)
				settle_inherited(job, account_stream(account), resumed);
		}
		if (lane->state == LANE_RETRY)
			lane_free_up(lane);
		lane_pump(lane);
	}
}

void
outbox_acknowledged(const char *account, guint64 sequence)
{
	GQueue *sent = unacked_of(account);
	struct job *job;

	while ((job = g_queue_peek_head(sent)) && job->sequence <= sequence)
		job_close(job, MESSAGE_SENT, NULL);
}

void
outbox_caught_up(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);

	for (guint i = 0; i < found->len; i++) {
		struct lane *lane = g_ptr_array_index(found, i);

		for (GList *link = lane->jobs.head; link; link = link->next)
			((struct job *)link->data)->doubtful = false;
		lane_pump(lane);
	}
}

Message *
outbox_message(const char *account, const char *wire_id)
{
	struct job *job = job_of_wire_id(account, wire_id);

	return job ? message_ref(job->message) : NULL;
}

bool
outbox_found(const char *account, const char *wire_id, const char *stanza_id)
{
	struct job *job = job_of_wire_id(account, wire_id);

	if (!job || !job->stanza)
		return false;
	if (stanza_id && !job->message->stanza_id)
		job->message->stanza_id = g_strdup(stanza_id);
	job_close(job, MESSAGE_SENT, NULL);
	return true;
}

void
outbox_arrived(const char *account, const char *wire_id)
{
	struct job *job = job_of_wire_id(account, wire_id);

	if (job && job->doubtful)
		job_close(job, MESSAGE_SENT, NULL);
}

bool
outbox_refused(const char *account, const char *wire_id, const char *reason)
{
	struct job *job = job_of_wire_id(account, wire_id);

	if (!job || !job->stanza)
		return false;
	job_close(job, MESSAGE_FAILED, reason);
	return true;
}

gint64
outbox_oldest_doubt(const char *account)
{
	g_autoptr(GPtrArray) found = lanes_of(account, NULL);
	gint64 oldest = 0;

	for (guint i = 0; i < found->len; i++) {
		const struct lane *lane = g_ptr_array_index(found, i);

		for (const GList *link = lane->jobs.head; link; link = link->next) {
			const struct job *job = link->data;

			if (job->doubtful && (!oldest || job->message->row < oldest))
				oldest = job->message->row;
		}
	}
	return oldest;
}

static void
inherit(const OutboxRow *row, Account *account)
{
	g_autoptr(Message) message = archive_get(row->message, NULL);
	Conversation *conv = message ? convo_get(account, message->conversation) : NULL;
	struct job *job;

	if (!conv || !message->wire_id || message->state == MESSAGE_FAILED) {
		outbox_table_remove(row->row, NULL);
		return;
	}
	job = job_new(g_steal_pointer(&message), lane_of(conv));
	job->row = row->row;
	job->stanza = g_strdup(row->stanza);
	job->sequence = row->sequence;
	job->session = g_strdup(row->session);
	job->inherited = row->stanza != NULL;
	job->stage = row->stanza ? STAGE_SEND : STAGE_ENCODE;
	job_know(job);
	g_queue_push_tail(&job->lane->jobs, job);
}

void
outbox_load(Account *account)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = outbox_table_list(account_jid(account), &error);

	if (!rows)
		log_warning("the outbox of %s cannot be read: %s", account_jid(account), error->message);
	for (guint i = 0; rows && i < rows->len; i++)
		inherit(g_ptr_array_index(rows, i), account);
}
