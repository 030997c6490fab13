/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting in the outbox: for the keys of the peer, told of when they are slow, and for another try. */
#include "chat/outbox-private.h"

#include "api/jid.h"
#include "api/timer.h"

#define RETRY_FIRST_MS 5000
#define RETRY_MAX_MS 300000
#define SLOW_MS 4000 /* then a person is told what is waited for */
#define GIVE_UP_MS 28000

enum step
wait_in(struct lane *lane, enum lane_state state)
{
	lane->state = state;
	return STEP_WAIT;
}

static void
retry_now(gpointer data)
{
	struct lane *lane = data;

	lane->timer = 0;
	lane->state = LANE_FREE;
	lane_pump(lane);
}

enum step
wait_and_retry(struct job *job, const char *reason)
{
	struct lane *lane = job->lane;

	message_reach(job->message, MESSAGE_PENDING, reason);
	lane->delay = lane->delay ? MIN(lane->delay * 2, RETRY_MAX_MS) : RETRY_FIRST_MS;
	lane->timer = clock_after(lane->delay, retry_now, lane, NULL);
	return wait_in(lane, LANE_RETRY);
}

/* ---- for keys ---- */

static void
prepared(enum e2ee_readiness readiness, const char *sentence, gpointer data)
{
	g_autofree struct ticket *ticket = data;
	struct job *job = job_find(ticket->job);

	if (!job || job->lane->state != LANE_PREPARING || job->lane->serial != ticket->serial)
		return;
	job->answered = true;
	job->readiness = readiness;
	g_free(job->sentence);
	job->sentence = g_strdup(sentence);
	clock_cancel(job->lane->timer);
	job->lane->timer = 0;
	job->lane->state = LANE_FREE;
	lane_pump(job->lane);
}

static struct job *
preparing(struct lane *lane)
{
	struct job *job;

	lane->timer = 0;
	job = lane->state == LANE_PREPARING ? g_queue_peek_head(&lane->jobs) : NULL;
	return job && job_stream(job) ? job : NULL;
}

static void
keys_do_not_come(gpointer data)
{
	struct lane *lane = data;
	struct job *job = preparing(lane);
	g_autofree char *domain = jid_domain(convo_peer(lane->conv)), *reason = NULL;

	if (!job)
		return;
	lane->serial++;
	reason = g_strdup_printf(
		"%s does not answer when asked for the keys of %s - sotto keeps trying", domain, convo_peer(lane->conv));
	wait_and_retry(job, reason);
}

static void
keys_are_slow(gpointer data)
{
	struct lane *lane = data;
	struct job *job = preparing(lane);
	g_autofree char *domain = jid_domain(convo_peer(lane->conv)), *reason = NULL;

	if (!job)
		return;
	lane->timer = clock_after(GIVE_UP_MS - SLOW_MS, keys_do_not_come, lane, NULL);
	reason = g_strdup_printf("asking %s for the keys of %s", domain, convo_peer(lane->conv));
	message_reach(job->message, MESSAGE_PENDING, reason);
}

void
ask_provider(struct job *job, const struct e2ee_provider *provider)
{
	struct lane *lane = job->lane;
	struct ticket *ticket = g_new(struct ticket, 1);

	*ticket = (struct ticket){ job->id, ++lane->serial };
	lane->asked = provider;
	lane->state = LANE_PREPARING;
	clock_cancel(lane->timer);
	lane->timer = clock_after(SLOW_MS, keys_are_slow, lane, NULL);
	provider->prepare(convo_account(lane->conv), convo_peer(lane->conv), prepared, ticket);
}
