/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call that somebody makes to us: it rings, a person says yes, the session is answered. */
#include "account/account.h"
#include "api/stream.h"
#include "call/call.h"
#include "call/missed.h"

static void
answer_by_itself(gpointer data)
{
	guint id = GPOINTER_TO_UINT(data);
	const Call *call = call_by_id(id);

	if (call && call->state == STATE_RINGING)
		call_answer(id, call->video, NULL);
}

static enum input
ring(Call *call)
{
	g_autoptr(GError) error = NULL;

	/* Loading takes as long as ringing. That it cannot be started is told when somebody wants to talk. */
	engine_load(call, &error);
	if (call_settings.answer == CALL_ANSWER_CONTACTS)
		clock_after(0, answer_by_itself, GUINT_TO_POINTER(call->id), NULL);
	else
		engine_sound(call, call_is_busy() ? "waiting" : "ringing");
	return INPUT_NONE;
}

enum input
in_ring(Call *call, const struct call_input *in)
{
	if (call->agreed)
		return INPUT_ANSWER;
	initiation_send(call, JMI_RINGING, in->from, NULL, NULL);
	return ring(call);
}

enum input
in_ring_direct(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;
	Jingle *jingle = talk_keep(call, in);

	call->initiated = true;
	if (!jingle || !talk_take_offer(call, jingle, &error))
		return call_fail(call, "failed-application", "a call from %s cannot be taken: %s", call->peer,
			error ? error->message : "it makes no sense");
	call->offer = jingle;
	if (call->agreed)
		return INPUT_ANSWER;
	talk_ring(call);
	return ring(call);
}

/* ---- yes ---- */

enum input
in_proceed(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;

	(void)in;
	if (!engine_load(call, &error))
		return call_fail(call, "media-error", "%s", error->message);
	engine_sound(call, "off");
	if (!call->with_jmi)
		return INPUT_DIRECT;
	/* Our own other devices stop ringing by this. */
	initiation_send(call, JMI_ACCEPT, call->account, NULL, NULL);
	if (!initiation_send(call, JMI_PROCEED, call->full, NULL, &error))
		return call_fail(call, "gone", "%s", error->message);
	return INPUT_NONE;
}

enum input
in_begin(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;

	(void)in;
	call->video_on = call->video && call->answer_video;
	if (!engine_begin(call, &error))
		return call_fail(call, "media-error", "%s", error->message);
	return INPUT_NONE;
}

enum input
in_take_offer(Call *call, const struct call_input *in)
{
	Account *account = call_account(call);
	g_autoptr(GError) error = NULL;

	if (!account)
		return call_fail(call, "gone", "the account %s is gone", call->account);
	if (!call->offer) {
		call->offer = talk_keep(call, in);
		call->initiated = true;
		if (!call->offer || !talk_take_offer(call, call->offer, &error))
			return call_fail(call, "failed-application", "the call of %s cannot be taken: %s", call->peer,
				error ? error->message : "it makes no sense");
	}
	call->keys = keys_new(account, call->peer, call->sid, false, call_settings.trust);
	if (keys_take(call->keys, call->offer, &error))
		return in_begin(call, in);
	if (!keys_may_allow(call->keys))
		return call_fail(call, "security-error", "%s", error->message);
	doubt_ask(call, error);
	return INPUT_NONE;
}

enum input
in_check(Call *call, const struct call_input *in)
{
	(void)in;
	return call_sides_ready(call) ? INPUT_READY : INPUT_NONE;
}

enum input
in_accept(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;
	Jingle *jingle;

	(void)in;
	jingle = talk_describe(call, JINGLE_SESSION_ACCEPT, &error);
	if (!jingle)
		return call_fail(call, "security-error", "%s", error->message);
	call->accepted = true;
	talk_send(call, jingle);
	talk_send_waiting(call);
	engine_connect(call);
	return INPUT_NONE;
}

/* ---- no ---- */

enum input
in_reject(Call *call, const struct call_input *in)
{
	(void)in;
	call->reason_code = call_is_busy() ? "busy" : "decline";
	call->reason = g_strdup("you declined");
	if (call->with_jmi) {
		/* Our own other devices stop ringing, and the caller knows. */
		initiation_send(call, JMI_REJECT, call->account, call->reason_code, NULL);
		initiation_send(call, JMI_REJECT, call->full, call->reason_code, NULL);
	} else {
		talk_terminate(call);
	}
	call_over(call);
	return INPUT_NONE;
}

enum input
in_missed(Call *call, const struct call_input *in)
{
	Account *account = call_account(call);

	/* Message initiation leaves it to our other devices; a session without it is ours alone to end. */
	if (call->initiated && !in->jingle) {
		call->reason_code = "timeout";
		talk_terminate(call);
	}
	call->reason_code = "missed";
	call->reason = g_strdup_printf("%s gave up, or nobody answered here", call->peer);
	if (account)
		missed_note(account, call->peer, call->sid, call->video, call->began);
	call_over(call);
	return INPUT_NONE;
}

enum input
in_elsewhere(Call *call, const struct call_input *in)
{
	(void)in;
	call->reason_code = "elsewhere";
	call->reason = g_strdup("it was answered on another device of yours");
	call_over(call);
	return INPUT_NONE;
}

/* Two devices of ours said yes at once: the caller chooses, and who was not chosen must not decline what runs there. */
enum input
in_raced(Call *call, const struct call_input *in)
{
	(void)in;
	call->quiet_end = true;
	return INPUT_NONE;
}

enum input
in_declined_elsewhere(Call *call, const struct call_input *in)
{
	(void)in;
	call->reason_code = "elsewhere";
	call->reason = g_strdup("it was declined on another device of yours");
	call_over(call);
	return INPUT_NONE;
}
