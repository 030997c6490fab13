/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The call layer's rows: what it takes from the stream, what it watches, what it announces and what can be set. */
#include "api/event.h"
#include "api/option.h"
#include "api/stream.h"
#include "base/table.h"
#include "call/call.h"

#include <string.h>

struct call_settings call_settings;

static const char *const answer_words[] = { "ask", "auto-contacts", NULL };
static const char *const trust_words[] = { "any", "trusted", "verified", NULL };

static const struct option options[] = {
	{ .name = "call.audio_source",
		.type = OPTION_TEXT,
		.value = &call_settings.audio_source,
		.initial = "auto",
		.check = call_check_source,
		.summary = "The microphone: auto, device:ID, test, file:PATH or none (/devices lists them)" },
	{ .name = "call.audio_sink",
		.type = OPTION_TEXT,
		.value = &call_settings.audio_sink,
		.initial = "auto",
		.check = call_check_source,
		.summary = "The loudspeaker: auto, device:ID, file:PATH or none" },
	{ .name = "call.video_source",
		.type = OPTION_TEXT,
		.value = &call_settings.video_source,
		.initial = "auto",
		.check = call_check_source,
		.summary = "The camera: auto, device:ID, test, file:PATH or none" },
	{ .name = "call.answer",
		.type = OPTION_CHOICE,
		.value = &call_settings.answer,
		.initial = "ask",
		.choices = answer_words,
		.summary = "Who answers a call: you, or the program for every contact (for bots)" },
	{ .name = "call.address",
		.type = OPTION_CHOICE,
		.value = &call_settings.address,
		.initial = "relay",
		.choices = call_address_words,
		.summary = "Who learns your IP address in a call",
		.help = "relay: only your own server's relay; where it offers none, you are asked. ask: you are asked for each "
			"call. direct: the "
			"other end learns it. /call address sets it for one contact." },
	{ .name = "call.trust",
		.type = OPTION_CHOICE,
		.value = &call_settings.trust,
		.initial = "any",
		.choices = trust_words,
		.summary = "Which keys a call needs",
		.help = "any: also those that anybody on the way could have replaced; the call window says so. trusted: sealed by "
			"a device "
			"that you trust. verified: sealed by a device whose key you compared." },
	{ .name = "call.sounds",
		.type = OPTION_BOOL,
		.value = &call_settings.sounds,
		.initial = "on",
		.summary = "Ring and beep through the loudspeaker" },
	{ .name = "call.fec",
		.type = OPTION_BOOL,
		.value = &call_settings.fec,
		.initial = "on",
		.summary = "Mend sound that was lost on the way, and hear it a little later",
		.help = "off: sound arrives 20 ms sooner, and what the network loses is guessed. It counts from the next call "
			"on." },
	{ .name = "media.socket",
		.type = OPTION_TEXT,
		.value = &call_settings.media_socket,
		.initial = "",
		.summary = "A socket of a sotto-media elsewhere, for calls while this runs on a server (ssh -R)" },
	{ 0 },
};

/* What makes other clients show that we can be called. */
static const struct feature features[] = {
	{ JINGLE_NS },
	{ JINGLE_RTP_NS },
	{ JINGLE_RTP_NS ":audio" },
	{ JINGLE_RTP_NS ":video" },
	{ "urn:xmpp:jingle:apps:rtp:rtcp-fb:0" },
	{ "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0" },
	{ "urn:xmpp:jingle:apps:rtp:ssma:0" },
	{ "urn:xmpp:jingle:apps:grouping:0" },
	{ JINGLE_ICE_NS },
	{ JINGLE_DTLS_NS },
	{ JMI_NS },
	{ 0 },
};

/* A resumed session goes on under the same address; a new one has another. */
static void
connection_changed(const Event *event)
{
	if (event->connection.state != CONNECTION_ONLINE)
		return;
	for (guint i = 0; i < call_list()->len; i++) {
		Call *call = g_ptr_array_index(call_list(), i);

		if (g_strcmp0(call->account, event->account) != 0 || call->state == STATE_ENDED)
			continue;
		if (event->connection.resumed)
			talk_resumed(call);
		else
			call_step(call, INPUT_STREAM, NULL);
	}
}

/* While the peer can still be told. */
static void
account_leaves(const Event *event)
{
	g_autofree char *sentence = g_strdup_printf("%s logs out", event->account);

	for (guint i = 0; i < call_list()->len; i++) {
		Call *call = g_ptr_array_index(call_list(), i);

		if (!strcmp(call->account, event->account))
			call_leave(call, "gone", sentence);
	}
}

static void
account_changed(const Event *event)
{
	for (guint i = 0; i < call_list()->len; i++) {
		Call *call = g_ptr_array_index(call_list(), i);

		if (!call_account(call) && call->state != STATE_ENDED)
			call_step(call, INPUT_STREAM, NULL);
	}
	(void)event;
}

/* What a person thinks of the key of a call that runs: who refuses it has heard that somebody is in between. */
static void
trust_changed(const Event *event)
{
	for (guint i = 0; i < call_list()->len; i++) {
		Call *call = g_ptr_array_index(call_list(), i);

		if (!call->keys || call->state == STATE_ENDED || g_strcmp0(call->account, event->account) != 0 ||
			strcmp(call->peer, event->trust.peer) != 0 || keys_peer_device(call->keys) != event->trust.device)
			continue;
		if (keys_trust(call->keys) == TRUST_UNTRUSTED) {
			call_fail(call, "security-error", "you refused the key of this call");
			call_step(call, INPUT_FAIL, NULL);
		} else {
			call_tell(call);
		}
	}
}

static const struct event_watch watches[] = {
	{ "call: trust", EVENT_TRUST, trust_changed },
	{ "call: connection", EVENT_CONNECTION, connection_changed },
	{ "call: logged out", EVENT_LEAVING, account_leaves },
	{ "call: accounts", EVENT_ACCOUNT, account_changed },
	{ 0 },
};

static const struct table_rows tables[] = {
	{ TABLE_OPTIONS, options },
	{ TABLE_FEATURES, features },
	{ TABLE_STANZAS, talk_hooks },
	{ TABLE_EVENTS, initiation_watches },
	{ TABLE_EVENTS, watches },
};

void
call_init(void)
{
	table_add_all(tables, G_N_ELEMENTS(tables), "core");
}
