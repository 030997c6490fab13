/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes to sotto-media and what comes from it. */
#include "account/account.h"
#include "api/event.h"
#include "api/log.h"
#include "base/medialink.h"
#include "call/call.h"
#include "xmpp/stream.h"

#include <math.h>
#include <string.h>

enum { QUIET_MS = 5000 };
enum { VIDEO_WIDTH = 640, VIDEO_HEIGHT = 480, VIDEO_RATE = 30, PICTURE_MAX = 1280 };

/* ---- what comes ---- */

static void
take_local(Call *call, GVariant *body)
{
	const char *name, *media, *ufrag, *pwd, *cname;
	g_autoptr(GVariant) fingerprint = NULL;
	struct content *content;
	guint32 source, rtx_source;
	gsize length;

	g_variant_get(body, "(&s&s&s&s@ayuu&s)", &name, &media, &ufrag, &pwd, &fingerprint, &source, &rtx_source, &cname);
	content = call_content(call, name);
	if (!content)
		return;
	g_free(content->ufrag);
	g_free(content->pwd);
	g_free(content->cname);
	content->ufrag = g_strdup(ufrag);
	content->pwd = g_strdup(pwd);
	content->cname = g_strdup(cname);
	content->source = source;
	content->rtx_source = rtx_source;
	memcpy(content->fingerprint, g_variant_get_fixed_array(fingerprint, &length, 1), sizeof content->fingerprint);
	content->local = content->fresh = true;
	call_step(call, INPUT_LOCAL, NULL);
}

static void
take_candidate(Call *call, GVariant *body)
{
	struct jingle_candidate candidate = { .generation = 0 };
	const char *name, *foundation, *protocol, *ip, *type, *rel_addr;
	struct content *content;

	g_variant_get(body, "(&s&sy&su&sq&s&sq)", &name, &foundation, &candidate.component, &protocol, &candidate.priority, &ip,
		&candidate.port, &type, &rel_addr, &candidate.rel_port);
	content = call_content(call, name);
	/* J01: whatever it says, through a relay nothing is told but the relay. */
	if (!content || (call->relay && strcmp(type, "relay") != 0))
		return;
	candidate.foundation = g_strdup(foundation);
	candidate.protocol = g_strdup(protocol);
	candidate.ip = g_strdup(ip);
	candidate.type = g_strdup(type);
	candidate.rel_addr = *rel_addr && !call->relay ? g_strdup(rel_addr) : NULL;
	talk_candidate(call, content, &candidate);
	jingle_candidate_clear(&candidate);
}

/* Nothing came, and nothing has to: who has no microphone listens. A wrong key was told long ago, if it was used. */
static void
on_quiet(gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));

	if (call && call->state == STATE_LINKING)
		call_step(call, INPUT_FLOWING, NULL);
}

static void
take_state(Call *call, GVariant *body)
{
	const char *name, *state, *path;

	g_variant_get(body, "(&s&s&s)", &name, &state, &path);
	if (!strcmp(path, "relay"))
		call->path = CALL_PATH_RELAY;
	else if (!strcmp(path, "direct"))
		call->path = CALL_PATH_DIRECT;
	log_info("call %u: %s is %s", call->id, name, state);
	if (!strcmp(state, "flowing"))
		call_step(call, INPUT_FLOWING, NULL);
	else if (!strcmp(state, "lost"))
		call_step(call, INPUT_LOST, NULL);
	else
		call_tell(call);
	if (!strcmp(state, "secured"))
		clock_after(QUIET_MS, on_quiet, GUINT_TO_POINTER(call->id), NULL);
}

/* The words of media for what a peer may hear of it (XEP-0166 §7.4). */
static const struct {
	const char *word, *code;
} failures[] = {
	{ "keys", "security-error" },
	{ "fingerprint", "security-error" },
	{ "relay", "connectivity-error" },
	{ "ice", "connectivity-error" },
};

static void
take_failed(Call *call, GVariant *body)
{
	const char *word, *sentence, *code = "media-error";

	g_variant_get(body, "(&s&s)", &word, &sentence);
	for (guint i = 0; i < G_N_ELEMENTS(failures); i++)
		if (!strcmp(failures[i].word, word))
			code = failures[i].code;
	call_fail(call, code, "%s", sentence);
	call_step(call, INPUT_FAIL, NULL);
}

static double
known(double value)
{
	return isfinite(value) && value >= 0 ? value : -1;
}

static void
take_stats(Call *call, GVariant *body)
{
	struct call_stats stats = { .id = call->id };
	guint64 refused;

	g_variant_get(body, MEDIA_STATS_TYPE, &stats.rtt_ms, &stats.jitter_ms, &stats.loss, &stats.bitrate_in, &stats.bitrate_out,
		&stats.level_in, &stats.level_out, &stats.audio_frames_in, &stats.video_frames_in, &stats.audio_frames_out,
		&stats.video_frames_out, &refused);
	stats.rtt_ms = known(stats.rtt_ms);
	stats.jitter_ms = known(stats.jitter_ms);
	stats.loss = known(stats.loss) > 1 ? 1 : known(stats.loss);
	stats.level_in = isfinite(stats.level_in) ? CLAMP(stats.level_in, -100, 0) : -100;
	stats.level_out = isfinite(stats.level_out) ? CLAMP(stats.level_out, -100, 0) : -100;
	event_emit(&(Event){ .kind = EVENT_CALL_STATS, .account = call->account, .call_stats = &stats });
}

static void
take_frame(Call *call, GVariant *body)
{
	g_autoptr(GVariant) pixels = NULL;
	struct call_frame frame = { .id = call->id };
	const char *which;
	gsize length;

	g_variant_get(body, "(&suu@ay)", &which, &frame.width, &frame.height, &pixels);
	frame.own = !strcmp(which, "own");
	frame.rgb = g_variant_get_fixed_array(pixels, &length, 1);
	if (!frame.width || frame.width > PICTURE_MAX || !frame.height || frame.height > PICTURE_MAX ||
		length != (gsize)frame.width * frame.height * 3)
		return;
	far_picture_enlarge(&call->far[frame.own], &frame);
	event_emit(&(Event){ .kind = EVENT_CALL_FRAME, .account = call->account, .call_frame = &frame });
}

/* A device that failed costs its sound or picture, not the call. */
static void
take_report(Call *call, GVariant *body)
{
	const char *step, *sentence;
	gboolean well;

	g_variant_get(body, "(&sb&s)", &step, &well, &sentence);
	if (!well)
		alert(call->account, call->peer, "call-device", "%s", sentence);
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	static void (*const takers[MEDIA_KINDS])(Call *, GVariant *) = {
		[MEDIA_LOCAL] = take_local,
		[MEDIA_CANDIDATE] = take_candidate,
		[MEDIA_STATE] = take_state,
		[MEDIA_FAILED] = take_failed,
		[MEDIA_STATS] = take_stats,
		[MEDIA_FRAME] = take_frame,
		[MEDIA_REPORT] = take_report,
	};

	(void)fds;
	if (takers[kind])
		takers[kind](owner, body);
}

static void
on_ended(gpointer owner, const GError *error)
{
	Call *call = owner;

	call_fail(call, "media-error", "%s", error->message);
	call_step(call, INPUT_FAIL, NULL);
}

static const struct media_link_hooks hooks = { on_frame, on_ended };

/* ---- what goes ---- */

bool
engine_load(Call *call, GError **error)
{
	if (!call->media)
		call->media = media_start(call_settings.media_socket, &hooks, call, error);
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
	const char *ip = toward(call), *proxy = account ? account_get(account, "proxy") : NULL;

	if (!engine_load(call, error))
		return false;
	for (guint i = 0; i < call->contents->len; i++) {
		const struct content *content = g_ptr_array_index(call->contents, i);

		g_variant_builder_add(&contents, "(ss)", content->name, content->video ? "video" : "audio");
	}
	call->started = media_begin(call->media,
		g_variant_new("(ba(ss)sbs@a(ssqsss)ssssuuu)", !call->incoming, &contents, call->relay ? "relay" : "direct",
			is_loopback(ip), ip, call->relays ? call->relays : g_variant_new_array(G_VARIANT_TYPE("(ssqsss)"), NULL, 0),
			proxy ? proxy : "", call_settings.audio_source, call_settings.audio_sink,
			call->video_on ? call_settings.video_source : "none", VIDEO_WIDTH, VIDEO_HEIGHT, VIDEO_RATE),
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
	g_auto(GVariantBuilder) contents = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sssaysiiiiuubb)"));

	for (guint i = 0; i < call->contents->len; i++) {
		const struct content *content = g_ptr_array_index(call->contents, i);
		const JingleContent *theirs = content->theirs;
		bool they_send, they_receive;

		if (!content->remote || content->asked)
			continue;
		talk_directions(call, content, &they_receive, &they_send);
		g_variant_builder_add(&contents, "(sss@aysiiiiuubb)", content->name, theirs->ufrag, theirs->pwd,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, theirs->fingerprint, 32, 1), setup_word(theirs->setup),
			theirs->opus, theirs->vp8, theirs->rtx, theirs->dtmf, theirs->twcc_ext, theirs->mid_ext, they_receive,
			they_send);
	}
	return g_variant_new("(ba(sssaysiiiiuubb))", call->bundled, &contents);
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
engine_control(Call *call, const char *name, const char *value)
{
	engine_set(call, name, value, NULL);
}

void
engine_sound(Call *call, const char *which)
{
	if (call_settings.sounds)
		engine_control(call, "sound", which);
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
		engine_control(call, "video-source", call_settings.video_source);
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
