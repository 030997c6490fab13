/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle message initiation (XEP-0353): what is said before a session, by the peer and by other devices of ours. Live, as a copy
 * and from the archive it arrives here by one way; the archive only tells what was missed. */
#include "account/account.h"
#include "account/contact.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/message.h"
#include "api/stream.h"
#include "call/call.h"
#include "call/missed.h"

#include <string.h>

#define STALE_US (60 * G_USEC_PER_SEC) /* a proposal that waited longer rings no more */

bool
initiation_send(Call *call, enum jmi_kind kind, const char *to, const char *reason, GError **error)
{
	const struct e2ee_provider *provider = e2ee_provider();
	Account *account = call_account(call);
	struct jmi jmi = { .kind = kind, .sid = call->sid, .reason = reason };

	if (!account)
		return fault(error, FAULT_GONE, "the account %s is gone", call->account);
	if (kind == JMI_PROPOSE) {
		jmi.audio = true;
		jmi.video = call->video;
	}
	if (kind == JMI_PROCEED && provider && provider->own_device && provider->call_namespace)
		jmi.device = provider->own_device(account);
	return message_signal(account, SIGNAL_CALL, to, jmi_write(&jmi, call_ns()), error);
}

/* ---- proposals ---- */

/* E01: to ring would tell whom we do not show ourselves to that we are here, when we answer. */
static bool
is_stranger(Account *account, const char *peer)
{
	return !contact_find(account, peer) || !contact_sees_us(account, peer);
}

/* ours: our own call that it takes the place of, NULL */
static void
ring(Account *account, const char *peer, const struct call_input *in, const Call *ours)
{
	Call *call = call_new(account_jid(account), peer, true);

	call->sid = g_strdup(in->jmi->sid);
	call->full = g_strdup(in->from);
	call->video = in->jmi->video;
	call->with_jmi = true;
	call->agreed = ours != NULL;
	call->answer_video = ours && ours->video && in->jmi->video;
	call_step(call, INPUT_PROPOSE, in);
}

static void
refuse(Account *account, const struct call_input *in, const char *reason, bool tie_break)
{
	struct jmi jmi = { .kind = JMI_REJECT, .sid = in->jmi->sid, .reason = reason, .tie_break = tie_break };

	message_signal(account, SIGNAL_CALL, in->from, jmi_write(&jmi, NULL), NULL);
}

static void
meet(Account *account, const char *peer, Call *ours, const struct call_input *in)
{
	if (glare_is_ours(account, ours, in)) {
		refuse(account, in, "expired", true);
		return;
	}
	glare_give_way(account, ours, in);
	ring(account, peer, in, ours);
}

/* More than two are not told apart: the caller hears why, and a person here that there was one. */
static void
turn_away(Account *account, const char *peer, const struct call_input *in)
{
	refuse(account, in, "busy", false);
	missed_note(account, peer, in->jmi->sid, in->jmi->video, clock_now());
}

static void
take_proposal(Account *account, const char *peer, const struct call_input *in)
{
	Call *ours = glare_find(account_jid(account), peer);

	if (call_by_sid(account_jid(account), in->jmi->sid) || (!in->jmi->audio && !in->jmi->video))
		return;
	if (is_stranger(account, peer)) {
		missed_stranger(account_jid(account), peer, in->sent_at);
		return;
	}
	if (!call_may_knock(account_jid(account), peer)) {
		log_warning("%s: %s calls faster than anybody can answer: not heard", account_jid(account), peer);
		return;
	}
	if (ABS(clock_now() - in->sent_at) > STALE_US) {
		missed_proposed(account_jid(account), peer, in->jmi->sid, in->sent_at);
		missed_tell_soon(account_jid(account));
		return;
	}
	if (ours)
		meet(account, peer, ours, in);
	else if (calls_running()->len >= CALLS_AT_ONCE)
		turn_away(account, peer, in);
	else
		ring(account, peer, in, NULL);
}

/* ---- what belongs to a call ---- */

static const struct {
	enum input theirs, ours; /* said by the peer; by another device of ours */
	bool when_incoming, when_outgoing;
} meanings[JMI_KINDS] = {
	[JMI_RINGING] = { INPUT_RINGS, INPUT_NONE, false, true },
	[JMI_PROCEED] = { INPUT_PROCEED, INPUT_ELSEWHERE, true, true },
	[JMI_ACCEPT] = { INPUT_NONE, INPUT_ELSEWHERE, true, false },
	[JMI_REJECT] = { INPUT_DECLINED, INPUT_DECLINED_ELSEWHERE, true, true },
	[JMI_RETRACT] = { INPUT_RETRACTED, INPUT_NONE, true, false },
	[JMI_FINISH] = { INPUT_FINISHED, INPUT_NONE, true, true },
};

/* E05: only who was called, and then only the one device that answered. A device of theirs that declines speaks for the person. */
static bool
may_say(const Call *call, enum jmi_kind kind, const char *from)
{
	if (!jid_same_bare(call->peer, from))
		return false;
	if (call->incoming && (kind == JMI_PROCEED || kind == JMI_RINGING || kind == JMI_REJECT))
		return false;
	if (!call->incoming && kind == JMI_RETRACT)
		return false;
	return !call->full || !strcmp(call->full, from) || !jid_resource(from);
}

static void
take_theirs(Account *account, const struct call_input *in)
{
	Call *call = call_by_sid(account_jid(account), in->jmi->sid);
	enum input input = meanings[in->jmi->kind].theirs;

	if (call && input != INPUT_NONE && may_say(call, in->jmi->kind, in->from))
		call_step(call, input, in);
}

static void
take_ours(Account *account, const struct call_input *in)
{
	const char *full = stream_full_jid(account_stream(account));
	Call *call = call_by_sid(account_jid(account), in->jmi->sid);
	enum input input = meanings[in->jmi->kind].ours;

	if (!g_strcmp0(full, in->from))
		return;
	missed_settled(account_jid(account), in->jmi->sid);
	if (call && call->incoming && input != INPUT_NONE)
		call_step(call, input, in);
}

/* What the archive knows has happened: it rings nobody. */
static void
take_archived(Account *account, const Event *event, const struct call_input *in)
{
	if (event->signal.direction == MESSAGE_OUT)
		missed_settled(account_jid(account), in->jmi->sid);
	else if (in->jmi->kind == JMI_PROPOSE && !is_stranger(account, event->signal.peer) &&
		 !call_by_sid(account_jid(account), in->jmi->sid))
		missed_proposed(account_jid(account), event->signal.peer, in->jmi->sid, event->signal.sent_at);
}

static void
look(const Event *event)
{
	Account *account = account_find(event->account);
	struct jmi jmi;
	struct call_input in = { .jmi = &jmi, .from = event->signal.from, .sent_at = event->signal.sent_at };

	if (!account || !jmi_read(event->signal.message, call_ns(), &jmi))
		return;
	if (event->signal.origin == MESSAGE_ARCHIVE)
		take_archived(account, event, &in);
	else if (event->signal.direction == MESSAGE_OUT)
		take_ours(account, &in);
	else if (jmi.kind == JMI_PROPOSE)
		take_proposal(account, event->signal.peer, &in);
	else
		take_theirs(account, &in);
}

static void
caught_up(const Event *event)
{
	missed_tell(event->account);
}

static void
on_connection(const Event *event)
{
	if (event->connection.state == CONNECTION_ONLINE && !event->connection.resumed)
		missed_wait(event->account);
}

const struct event_watch initiation_watches[] = {
	{ "call: initiation", EVENT_SIGNAL, look },
	{ "call: what was missed", EVENT_CAUGHT_UP, caught_up },
	{ "call: what may have been missed", EVENT_CONNECTION, on_connection },
	{ 0 },
};
