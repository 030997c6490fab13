/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Jingle session of a call on the wire: who may speak about it, what is asked of the other end, and what follows from its
 * answers. */
#include "account/account.h"
#include "api/iq.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/stream.h"
#include "call/call.h"
#include "xmpp/stream.h"

#include <string.h>

#define JINGLE_ERRORS_NS "urn:xmpp:jingle:errors:1"

/* ---- sending ---- */

struct sent {
	guint id;
	enum jingle_action action;
	char *content; /* the first in it, NULL */
};

static void
sent_free(gpointer data)
{
	struct sent *sent = data;

	g_free(sent->content);
	g_free(sent);
}

/* Only without a session there is no call: browsers, and in part Dino, refuse all that would change one that runs. */
static void
answered(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct sent *sent = data;
	Call *call = call_by_id(sent->id);

	(void)stream;
	(void)result;
	if (!error || !call || call->state == STATE_ENDED || g_error_matches(error, FAULT, FAULT_OFFLINE))
		return;
	if (sent->action == JINGLE_CONTENT_ADD && sent->content) {
		talk_not_added(call, sent->content);
		call_tell(call);
	}
	if (sent->action != JINGLE_SESSION_INITIATE && sent->action != JINGLE_SESSION_ACCEPT)
		return;
	call->quiet_end = !g_strcmp0(iq_condition(error), "item-not-found");
	call_fail(call, "gone", "%s cannot be reached for this call: %s", call->peer, error->message);
	call_step(call, INPUT_FAIL, NULL);
}

void
talk_send(Call *call, Jingle *jingle)
{
	G_GNUC_UNUSED g_autoptr(Jingle) owned = jingle;
	const JingleContent *first = jingle->contents->len ? g_ptr_array_index(jingle->contents, 0) : NULL;
	Account *account = call_account(call);
	struct sent *sent;

	if (!account || !call->full)
		return;
	sent = g_new(struct sent, 1);
	*sent = (struct sent){ call->id, jingle->action, first ? g_strdup(first->name) : NULL };
	iq_set(account_stream(account), call->full, jingle_write(jingle), answered, sent, sent_free);
}

void
talk_terminate(Call *call)
{
	Jingle *jingle = jingle_new(JINGLE_SESSION_TERMINATE, call->sid);

	jingle->reason = g_strdup(call->reason_code ? call->reason_code : "success");
	talk_send(call, jingle);
}

static void
send_info(Call *call, enum jingle_info info)
{
	Jingle *jingle = jingle_new(JINGLE_SESSION_INFO, call->sid);

	jingle->info = info;
	talk_send(call, jingle);
}

void
talk_ring(Call *call)
{
	send_info(call, JINGLE_RINGING);
}

/* ---- receiving ---- */

static const struct {
	enum jingle_action action;
	enum input input;
} actions[] = {
	{ JINGLE_SESSION_INITIATE, INPUT_INITIATE },
	{ JINGLE_SESSION_ACCEPT, INPUT_ACCEPT },
	{ JINGLE_SESSION_TERMINATE, INPUT_TERMINATE },
	{ JINGLE_SESSION_INFO, INPUT_INFO },
	{ JINGLE_TRANSPORT_INFO, INPUT_TRANSPORT },
	{ JINGLE_CONTENT_ADD, INPUT_CONTENT_ADD },
	{ JINGLE_CONTENT_ACCEPT, INPUT_CONTENT_ACCEPT },
	{ JINGLE_CONTENT_REJECT, INPUT_CONTENT_REJECT },
	{ JINGLE_CONTENT_REMOVE, INPUT_CONTENT_REMOVE },
	{ JINGLE_CONTENT_MODIFY, INPUT_CONTENT_MODIFY },
};

static enum input
input_of(const Jingle *jingle)
{
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
		if (actions[i].action == jingle->action)
			return actions[i].input;
	return INPUT_NONE;
}

static bool
refuse(Stream *stream, const Element *iq, const char *condition, const char *detail)
{
	iq_error_detail(stream, iq, "cancel", condition, detail, JINGLE_ERRORS_NS);
	return true;
}

/* Without message initiation before it: it rings as well. */
static bool
take_new(Stream *stream, const Element *iq, const struct call_input *in)
{
	Account *account = account_of(stream);
	g_autofree char *peer = jid_bare(in->from);
	Call *ours = glare_find(account_jid(account), peer), *call;

	if (ours && glare_is_ours(account, ours, in))
		return refuse(stream, iq, "conflict", "tie-break");
	if (calls_running()->len - (ours != NULL) >= CALLS_AT_ONCE || !call_may_knock(account_jid(account), peer))
		return refuse(stream, iq, "resource-constraint", NULL);
	iq_result(stream, iq, NULL);
	if (ours)
		glare_give_way(account, ours, in);
	call = call_new(account_jid(account), peer, true);
	call->sid = g_strdup(in->jingle->sid);
	call->full = g_strdup(in->from);
	call->agreed = ours != NULL;
	call->answer_video = ours && ours->video;
	call_step(call, INPUT_INITIATE, in);
	return true;
}

/* E05: the sid is no secret of two; only the one device that we talk to may use it. */
static Call *
find(Account *account, const struct call_input *in)
{
	Call *call = call_by_sid(account_jid(account), in->jingle->sid);

	return call && call->full && !strcmp(call->full, in->from) && call->state != STATE_ENDED ? call : NULL;
}

static bool
talks_to_us(const Account *account, const char *full)
{
	for (guint i = 0; i < call_list()->len; i++) {
		const Call *call = g_ptr_array_index(call_list(), i);

		if (call->initiated && call->state != STATE_ENDED && !g_strcmp0(call->full, full) &&
			!strcmp(call->account, account_jid(account)))
			return true;
	}
	return false;
}

static bool
take_jingle(Stream *stream, const Element *iq)
{
	Account *account = account_of(stream);
	g_autoptr(GError) error = NULL;
	g_autoptr(Jingle) jingle = NULL;
	struct call_input in = { .from = element_attr(iq, "from"), .stanza = stream_taking(stream) };
	Call *call;

	/* P18: to others we are a dead address. Who is in a session with us knows better, and ends it by this. */
	if (!in.from || !jid_resource(in.from) || !(contact_sees_us(account, in.from) || talks_to_us(account, in.from)))
		return false;
	jingle = jingle_read(element_child(iq, "jingle", JINGLE_NS), call_ns(), &error);
	if (!jingle) {
		log_info("%s: a session that makes no sense: %s", account_jid(account), error->message);
		return refuse(stream, iq, "bad-request", NULL);
	}
	in.jingle = jingle;
	if (input_of(jingle) == INPUT_NONE || jingle->info == JINGLE_INFO_UNKNOWN)
		return refuse(stream, iq, "feature-not-implemented", "unsupported-info");
	call = find(account, &in);
	if (!call && jingle->action == JINGLE_SESSION_INITIATE && !call_by_sid(account_jid(account), jingle->sid))
		return take_new(stream, iq, &in);
	if (!call)
		return refuse(stream, iq, "item-not-found", "unknown-session");
	if (!call_rule(call->state, input_of(jingle)))
		return refuse(stream, iq, "unexpected-request", "out-of-order");
	/* Before what follows from it: a session-accept must not overtake it. */
	iq_result(stream, iq, NULL);
	call_step(call, input_of(jingle), &in);
	return true;
}

const struct stanza_hook talk_hooks[] = {
	{ .name = "call: session",
		.kind = "iq",
		.type = "set",
		.child = "jingle",
		.ns = JINGLE_NS,
		.from = FROM_CONTACT,
		.take = take_jingle },
	{ 0 },
};

/* ---- what is said within it ---- */

enum input
talk_info(Call *call, const struct call_input *in)
{
	switch (in->jingle->info) {
	case JINGLE_RINGING:
		call->rings_there = true;
		break;
	case JINGLE_HOLD:
		call->peer_held = true;
		break;
	case JINGLE_UNHOLD:
	case JINGLE_ACTIVE:
		call->peer_held = false;
		break;
	case JINGLE_MUTE:
		call->peer_muted = true;
		break;
	case JINGLE_UNMUTE:
		call->peer_muted = false;
		break;
	case JINGLE_INFO_NONE:
	case JINGLE_INFO_UNKNOWN:
		break;
	}
	return INPUT_NONE;
}

enum input
talk_flowing(Call *call, const struct call_input *in)
{
	(void)in;
	clock_cancel(call->restart_timer);
	call->restart_timer = 0;
	if (!call->active_at) {
		call->active_at = clock_now();
		engine_speak(call);
	}
	return INPUT_NONE;
}

enum input
talk_hold(Call *call, const struct call_input *in)
{
	(void)in;
	engine_set(call, "hold", "on", NULL);
	send_info(call, JINGLE_HOLD);
	return INPUT_NONE;
}

enum input
talk_resume(Call *call, const struct call_input *in)
{
	(void)in;
	engine_set(call, "hold", "off", NULL);
	send_info(call, JINGLE_ACTIVE);
	return INPUT_NONE;
}
