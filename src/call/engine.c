/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sotto-media is told of a call. */
#include "account/account.h"
#include "base/medialink.h"
#include "call/authorities.h"
#include "call/call.h"
#include "xmpp/stream.h"

#include <string.h>

enum { VIDEO_WIDTH = 640, VIDEO_HEIGHT = 480, VIDEO_RATE = 30 };

bool
engine_load(Call *call, GError **error)
{
	if (!call->media)
		call->media = media_start(call_settings.media_socket, &engine_hooks, call, error);
	return call->media != NULL;
}

/* Where the address that may be told is the one of the way to: the relay's host, else our own server (RFC 8828 mode 2). */
static const char *
toward(const Call *call)
{
	Account *account = call_account(call);
	const char *ip = account ? stream_server_ip(account_stream(account)) : NULL;

	return ip ? ip : "";
}

static bool
is_loopback(const char *ip)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(ip);

	return address && g_inet_address_get_is_loopback(address);
}

bool
engine_begin(Call *call, GError **error)
{
	g_auto(GVariantBuilder) contents = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));
	Account *account = call_account(call);
	g_autofree char *authorities = authorities_read(account);
	const char *ip = toward(call), *proxy = account ? account_get(account, "proxy") : NULL;

	if (!engine_load(call, error))
		return false;
	for (guint i = 0; i < call->contents->len; i++) {
		const struct content *content = g_ptr_array_index(call->contents, i);

		g_variant_builder_add(&contents, "(ss)", content->name, content->video ? "video" : "audio");
	}
	call->started = media_begin(call->media,
		g_variant_new("(ba(ss)sbs@a(ssqsss)ssssuuusb)", !call->incoming, &contents, call->relay ? "relay" : "direct",
			is_loopback(ip), ip, call->relays ? call->relays : g_variant_new_array(G_VARIANT_TYPE("(ssqsss)"), NULL, 0),
			proxy ? proxy : "", call_settings.audio_source, call_settings.audio_sink,
			call->video_on ? call_settings.video_source : "none", VIDEO_WIDTH, VIDEO_HEIGHT, VIDEO_RATE, authorities,
			call_settings.fec),
		error);
	return call->started;
}

static const char *
setup_word(enum jingle_setup setup)
{
	return setup == JINGLE_SETUP_ACTIVE ? "active" : setup == JINGLE_SETUP_PASSIVE ? "passive" : "actpass";
}

static GVariant *
remote_body(const Call *call)
{
	g_auto(GVariantBuilder) contents = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sssaysiiiiuuubb)"));

	for (guint i = 0; i < call->contents->len; i++) {
		const struct content *content = g_ptr_array_index(call->contents, i);
		const JingleContent *theirs = content->theirs;
		bool they_send, they_receive, narrow = theirs->dtmf_narrow >= 0;

		if (!content->remote || content->asked)
			continue;
		talk_directions(call, content, &they_receive, &they_send);
		g_variant_builder_add(&contents, "(sss@aysiiiiuuubb)", content->name, theirs->ufrag, theirs->pwd,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, theirs->fingerprint, 32, 1), setup_word(theirs->setup),
			theirs->opus, theirs->vp8, theirs->rtx, narrow ? theirs->dtmf_narrow : theirs->dtmf,
			narrow ? 8000u : 48000u, theirs->twcc_ext, theirs->mid_ext, they_receive, they_send);
	}
	return g_variant_new("(ba(sssaysiiiiuuubb))", call->bundled, &contents);
}

/* Their side as it is now, but for what nobody said yes to. */
static void
send_remote(Call *call)
{
	media_send(call->media, MEDIA_REMOTE, remote_body(call));
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);

		content->told |= content->remote && !content->asked;
	}
}

static void
send_candidates(Call *call)
{
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);

		for (guint c = 0; content->told && c < content->candidates->len; c++)
			media_send(call->media, MEDIA_CANDIDATE, g_ptr_array_index(content->candidates, c));
		if (content->told)
			g_ptr_array_set_size(content->candidates, 0);
	}
}

static GVariant *
candidate_body(const struct content *content, const struct jingle_candidate *candidate)
{
	return g_variant_new("(ssysusqssq)", content->name, candidate->foundation ? candidate->foundation : "",
		candidate->component, candidate->protocol, candidate->priority, candidate->ip, candidate->port, candidate->type,
		candidate->rel_addr ? candidate->rel_addr : "", candidate->rel_port);
}

void
engine_candidate(Call *call, struct content *content, const struct jingle_candidate *candidate)
{
	GVariant *body = candidate_body(content, candidate);

	if (content->told)
		media_send(call->media, MEDIA_CANDIDATE, body);
	else if (content->candidates->len < JINGLE_CANDIDATES_MAX)
		g_ptr_array_add(content->candidates, g_variant_ref_sink(body));
	else
		g_variant_unref(g_variant_ref_sink(body));
}

static void
on_words(const char *words, gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));

	if (!call || call->state == STATE_ENDED)
		return;
	g_free(call->words);
	call->words = g_strdup(words);
	call_tell(call);
}

/* When it is heard: making them takes a core for a moment, which the handshake needs before. */
void
engine_speak(Call *call)
{
	if (!call->words)
		keys_words(call->keys, on_words, GUINT_TO_POINTER(call->id));
}

void
engine_connect(Call *call)
{
	send_remote(call);
	media_send(call->media, MEDIA_KEYS, keys_link_body(call->keys));
	media_send(call->media, MEDIA_CONSENT, g_variant_new("()"));
	call->connected = true;
	send_candidates(call);
}

bool
engine_set(Call *call, const char *name, const char *value, GError **error)
{
	return call->media ? media_set(call->media, name, value, error) : fault(error, FAULT_GONE, "this call has no sound yet");
}

void
engine_sound(Call *call, const char *which)
{
	if (call_settings.sounds)
		engine_set(call, "sound", which, NULL);
}

/* What they said of theirs changed: media is told all anew. */
void
engine_restarted(Call *call)
{
	send_remote(call);
	send_candidates(call);
}

void
engine_restart(Call *call)
{
	media_send(call->media, MEDIA_RESTART, g_variant_new("()"));
}

void
engine_add(Call *call, const struct content *content)
{
	/* A call that began without pictures has no camera. */
	if (content->video && call->video_on)
		engine_set(call, "video-source", call_settings.video_source, NULL);
	media_send(call->media, MEDIA_ADD, g_variant_new("(ss)", content->name, content->video ? "video" : "audio"));
}

void
engine_remove(Call *call, const char *name)
{
	if (call->media)
		media_send(call->media, MEDIA_REMOVE, g_variant_new("(s)", name));
}

void
engine_picture(Call *call, bool own, guint width, guint height, guint rate)
{
	if (!call->media)
		return;
	if (media_is_far(call->media))
		far_picture_ask(&call->far[own], &width, &height, &rate);
	media_send(call->media, MEDIA_PICTURE, g_variant_new("(suuu)", own ? "own" : "remote", width, height, rate));
}

void
engine_end(Call *call)
{
	g_clear_pointer(&call->media, media_stop);
	far_picture_clear(&call->far[false]);
	far_picture_clear(&call->far[true]);
	call->started = call->connected = false;
}
