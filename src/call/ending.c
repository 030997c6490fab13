/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a call, from here, from there, or by what broke: what the peer is told, and what a person reads. */
#include "api/log.h"
#include "call/call.h"

#include <string.h>

void
call_over(Call *call)
{
	call->ended_at = clock_now();
	way_forget(call);
	clock_cancel(call->restart_timer);
	call->restart_timer = 0;
	engine_end(call);
	g_clear_pointer(&call->keys, keys_free);
	log_info("call %u: %s", call->id, call->reason ? call->reason : "over");
	call_forget_later(call);
}

/* What fits how far it had come: nothing, a word of message initiation, or the end of a session. */
static void
tell_peer(Call *call)
{
	if (call->quiet_end)
		return;
	if (call->initiated) {
		talk_terminate(call);
		if (call->with_jmi && call->accepted)
			initiation_send(call, JMI_FINISH, call->peer, call->reason_code, NULL);
	} else if (!call->incoming && call->with_jmi && call->proposed) {
		initiation_send(call, JMI_RETRACT, call->peer, NULL, NULL);
	} else if (call->incoming && call->with_jmi) {
		initiation_send(call, JMI_REJECT, call->full, call->reason_code, NULL);
	}
}

static enum input
end(Call *call)
{
	tell_peer(call);
	call_over(call);
	return INPUT_NONE;
}

enum input
end_here(Call *call, const struct call_input *in)
{
	(void)in;
	call_fail(call, call->accepted ? "success" : "cancel", "%s", "you hung up");
	return end(call);
}

/* XEP-0166 §7.4 in words; what is not in it is a machine word of the peer's and not shown. */
static const struct {
	const char *reason, *words;
} reasons[] = {
	{ "success", "%s hung up" },
	{ "busy", "%s is busy" },
	{ "decline", "%s declined" },
	{ "cancel", "%s gave up" },
	{ "gone", "%s is gone" },
	{ "timeout", "%s did not answer in time" },
	{ "expired", "%s let the call expire" },
	{ "connectivity-error", "no way was found to %s" },
	{ "failed-transport", "no way was found to %s" },
	{ "failed-application", "the other end (%s) could not take what was offered" },
	{ "incompatible-parameters", "the other end (%s) could not take what was offered" },
	{ "unsupported-applications", "the other end (%s) could not take what was offered" },
	{ "unsupported-transports", "no way was found to %s" },
	{ "security-error", "the other end (%s) refused the keys" },
	{ "media-error", "sound or pictures failed at the other end (%s)" },
	{ "alternative-session", "%s goes on in another session" },
};

enum input
end_there(Call *call, const struct call_input *in)
{
	const char *reason = in->jingle && in->jingle->reason ? in->jingle->reason
			     : in->jmi && in->jmi->reason     ? in->jmi->reason
							      : "success";

	for (guint i = 0; i < G_N_ELEMENTS(reasons) && !call->reason_code; i++) {
		if (strcmp(reasons[i].reason, reason) != 0)
			continue;
		call->reason_code = reasons[i].reason;
		call->reason = g_strdup_printf(reasons[i].words, call->peer);
	}
	call_fail(call, "gone", "%s ended the call", call->peer);
	call->quiet_end = true;
	return end(call);
}

enum input
end_failed(Call *call, const struct call_input *in)
{
	(void)in;
	call_fail(call, "general-error", "the call failed");
	return end(call);
}

enum input
end_late(Call *call, const struct call_input *in)
{
	(void)in;
	if (call->question)
		call_fail(call, "timeout", "nobody answered the question of this call in time");
	call_fail(call, call->initiated ? "connectivity-error" : "timeout",
		call->accepted ? "no way to %s was found in time" : "%s did not go on in time", call->peer);
	return end(call);
}

enum input
end_lost(Call *call, const struct call_input *in)
{
	(void)in;
	call_fail(call, "connectivity-error", "the way to %s broke", call->peer);
	return end(call);
}

enum input
end_unreachable(Call *call, const struct call_input *in)
{
	(void)in;
	call->quiet_end = true;
	call_fail(call, "gone", "the connection of %s was lost", call->account);
	return end(call);
}

void
call_leave(Call *call, const char *code, const char *sentence)
{
	if (call->state == STATE_ENDED)
		return;
	/* What only rings goes on ringing on other devices of ours: nothing was decided. */
	if (call->state != STATE_RINGING)
		call_fail(call, code, "%s", sentence);
	call_step(call, call->state == STATE_RINGING ? INPUT_LATE : INPUT_FAIL, NULL);
}
