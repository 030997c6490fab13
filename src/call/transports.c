/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transports of a session: candidates while they are found, and another way for a call whose way broke. */
#include "account/account.h"
#include "call/call.h"

enum { RESTART_MS = 20000 };

/* ---- ours ---- */

static bool
may_trickle(const Call *call, const struct content *content)
{
	/* A browser stops for ever at a transport of a content that it did not accept. */
	if (content->adding)
		return false;
	/* J01: who did not say yes learns no address. A session-initiate after <proceed> goes to somebody who did. */
	return !call->incoming && call->with_jmi ? call->initiated : call->accepted;
}

void
talk_candidate(Call *call, struct content *content, struct jingle_candidate *candidate)
{
	Jingle *jingle;
	JingleContent *ours;

	if (!may_trickle(call, content)) {
		g_array_append_val(content->own_candidates, *candidate);
		*candidate = (struct jingle_candidate){ 0 };
		return;
	}
	jingle = jingle_new(JINGLE_TRANSPORT_INFO, call->sid);
	ours = jingle_add(jingle, content->name);
	ours->by_responder = content->by_responder;
	ours->has_transport = true;
	ours->ufrag = g_strdup(content->ufrag);
	ours->pwd = g_strdup(content->pwd);
	ours->candidates = jingle_candidates_new();
	g_array_append_val(ours->candidates, *candidate);
	*candidate = (struct jingle_candidate){ 0 };
	talk_send(call, jingle);
}

void
talk_send_waiting(Call *call)
{
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);
		g_autoptr(GArray) waiting = content->own_candidates;

		content->own_candidates = jingle_candidates_new();
		for (guint c = 0; c < waiting->len; c++)
			talk_candidate(call, content, &g_array_index(waiting, struct jingle_candidate, c));
	}
}

void
talk_restarted(Call *call, struct content *content)
{
	Jingle *jingle = jingle_new(JINGLE_TRANSPORT_INFO, call->sid);
	JingleContent *ours = jingle_add(jingle, content->name);

	ours->by_responder = content->by_responder;
	ours->has_transport = true;
	ours->ufrag = g_strdup(content->ufrag);
	ours->pwd = g_strdup(content->pwd);
	talk_send(call, jingle);
}

/* ---- theirs ---- */

void
talk_keep_candidates(Call *call, struct content *content, const JingleContent *theirs)
{
	for (guint i = 0; theirs->candidates && i < theirs->candidates->len; i++) {
		const struct jingle_candidate *candidate = &g_array_index(theirs->candidates, struct jingle_candidate, i);

		if (candidate->component == 1 && !g_strcmp0(candidate->protocol, "udp"))
			engine_candidate(call, content, candidate);
	}
}

enum input
talk_candidates(Call *call, const struct call_input *in)
{
	for (guint i = 0; i < in->jingle->contents->len; i++) {
		const JingleContent *theirs = g_ptr_array_index(in->jingle->contents, i);
		struct content *content = call_content(call, theirs->name);

		if (!content)
			continue;
		/* A restart (XEP-0176 §5.5) has other credentials for the same certificate. */
		if (content->remote && theirs->ufrag && g_strcmp0(theirs->ufrag, content->theirs->ufrag) != 0) {
			if (!theirs->pwd || !call->connected)
				continue;
			g_free(content->theirs->ufrag);
			g_free(content->theirs->pwd);
			content->theirs->ufrag = g_strdup(theirs->ufrag);
			content->theirs->pwd = g_strdup(theirs->pwd);
			engine_restarted(call);
		}
		talk_keep_candidates(call, content, theirs);
	}
	return INPUT_NONE;
}

/* ---- another way ---- */

static void
on_restart_late(gpointer data)
{
	Call *call = data;

	call->restart_timer = 0;
	call_fail(call, "connectivity-error", "the way to %s broke, and no other was found", call->peer);
	call_step(call, INPUT_FAIL, NULL);
}

static void
allow_time(Call *call)
{
	clock_cancel(call->restart_timer);
	call->restart_timer = clock_after(RESTART_MS, on_restart_late, call, NULL);
}

/* Each one that media makes is told, or the two ends would not count the same. */
static void
restart(Call *call)
{
	Account *account = call_account(call);

	call->restart_due = !account || !account_online(account);
	if (!call->restart_due)
		engine_restart(call);
}

enum input
talk_lost(Call *call, const struct call_input *in)
{
	(void)in;
	if (call->restart_timer)
		return INPUT_NONE;
	allow_time(call);
	/* XEP-0176 §5.5 leaves it to either; one is enough. */
	if (!call->incoming)
		restart(call);
	return INPUT_NONE;
}

/* Only this end knows, whoever called. */
enum input
talk_moved(Call *call, const struct call_input *in)
{
	(void)in;
	allow_time(call);
	restart(call);
	return INPUT_NONE;
}

void
talk_resumed(Call *call)
{
	if (!call->restart_timer)
		return;
	allow_time(call);
	if (call->restart_due)
		restart(call);
}
