/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for calls. Which call is meant is said by its number, and mostly by nothing: the one that rings, else the one that runs.
 */
#include <string.h>

#include "account/account.h"
#include "api/error.h"
#include "api/jid.h"
#include "api/timer.h"
#include "call/calls.h"
#include "chat/convo.h"
#include "cmd/cmd.h"
#include "ui/callwords.h"
#include "ui/layout.h"
#include "ui/win_call.h"

enum { VOLUME_MAX = 150, TALK_MS = 900 };

/* ---- which call ---- */

static guint
meant(const char *number, GError **error)
{
	guint64 id = 0;

	if (number && (!g_ascii_string_to_unsigned(number, 10, 1, G_MAXUINT, &id, NULL) || !call_facts((guint)id)))
		return fault(error, FAULT_GONE, "there is no call %s: /calls lists them", number);
	if (!number)
		id = call_current();
	if (!id)
		fault(error, FAULT_GONE, "there is no call: /call CONTACT makes one");
	return (guint)id;
}

static const struct call_facts *
meant_facts(const char *number, GError **error)
{
	guint id = meant(number, error);

	return id ? call_facts(id) : NULL;
}

/* ---- making, taking and ending ---- */

static bool
dial(const struct cmd_call *call, bool video, GError **error)
{
	const char *peer = call->args[0];
	Account *account = call->account;
	guint id;

	if (!peer && !call->conversation)
		return fault(
			error, FAULT_INPUT, "name whom to call: /%s CONTACT, or open the chat first", video ? "vcall" : "call");
	if (!peer) {
		peer = convo_peer(call->conversation);
		account = convo_account(call->conversation);
	}
	if (jid_same_bare(account_jid(account), peer))
		return fault(error, FAULT_INPUT, "that is your own address: /calltest lets you hear yourself");
	id = calls_dial(account, peer, video, error);
	if (id && video)
		call_window_show(id);
	return id != 0;
}

static bool
run_call(const struct cmd_call *call, GError **error)
{
	return dial(call, false, error);
}

static bool
run_vcall(const struct cmd_call *call, GError **error)
{
	return dial(call, true, error);
}

static bool
run_answer(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(call->args[1], error);
	bool video = facts && facts->video && g_strcmp0(call->args[0], "audio");
	guint id = facts ? facts->id : 0;

	if (id && !facts->video && !g_strcmp0(call->args[0], "video"))
		return fault(error, FAULT_INPUT, "this call is with sound alone: /answer, then /video on asks for pictures");
	if (!id || !call_answer(id, video, error))
		return false;
	if (video)
		call_window_show(id);
	return true;
}

static bool
run_reject(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(call->args[0], error);

	if (!facts)
		return false;
	if (facts->state != CALL_ENDED && (!facts->incoming || facts->state != CALL_RINGING))
		return fault(error, FAULT_BUSY, "this call does not ring: /hangup ends it");
	return call_reject(facts->id, error);
}

static bool
run_hangup(const struct cmd_call *call, GError **error)
{
	guint id = meant(call->args[0], error);

	return id && call_hang_up(id, error);
}

/* ---- while it runs ---- */

static bool
run_hold(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(call->args[0], error);

	if (facts && facts->state == CALL_HELD)
		return fault(error, FAULT_BUSY, "this call is held already: /resume goes on with it");
	return facts && call_hold(facts->id, true, error);
}

static bool
run_resume(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(call->args[0], error);

	if (facts && facts->state == CALL_ACTIVE)
		return fault(error, FAULT_BUSY, "this call is not held");
	return facts && call_hold(facts->id, false, error);
}

static bool
run_mute(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(NULL, error);
	bool mute;

	if (!facts)
		return false;
	mute = call->args[0] ? !strcmp(call->args[0], "on") : !facts->muted;
	if (!call_mute(facts->id, mute, error))
		return false;
	reply_print(call->reply, mute ? "you are muted: nobody hears you, and nobody between can tell" : "you are heard");
	return true;
}

static bool
run_video(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = meant_facts(NULL, error);

	if (!facts)
		return false;
	return call_video(facts->id, call->args[0] ? !strcmp(call->args[0], "on") : !facts->our_video, error);
}

static bool
run_volume(const struct cmd_call *call, GError **error)
{
	gint64 percent = g_ascii_strtoll(call->args[0], NULL, 10);
	guint id = meant(NULL, error);

	if (!id)
		return false;
	if (percent < 0 || percent > VOLUME_MAX)
		return fault(error, FAULT_INPUT, "a volume is between 0 and %d per cent", VOLUME_MAX);
	if (!call_volume(id, (int)percent, error))
		return false;
	reply_print(call->reply, "volume %d", (int)percent);
	return true;
}

static bool
run_dtmf(const struct cmd_call *call, GError **error)
{
	guint id = meant(NULL, error);
	g_autofree char *digits = g_ascii_strup(call->args[0], -1);

	if (!id)
		return false;
	if (digits[strspn(digits, "0123456789*#ABCD")])
		return fault(error, FAULT_INPUT, "the keys of a telephone are 0 to 9, *, # and A to D");
	return call_dtmf(id, digits, error);
}

static bool
run_window(const struct cmd_call *call, GError **error)
{
	guint id = meant(call->args[0], error);

	if (!id)
		return false;
	if (!windows())
		return fault(error, FAULT_GONE, "there are no windows here");
	call_window_show(id);
	return true;
}

/* ---- push to talk: a terminal tells no key's release, but a key that is held repeats ---- */

static struct {
	guint call; /* 0: off */
	guint timer;
} talk;

static void
fall_silent(gpointer data)
{
	(void)data;
	talk.timer = 0;
	if (talk.call && call_facts(talk.call))
		call_mute(talk.call, true, NULL);
}

static void
stop_timer(void)
{
	if (talk.timer)
		clock_cancel(talk.timer);
	talk.timer = 0;
}

static bool
run_ptt(const struct cmd_call *call, GError **error)
{
	guint id = meant(NULL, error);
	bool on = id && talk.call != id;

	if (!id || !call_mute(id, on, error))
		return false;
	stop_timer();
	talk.call = on ? id : 0;
	reply_print(call->reply, on ? "push to talk: you are muted while the key Ctrl+Space is not held; /ptt ends this"
				    : "push to talk is off: you are heard all the time");
	return true;
}

/* The key may have been pressed by mistake: that is no event of a chat. */
static bool
talk_is_off(GError **error)
{
	static const char text[] = "push to talk is off: /ptt switches it on during a call";

	if (!windows())
		return fault(error, FAULT_GONE, text);
	layout_hint(STYLE_STATUS, text);
	return true;
}

static bool
run_ptt_talk(const struct cmd_call *call, GError **error)
{
	const struct call_facts *facts = call_facts(talk.call);

	(void)call;
	if (!facts || facts->state == CALL_ENDED)
		return talk_is_off(error);
	if (!talk.timer && !call_mute(talk.call, false, error))
		return false;
	stop_timer();
	talk.timer = clock_after(TALK_MS, fall_silent, NULL, NULL);
	return true;
}

/* ---- lists ---- */

static void
print_call(Reply *reply, const struct call_facts *facts)
{
	enum style style;
	g_autofree char *state = call_state_words(facts, clock_now()), *security = call_security_words(facts, &style);
	g_autofree char *path = call_path_words(facts);

	reply_print(reply, "%u  %s %s%s, %s%s%s", facts->id, facts->incoming ? "from" : "to", facts->peer,
		facts->video ? " with video" : "", state, *path ? ", " : "", path);
	if (*security)
		reply_print(
			reply, "   %s%s%s", security, facts->device_name ? ": " : "", facts->device_name ? facts->device_name : "");
	if (facts->words)
		reply_print(reply, "   to compare by voice: %s (/verify)", facts->words);
}

static bool
run_calls(const struct cmd_call *call, GError **error)
{
	const GArray *running = calls_running();
	g_auto(GStrv) strangers = calls_strangers();

	(void)error;
	for (guint i = 0; running && i < running->len; i++) {
		const struct call_facts *facts = call_facts(g_array_index(running, guint, i));

		if (facts)
			print_call(call->reply, facts);
	}
	if (!running || !running->len)
		reply_print(call->reply, "there is no call");
	for (guint i = 0; strangers[i]; i++)
		reply_print(call->reply, "%s", strangers[i]);
	return true;
}

/* ---- rows ---- */

static const char *const on_off[] = { "on", "off", NULL };
static const char *const audio_video[] = { "audio", "video", NULL };
static const struct arg contact_args[] = { { "contact", ARG_CONTACT, true, NULL }, { 0 } };
static const struct arg number_args[] = { { "call", ARG_NUMBER, true, NULL }, { 0 } };
static const struct arg on_off_args[] = { { "on|off", ARG_CHOICE, true, on_off }, { 0 } };

const struct cmd cmd_call_rows[] = {
	{ .name = "call",
		.aliases = "dial",
		.args = contact_args,
		.needs = NEEDS_ACCOUNT | NEEDS_ONLINE,
		.summary = "Call somebody, or the one whose chat is open, with sound",
		.help = "It rings on all their devices. Nothing but that you call is told before they say yes; who may learn your "
			"network address is decided by call.address and /call address. The window says in words whose key seals "
			"the call. /vcall adds pictures. The other side of it: /answer, /reject, /hangup. While it runs: /mute, "
			"/hold, "
			"/resume, /video, /volume, /ptt, /dtmf, /verify. To look at it: /calls, /call window. What it needs: "
			"/devices, "
			"/calltest, /calldoctor.",
		.examples = (const char *const[]){ "/call", "/call bob", NULL },
		.run = run_call },
	{ .name = "vcall",
		.aliases = "videocall",
		.args = contact_args,
		.needs = NEEDS_ACCOUNT | NEEDS_ONLINE,
		.summary = "Call somebody, or the one whose chat is open, with sound and picture",
		.help = "The picture is drawn in the terminal; video.renderer says how. /video off stops yours.",
		.run = run_vcall },
	{ .name = "call window",
		.args = number_args,
		.needs = NEEDS_STORE,
		.summary = "Go to the window of a call, with its picture as large as fits",
		.help = "A call with video opens it by itself when you make or answer it. In the chat with the same person the "
			"call "
			"stands above the lines, or right of them where there is room.",
		.run = run_window },
	{ .name = "calls",
		.needs = NEEDS_STORE,
		.summary = "List the calls: who could listen, which way they go, and strangers who tried",
		.run = run_calls },
	{ .name = "answer",
		.aliases = "pickup",
		.args = (const struct arg[]){ { "audio|video", ARG_CHOICE, true, audio_video }, { "call", ARG_NUMBER, true, NULL },
			{ 0 } },
		.needs = NEEDS_STORE,
		.summary = "Take a call; audio takes one with video by sound alone",
		.examples = (const char *const[]){ "/answer", "/answer audio", NULL },
		.run = run_answer },
	{ .name = "reject",
		.aliases = "decline",
		.args = number_args,
		.needs = NEEDS_STORE,
		.summary = "Refuse a call",
		.run = run_reject },
	{ .name = "hangup",
		.aliases = "hang",
		.args = number_args,
		.needs = NEEDS_STORE,
		.summary = "End a call",
		.run = run_hangup },
	{ .name = "hold",
		.args = number_args,
		.needs = NEEDS_STORE,
		.summary = "Put a call on hold: nothing is sent and nothing played",
		.run = run_hold },
	{ .name = "resume",
		.aliases = "unhold",
		.args = number_args,
		.needs = NEEDS_STORE,
		.summary = "Go on with a held call",
		.run = run_resume },
	{ .name = "mute",
		.args = on_off_args,
		.needs = NEEDS_STORE,
		.summary = "Mute your microphone or be heard again",
		.help = "Packets of silence of the same size go on: who watches the line cannot tell that you are muted.",
		.run = run_mute },
	{ .name = "video",
		.aliases = "camera",
		.args = on_off_args,
		.needs = NEEDS_STORE,
		.summary = "Send your picture in the running call, or stop it",
		.run = run_video },
	{ .name = "volume",
		.args = (const struct arg[]){ { "per cent", ARG_NUMBER, false, NULL }, { 0 } },
		.needs = NEEDS_STORE,
		.summary = "How loud the other side is, 0 to 150",
		.run = run_volume },
	{ .name = "ptt",
		.needs = NEEDS_STORE,
		.summary = "Push to talk: you are heard while Ctrl+Space is held",
		.help = "A second /ptt ends it. The key runs /ptt talk, which opens the microphone for a moment: /bind gives it to "
			"another key.",
		.run = run_ptt },
	{ .name = "ptt talk",
		.needs = NEEDS_STORE,
		.summary = "Be heard for a moment while push to talk is on",
		.run = run_ptt_talk },
	{ .name = "dtmf",
		.args = (const struct arg[]){ { "digits", ARG_WORD, false, NULL }, { 0 } },
		.needs = NEEDS_STORE,
		.summary = "Press keys of a telephone: 0 to 9, *, #",
		.run = run_dtmf },
	{ 0 },
};
