/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person can do with a call. */
#include "account/account.h"
#include "account/contact.h"
#include "api/jid.h"
#include "base/text.h"
#include "call/call.h"

#include <string.h>

enum { KEY_MS = 260, KEYS_WAITING_MAX = 64 };

static Call *
find(guint id, GError **error)
{
	Call *call = call_by_id(id);

	if (!call || call->state == STATE_ENDED)
		return fault_null(error, FAULT_GONE, id ? "call %u is over" : "there is no call", id);
	return call;
}

/* One step, if the call is in a state for it. */
static bool
step(guint id, enum input input, const char *verb, GError **error)
{
	Call *call = find(id, error);

	if (!call)
		return false;
	if (!call_rule(call->state, input))
		return fault(
			error, FAULT_BUSY, "a call that is %s cannot be %s", call_state_word(call_state_shown(call->state)), verb);
	call_step(call, input, NULL);
	return true;
}

/* ---- dialling ---- */

static bool
may_dial(Account *account, const char *peer, GError **error)
{
	g_autofree char *bare = jid_bare(peer);
	const Contact *contact = contact_find(account, bare);

	if (!account_online(account))
		return fault(error, FAULT_OFFLINE, "%s is offline", account_jid(account));
	if (jid_same_bare(account_jid(account), bare))
		return fault(error, FAULT_INPUT, "that is you: /calltest lets you hear yourself");
	if (!contact)
		return fault(error, FAULT_GONE, "%s is not on your contact list: /add it first, calls are for contacts", bare);
	if (!contact_sees_us(account, peer))
		return fault(error, FAULT_INPUT,
			"%s does not see that you are here, so it cannot answer: it must be allowed to first", bare);
	if (call_with(account_jid(account), bare, false) || call_with(account_jid(account), bare, true))
		return fault(error, FAULT_BUSY, "there is a call with %s already", bare);
	return calls_running()->len < CALLS_AT_ONCE || fault(error, FAULT_BUSY, "two calls are running: /hangup one of them");
}

static void
hold_others(guint id)
{
	for (guint i = 0; i < call_list()->len; i++) {
		Call *call = g_ptr_array_index(call_list(), i);

		if (call->id != id && call->state == STATE_ACTIVE)
			call_step(call, INPUT_HOLD, NULL);
	}
}

guint
calls_dial(Account *account, const char *peer, bool video, GError **error)
{
	g_autofree char *bare = jid_bare(peer);
	Call *call;

	if (!may_dial(account, peer, error))
		return 0;
	call = call_new(account_jid(account), bare, false);
	call->sid = text_random_id();
	call->video = video;
	if (!jid_is_bare(peer))
		call->full = g_strdup(peer);
	hold_others(call->id);
	call_step(call, INPUT_DIAL, NULL);
	return call->id;
}

/* ---- the others ---- */

bool
call_answer(guint id, bool video, GError **error)
{
	Call *call = find(id, error);

	if (!call)
		return false;
	if (!call->incoming || call->state != STATE_RINGING)
		return fault(error, FAULT_BUSY, "this call does not ring");
	call->answer_video = video;
	hold_others(id);
	return step(id, INPUT_ANSWER, "answered", error);
}

bool
call_reject(guint id, GError **error)
{
	return step(id, INPUT_REJECT, "rejected", error);
}

bool
call_hang_up(guint id, GError **error)
{
	return step(id, INPUT_HANG_UP, "ended", error);
}

bool
call_hold(guint id, bool hold, GError **error)
{
	const Call *call = call_by_id(id);

	if (!hold && call && call->state == STATE_HELD)
		hold_others(id);
	return step(id, hold ? INPUT_HOLD : INPUT_RESUME, hold ? "held" : "resumed", error);
}

static Call *
find_talking(guint id, GError **error)
{
	Call *call = find(id, error);

	if (call && call->state != STATE_ACTIVE && call->state != STATE_HELD && call->state != STATE_LINKING)
		return fault_null(error, FAULT_BUSY, "nobody talks in this call yet");
	return call;
}

/* Silence of the same size is sent: that somebody is mute cannot be seen on the way, and is not told either (P17). */
bool
call_mute(guint id, bool mute, GError **error)
{
	Call *call = find_talking(id, error);

	if (!call || !engine_set(call, "mute", mute ? "on" : "off", error))
		return false;
	call->muted = mute;
	call_tell(call);
	return true;
}

bool
call_video(guint id, bool on, GError **error)
{
	Call *call = find_talking(id, error);
	struct content *content = call ? call_video_content(call) : NULL;

	if (!call)
		return false;
	if (call->state != STATE_ACTIVE)
		return fault(error, FAULT_BUSY, "pictures come and go while a call is active");
	if (content && content->asked)
		return fault(error, FAULT_BUSY, "%s adds pictures: answer that question", call->peer);
	if (on && content && !content->remote)
		return fault(error, FAULT_BUSY, "%s was asked for that already", call->peer);
	if (on && !content) {
		talk_add_video(call);
	} else if (on) {
		if (!engine_set(call, "video-source", call_settings.video_source, error) || !engine_set(call, "video", "on", error))
			return false;
		call->video_on = true;
		talk_modify(call, content);
	} else if (!content) {
		return fault(error, FAULT_GONE, "this call has no pictures");
	} else {
		bool they_receive, they_send;

		talk_directions(call, content, &they_receive, &they_send);
		call->video_on = false;
		if (they_send && content->remote)
			engine_set(call, "video", "off", NULL);
		else
			talk_remove(call, content);
	}
	call_tell(call);
	return true;
}

/* One key after the other: each takes its time (RFC 4733 §3.3), and a pause follows. */
static void
press_next(gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));
	char key[2] = { 0 };

	if (!call)
		return;
	call->key_timer = 0;
	if (call->state == STATE_ENDED || !call->keys_to_press->len)
		return;
	key[0] = call->keys_to_press->str[0];
	g_string_erase(call->keys_to_press, 0, 1);
	if (engine_set(call, "dtmf", key, NULL))
		call->key_timer = clock_after(KEY_MS, press_next, data, NULL);
}

bool
call_dtmf(guint id, const char *digits, GError **error)
{
	Call *call = find_talking(id, error);

	if (!call)
		return false;
	if (!*digits || strspn(digits, "0123456789*#ABCDabcd") != strlen(digits))
		return fault(error, FAULT_INPUT, "\"%s\" is not of the keys of a telephone: 0 to 9, *, # and A to D", digits);
	if (call->keys_to_press->len + strlen(digits) > KEYS_WAITING_MAX)
		return fault(error, FAULT_BUSY, "so many keys wait to be pressed already");
	g_string_append(call->keys_to_press, digits);
	if (!call->key_timer)
		press_next(GUINT_TO_POINTER(id));
	return true;
}

bool
call_volume(guint id, int percent, GError **error)
{
	Call *call = find_talking(id, error);
	g_autofree char *value = g_strdup_printf("%d", percent);

	if (percent < 0 || percent > 150)
		return fault(error, FAULT_INPUT, "a volume is 0 to 150");
	return call && engine_set(call, "volume", value, error);
}

bool
call_device(guint id, const char *what, const char *value, GError **error)
{
	Call *call = find_talking(id, error);

	return call && engine_set(call, what, value, error);
}

void
call_picture(guint id, bool own, guint width, guint height, guint rate)
{
	Call *call = call_by_id(id);

	if (call && call->state != STATE_ENDED)
		engine_picture(call, own, width, height, rate);
}

void
calls_end_all(const char *reason_code)
{
	for (guint i = 0; i < call_list()->len; i++)
		call_leave(g_ptr_array_index(call_list(), i), reason_code, "sotto ends here");
}
