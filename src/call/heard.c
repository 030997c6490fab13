/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sotto-media says of a call, believed as far as its kind goes. */
#include "api/event.h"
#include "api/log.h"
#include "base/medialink.h"
#include "base/rate.h"
#include "call/call.h"

#include <math.h>
#include <string.h>

enum { QUIET_MS = 5000, PICTURE_MAX = 1280 };

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
	else if (!strcmp(state, "moved"))
		call_step(call, INPUT_MOVED, NULL);
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

/* A device that failed costs its sound or picture, not the call. Who turns knobs gets an answer to each; a codec that was broken
 * into fills no chat. */
static void
take_report(Call *call, GVariant *body)
{
	static struct rate reports = { .burst = 16, .per_second = 1 };
	const char *step, *sentence;
	gboolean well;

	g_variant_get(body, "(&sb&s)", &step, &well, &sentence);
	if (!well && rate_take(&reports, call->account, call->peer))
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

const struct media_link_hooks engine_hooks = { on_frame, on_ended };
