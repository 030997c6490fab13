/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of a call: every way from one state to the next is a row; what has no row is refused. ACTIVE has one door. */
#include "api/log.h"
#include "call/call.h"

#include <stdarg.h>
#include <string.h>

enum {
	QUESTION_MS = 60000, /* a person reads a question */
	RING_MS = 60000,
	SESSION_MS = 30000, /* between a yes and the session that it promised */
	LINK_MS = 30000,    /* to find a way and agree on keys */
	OFFER_MS = 60000,   /* who is called without message initiation is asked only now */
};

static const struct {
	enum call_state shown;
	guint patience;
} states[STATES] = {
	[STATE_NEW] = { CALL_PROPOSED, 0 },
	[STATE_WAY_OUT] = { CALL_PROPOSED, QUESTION_MS },
	[STATE_PROPOSED] = { CALL_PROPOSED, RING_MS },
	[STATE_RINGING_THERE] = { CALL_RINGING, RING_MS },
	[STATE_PREPARING] = { CALL_CONNECTING, SESSION_MS },
	[STATE_OFFERED] = { CALL_CONNECTING, OFFER_MS },
	[STATE_RINGING] = { CALL_RINGING, RING_MS },
	[STATE_WAY_IN] = { CALL_CONNECTING, QUESTION_MS },
	[STATE_PROCEEDED] = { CALL_CONNECTING, SESSION_MS },
	[STATE_ANSWERING] = { CALL_CONNECTING, SESSION_MS },
	[STATE_LINKING] = { CALL_CONNECTING, LINK_MS },
	[STATE_ACTIVE] = { CALL_ACTIVE, 0 },
	[STATE_HELD] = { CALL_HELD, 0 },
	[STATE_ENDED] = { CALL_ENDED, 0 },
};

const char *const call_state_names[STATES] = {
	[STATE_NEW] = "new",
	[STATE_WAY_OUT] = "choosing the way",
	[STATE_PROPOSED] = "proposed",
	[STATE_RINGING_THERE] = "ringing there",
	[STATE_PREPARING] = "preparing",
	[STATE_OFFERED] = "offered",
	[STATE_RINGING] = "ringing here",
	[STATE_WAY_IN] = "choosing the way back",
	[STATE_PROCEEDED] = "awaiting the session",
	[STATE_ANSWERING] = "answering",
	[STATE_LINKING] = "securing",
	[STATE_ACTIVE] = "active",
	[STATE_HELD] = "held",
	[STATE_ENDED] = "ended",
};

const char *const call_input_names[INPUTS] = {
	[INPUT_DIAL] = "dial",
	[INPUT_ANSWER] = "answer",
	[INPUT_REJECT] = "reject",
	[INPUT_HANG_UP] = "hang up",
	[INPUT_HOLD] = "hold",
	[INPUT_RESUME] = "resume",
	[INPUT_PROPOSE] = "propose",
	[INPUT_RINGS] = "rings",
	[INPUT_PROCEED] = "proceed",
	[INPUT_DECLINED] = "declined",
	[INPUT_RETRACTED] = "retracted",
	[INPUT_FINISHED] = "finished",
	[INPUT_ELSEWHERE] = "answered elsewhere",
	[INPUT_DECLINED_ELSEWHERE] = "declined elsewhere",
	[INPUT_INITIATE] = "session-initiate",
	[INPUT_ACCEPT] = "session-accept",
	[INPUT_TERMINATE] = "session-terminate",
	[INPUT_TRANSPORT] = "transport-info",
	[INPUT_INFO] = "session-info",
	[INPUT_CONTENT_ADD] = "content-add",
	[INPUT_CONTENT_ACCEPT] = "content-accept",
	[INPUT_CONTENT_REJECT] = "content-reject",
	[INPUT_CONTENT_REMOVE] = "content-remove",
	[INPUT_CONTENT_MODIFY] = "content-modify",
	[INPUT_LOCAL] = "own side",
	[INPUT_FLOWING] = "flowing",
	[INPUT_LOST] = "way lost",
	[INPUT_MOVED] = "own address gone",
	[INPUT_WAY] = "way chosen",
	[INPUT_KEYS] = "keys prepared",
	[INPUT_READY] = "ready",
	[INPUT_DIRECT] = "no initiation",
	[INPUT_FAIL] = "failed",
	[INPUT_LATE] = "late",
	[INPUT_STREAM] = "session lost",
};

const struct call_rule call_rules[] = {
	{ STATE_NEW, INPUT_DIAL, way_find, STATE_WAY_OUT },
	{ STATE_WAY_OUT, INPUT_WAY, out_propose, STATE_PROPOSED },
	{ STATE_PROPOSED, INPUT_DIRECT, out_prepare, STATE_PREPARING },
	{ STATE_PROPOSED, INPUT_RINGS, out_rings, STATE_RINGING_THERE },
	{ STATE_PROPOSED, INPUT_PROCEED, out_prepare, STATE_PREPARING },
	{ STATE_RINGING_THERE, INPUT_PROCEED, out_prepare, STATE_PREPARING },
	{ STATE_PROPOSED, INPUT_DECLINED, out_declined, STATE_ENDED },
	{ STATE_RINGING_THERE, INPUT_DECLINED, out_declined, STATE_ENDED },
	{ STATE_PROPOSED, INPUT_LATE, out_unanswered, STATE_ENDED },
	{ STATE_RINGING_THERE, INPUT_LATE, out_unanswered, STATE_ENDED },
	{ STATE_PREPARING, INPUT_LOCAL, out_check, STATE_PREPARING },
	{ STATE_PREPARING, INPUT_KEYS, out_check, STATE_PREPARING },
	{ STATE_PREPARING, INPUT_READY, out_offer, STATE_OFFERED },
	{ STATE_PREPARING, INPUT_DECLINED, out_declined, STATE_ENDED },
	{ STATE_OFFERED, INPUT_DECLINED, out_declined, STATE_ENDED },
	{ STATE_OFFERED, INPUT_ACCEPT, out_accepted, STATE_LINKING },
	{ STATE_OFFERED, INPUT_TRANSPORT, talk_candidates, STATE_OFFERED },
	{ STATE_OFFERED, INPUT_INFO, talk_info, STATE_OFFERED },

	{ STATE_NEW, INPUT_PROPOSE, in_ring, STATE_RINGING },
	{ STATE_NEW, INPUT_INITIATE, in_ring_direct, STATE_RINGING },
	{ STATE_RINGING, INPUT_ANSWER, way_find, STATE_WAY_IN },
	{ STATE_RINGING, INPUT_REJECT, in_reject, STATE_ENDED },
	{ STATE_RINGING, INPUT_HANG_UP, in_reject, STATE_ENDED },
	{ STATE_RINGING, INPUT_RETRACTED, in_missed, STATE_ENDED },
	{ STATE_RINGING, INPUT_TERMINATE, in_missed, STATE_ENDED },
	{ STATE_RINGING, INPUT_FINISHED, in_missed, STATE_ENDED },
	{ STATE_RINGING, INPUT_LATE, in_missed, STATE_ENDED },
	{ STATE_RINGING, INPUT_STREAM, in_missed, STATE_ENDED },
	{ STATE_RINGING, INPUT_ELSEWHERE, in_elsewhere, STATE_ENDED },
	{ STATE_RINGING, INPUT_DECLINED_ELSEWHERE, in_declined_elsewhere, STATE_ENDED },
	{ STATE_RINGING, INPUT_TRANSPORT, talk_candidates, STATE_RINGING },
	{ STATE_RINGING, INPUT_INFO, talk_info, STATE_RINGING },
	{ STATE_WAY_IN, INPUT_WAY, in_proceed, STATE_PROCEEDED },
	{ STATE_WAY_IN, INPUT_RETRACTED, in_missed, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_REJECT, in_reject, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_HANG_UP, in_reject, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_LATE, in_missed, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_ELSEWHERE, in_elsewhere, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_DECLINED_ELSEWHERE, in_declined_elsewhere, STATE_ENDED },
	{ STATE_WAY_IN, INPUT_TRANSPORT, talk_candidates, STATE_WAY_IN },
	{ STATE_WAY_IN, INPUT_INFO, talk_info, STATE_WAY_IN },
	{ STATE_PROCEEDED, INPUT_DIRECT, in_take_offer, STATE_ANSWERING },
	{ STATE_PROCEEDED, INPUT_INITIATE, in_take_offer, STATE_ANSWERING },
	{ STATE_PROCEEDED, INPUT_RETRACTED, end_there, STATE_ENDED },
	{ STATE_PROCEEDED, INPUT_ELSEWHERE, in_raced, STATE_PROCEEDED },
	{ STATE_ANSWERING, INPUT_KEYS, in_begin, STATE_ANSWERING },
	{ STATE_ANSWERING, INPUT_LOCAL, in_check, STATE_ANSWERING },
	{ STATE_ANSWERING, INPUT_READY, in_accept, STATE_LINKING },
	{ STATE_ANSWERING, INPUT_TRANSPORT, talk_candidates, STATE_ANSWERING },
	{ STATE_ANSWERING, INPUT_INFO, talk_info, STATE_ANSWERING },

	{ STATE_LINKING, INPUT_KEYS, out_connect, STATE_LINKING },
	/* The one door of ACTIVE, but for coming back from a hold. */
	{ STATE_LINKING, INPUT_FLOWING, talk_flowing, STATE_ACTIVE },
	{ STATE_LINKING, INPUT_TRANSPORT, talk_candidates, STATE_LINKING },
	{ STATE_LINKING, INPUT_INFO, talk_info, STATE_LINKING },
	{ STATE_ACTIVE, INPUT_TRANSPORT, talk_candidates, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_INFO, talk_info, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_FLOWING, talk_flowing, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_LOCAL, talk_local, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_LOST, talk_lost, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_MOVED, talk_moved, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_CONTENT_ADD, talk_content_add, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_CONTENT_ACCEPT, talk_content_accept, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_CONTENT_REJECT, talk_content_reject, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_CONTENT_REMOVE, talk_content_remove, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_CONTENT_MODIFY, talk_content_modify, STATE_ACTIVE },
	{ STATE_ACTIVE, INPUT_HOLD, talk_hold, STATE_HELD },
	{ STATE_HELD, INPUT_RESUME, talk_resume, STATE_ACTIVE },
	{ STATE_HELD, INPUT_TRANSPORT, talk_candidates, STATE_HELD },
	{ STATE_HELD, INPUT_INFO, talk_info, STATE_HELD },
	{ STATE_HELD, INPUT_FLOWING, talk_flowing, STATE_HELD },
	{ STATE_HELD, INPUT_LOCAL, talk_local, STATE_HELD },
	{ STATE_HELD, INPUT_LOST, talk_lost, STATE_HELD },
	{ STATE_HELD, INPUT_MOVED, talk_moved, STATE_HELD },
	{ STATE_HELD, INPUT_CONTENT_ACCEPT, talk_content_accept, STATE_HELD },
	{ STATE_HELD, INPUT_CONTENT_REJECT, talk_content_reject, STATE_HELD },
	{ STATE_HELD, INPUT_CONTENT_REMOVE, talk_content_remove, STATE_HELD },
	{ STATE_HELD, INPUT_CONTENT_MODIFY, talk_content_modify, STATE_HELD },

	{ STATE_ANY, INPUT_REJECT, end_here, STATE_ENDED },
	{ STATE_ANY, INPUT_HANG_UP, end_here, STATE_ENDED },
	{ STATE_ANY, INPUT_TERMINATE, end_there, STATE_ENDED },
	{ STATE_ANY, INPUT_FINISHED, end_there, STATE_ENDED },
	{ STATE_ANY, INPUT_FAIL, end_failed, STATE_ENDED },
	{ STATE_ANY, INPUT_LATE, end_late, STATE_ENDED },
	{ STATE_ANY, INPUT_LOST, end_lost, STATE_ENDED },
	{ STATE_ANY, INPUT_STREAM, end_unreachable, STATE_ENDED },
};
const guint call_rules_count = G_N_ELEMENTS(call_rules);

const struct call_rule *
call_rule(enum state state, enum input input)
{
	const struct call_rule *general = NULL;

	if (state == STATE_ENDED)
		return NULL;
	for (guint i = 0; i < call_rules_count; i++) {
		const struct call_rule *rule = &call_rules[i];

		if (rule->input == input && rule->state == state)
			return rule;
		if (rule->input == input && rule->state == STATE_ANY)
			general = rule;
	}
	return general;
}

enum call_state
call_state_shown(enum state state)
{
	return states[state].shown;
}

guint
call_state_patience(enum state state)
{
	return states[state].patience;
}

enum input
call_fail(Call *call, const char *code, const char *format, ...)
{
	va_list args;

	if (call->reason_code)
		return INPUT_FAIL;
	va_start(args, format);
	call->reason_code = code;
	call->reason = g_strdup_vprintf(format, args);
	va_end(args);
	return INPUT_FAIL;
}

/* ---- steps ---- */

static void
on_late(gpointer data)
{
	Call *call = data;

	call->timer = 0;
	call_step(call, INPUT_LATE, NULL);
}

static void
enter(Call *call, enum state next)
{
	guint patience;

	if (call->state == next)
		return;
	log_info("call %u: %s -> %s", call->id, call_state_names[call->state], call_state_names[next]);
	call->state = next;
	clock_cancel(call->timer);
	patience = call_state_patience(next);
	call->timer = patience ? clock_after(patience, on_late, call, NULL) : 0;
}

static enum input
take(Call *call, enum input input, const struct call_input *in)
{
	static const struct call_input nothing;
	const struct call_rule *rule = call_rule(call->state, input);

	if (!rule) {
		log_info("call %u: %s has no place while %s", call->id, call_input_names[input], call_state_names[call->state]);
		return INPUT_NONE;
	}
	enter(call, rule->next);
	return rule->action ? rule->action(call, in ? in : &nothing) : INPUT_NONE;
}

void
call_step(Call *call, enum input input, const struct call_input *in)
{
	if (call->stepping) {
		/* Only what has nothing with it is born inside of a step. */
		g_queue_push_tail(&call->pending, GINT_TO_POINTER(input));
		return;
	}
	call_hold_ref(call);
	call->stepping = true;
	while (input != INPUT_NONE) {
		input = take(call, input, in);
		in = NULL;
		if (input == INPUT_NONE)
			input = GPOINTER_TO_INT(g_queue_pop_head(&call->pending));
	}
	call->stepping = false;
	call_tell(call);
	call_release(call);
}
