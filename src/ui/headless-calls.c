/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls for scripts: each step of one, and once a second how it goes. */
#include "ui/headless-json.h"

#include <math.h>

static void
put_media(JsonObject *object, const struct call_facts *call)
{
	const char *media[] = { "audio", call->video ? "video" : NULL, NULL };
	json_put_list(object, "media", media);
}

static const char *
unless_empty(const char *word)
{
	return word && *word ? word : NULL;
}

static void
on_call(const Event *event)
{
	const struct call_facts *call = event->call;
	JsonObject *object = json_begin("call");
	json_put_number(object, "id", call->id, 0);
	json_put(object, "account", call->account);
	json_put(object, "peer", call->peer);
	json_put(object, "direction", call->incoming ? "in" : "out");
	json_put(object, "state", call_state_word(call->state));
	put_media(object, call);
	json_put(object, "keys", unless_empty(call_keys_word(call->keys)));
	if (call->keys != CALL_KEYS_NONE)
		json_put(object, "trust", trust_word(call->trust));
	json_put(object, "path", unless_empty(call_path_word(call->path)));
	json_put(object, "words", call->words);
	json_put(object, "reason", call->reason);
	json_put(object, "reason_code", call->reason_code);
	json_print(object);
}

/* -1 and what is no number are unknown. */
static void
put_known(JsonObject *object, const char *name, double value)
{
	if (isfinite(value) && value >= 0)
		json_put_number(object, name, value, 3);
}

static void
on_stats(const Event *event)
{
	const struct call_stats *stats = event->call_stats;
	JsonObject *object = json_begin("call-stats");
	json_put_number(object, "id", stats->id, 0);
	put_known(object, "rtt_ms", stats->rtt_ms);
	put_known(object, "jitter_ms", stats->jitter_ms);
	put_known(object, "loss", stats->loss);
	json_put_number(object, "bitrate_in", stats->bitrate_in, 0);
	json_put_number(object, "bitrate_out", stats->bitrate_out, 0);
	if (isfinite(stats->level_in))
		json_put_number(object, "audio_level_in", stats->level_in, 1);
	json_put_number(object, "audio_frames_in", stats->audio_frames_in, 0);
	json_put_number(object, "video_frames_in", stats->video_frames_in, 0);
	json_print(object);
}

const struct event_watch headless_call_rows[] = {
	{ "headless: call", EVENT_CALL, on_call },
	{ "headless: call statistics", EVENT_CALL_STATS, on_stats },
	{ 0 },
};
