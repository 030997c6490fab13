/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call that we make: proposed, prepared when somebody said yes, offered. */
#include "account/account.h"
#include "account/contact.h"
#include "api/stream.h"
#include "call/call.h"

#include <string.h>

bool
call_takes_proposals(Account *account, const char *jid)
{
	return contact_has_feature(account, jid, JMI_NS) || !contact_has_feature(account, jid, JINGLE_RTP_NS);
}

enum input
out_propose(Call *call, const struct call_input *in)
{
	Account *account = call_account(call);
	g_autoptr(GError) error = NULL;

	(void)in;
	if (!account)
		return call_fail(call, "gone", "the account %s is gone", call->account);
	/* Loading, and asking for keys, takes as long as ringing. */
	call->keys = keys_new(account, call->peer, call->sid, true, call_settings.trust);
	if (!engine_load(call, &error))
		return call_fail(call, "media-error", "%s", error->message);
	call->with_jmi = !call->full && call_takes_proposals(account, call->peer);
	if (!call->with_jmi && !call->full) {
		const Contact *contact = contact_find(account, call->peer);

		call->full = contact ? g_strdup(contact_best_resource(contact)) : NULL;
		if (!call->full)
			return call_fail(call, "gone", "%s is offline", call->peer);
	}
	if (!call->with_jmi)
		return INPUT_DIRECT;
	if (!initiation_send(call, JMI_PROPOSE, call->peer, NULL, &error))
		return call_fail(call, "gone", "%s", error->message);
	call->proposed = true;
	return INPUT_NONE;
}

enum input
out_rings(Call *call, const struct call_input *in)
{
	(void)in;
	engine_sound(call, "ringing");
	return INPUT_NONE;
}

/* ---- our side ---- */

static void
on_chosen(const GError *error, gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));

	if (!call || !call->keys_due)
		return;
	if (error && keys_may_allow(call->keys)) {
		doubt_ask(call, error);
		return;
	}
	call->keys_due = false;
	if (error)
		call_fail(call, "security-error", "%s", error->message);
	call_step(call, error ? INPUT_FAIL : INPUT_KEYS, NULL);
}

enum input
out_prepare(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;

	if (in->from) {
		g_free(call->full);
		call->full = g_strdup(in->from);
	}
	call_add_content(call, "0", false);
	if (call->video)
		call_add_content(call, "1", true);
	call->video_on = call->video;
	if (!engine_begin(call, &error))
		return call_fail(call, "media-error", "%s", error->message);
	call->keys_due = true;
	keys_choose(call->keys, in->jmi ? in->jmi->device : 0, on_chosen, GUINT_TO_POINTER(call->id));
	return INPUT_NONE;
}

bool
call_sides_ready(const Call *call)
{
	for (guint i = 0; i < call->contents->len; i++)
		if (!((struct content *)g_ptr_array_index(call->contents, i))->local)
			return false;
	return !call->keys_due;
}

enum input
out_check(Call *call, const struct call_input *in)
{
	(void)in;
	return call_sides_ready(call) ? INPUT_READY : INPUT_NONE;
}

enum input
out_offer(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;
	Jingle *jingle;

	(void)in;
	jingle = talk_describe(call, JINGLE_SESSION_INITIATE, &error);
	if (!jingle)
		return call_fail(call, "security-error", "%s", error->message);
	call->initiated = true;
	talk_send(call, jingle);
	return INPUT_NONE;
}

enum input
out_connect(Call *call, const struct call_input *in)
{
	(void)in;
	talk_send_waiting(call);
	engine_connect(call);
	return INPUT_NONE;
}

enum input
out_accepted(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;
	Jingle *jingle = talk_keep(call, in);

	if (!jingle || !talk_take_answer(call, jingle, &error))
		return call_fail(call, "failed-application", "%s: %s", call->peer, error ? error->message : "it makes no sense");
	call->accepted = true;
	if (keys_take(call->keys, jingle, &error))
		return out_connect(call, in);
	if (!keys_may_allow(call->keys))
		return call_fail(call, "security-error", "%s: %s", call->peer, error->message);
	doubt_ask(call, error);
	return INPUT_NONE;
}

/* ---- no call ---- */

static const struct {
	const char *reason, *words;
} refusals[] = {
	{ "busy", "%s is busy" },
	{ "decline", "%s declined" },
	{ "gone", "%s is gone" },
	{ "unsupported-applications", "%s cannot take such a call" },
	{ "expired", "%s called at the same time" },
};

enum input
out_declined(Call *call, const struct call_input *in)
{
	const char *reason = in->jmi && in->jmi->reason ? in->jmi->reason : "decline", *words = refusals[1].words;

	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
		if (!strcmp(refusals[i].reason, reason))
			words = refusals[i].words;
	call->quiet_end = true;
	call->reason_code = !strcmp(reason, "busy") ? "busy" : "decline";
	call->reason = g_strdup_printf(words, call->peer);
	call_over(call);
	return INPUT_NONE;
}

enum input
out_unanswered(Call *call, const struct call_input *in)
{
	(void)in;
	initiation_send(call, JMI_RETRACT, call->peer, NULL, NULL);
	call_fail(call, "timeout", "%s did not answer", call->peer);
	call_over(call);
	return INPUT_NONE;
}
