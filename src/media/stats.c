/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Once a second: how the call goes; and whether the two sides have the same keys, which nobody would say otherwise. */
#include "media/session.h"

#include <math.h>

enum { AUDIO_RATE = 48000 };
enum { TICK = 250, TICKS = 4, REFUSED_MIN = 10, REFUSED_FOR = 750, QUIET_FOR = 7 /* s */ };

struct sums {
	double rtt, jitter, loss;
	guint64 in, out, refused;
};

static void
look_at_source(const GstStructure *source, struct sums *sums)
{
	gboolean internal = FALSE, have = FALSE;
	guint rtt = 0, fraction = 0, jitter = 0;
	int rate = 0;

	gst_structure_get_boolean(source, "internal", &internal);
	gst_structure_get_int(source, "clock-rate", &rate);
	if (internal)
		return;
	/* What they report about us; the largest of them is what is felt. */
	if (gst_structure_get_boolean(source, "have-rb", &have) && have) {
		gst_structure_get_uint(source, "rb-round-trip", &rtt);
		gst_structure_get_uint(source, "rb-fractionlost", &fraction);
		if (rtt)
			sums->rtt = MAX(sums->rtt, rtt / 65.536);
		sums->loss = MAX(sums->loss, fraction / 256.0);
	}
	/* Of the sound: what is repeated comes as late as it is. */
	if (gst_structure_get_uint(source, "jitter", &jitter) && rate == AUDIO_RATE)
		sums->jitter = MAX(sums->jitter, jitter * 1000.0 / rate);
}

static void
look_at_session(Session *session, guint index, struct sums *sums)
{
	g_autoptr(GObject) rtp = pipeline_session(session->pipeline, index);
	g_autoptr(GstStructure) stats = NULL;
	const GValue *value;

	if (!rtp)
		return;
	g_object_get(rtp, "stats", &stats, NULL);
	value = stats ? gst_structure_get_value(stats, "source-stats") : NULL;
	if (!value)
		return;
	GValueArray *sources = g_value_get_boxed(value);
	for (guint i = 0; i < sources->n_values; i++)
		look_at_source(g_value_get_boxed(&sources->values[i]), sums);
}

/* What we send follows what arrives. */
static void
adapt(Session *session, const struct content *carrier, const struct sums *felt)
{
	for (guint i = 0; i < session->n; i++) {
		struct content *content = session->contents[i];
		if (content->carrier != carrier || content->over)
			continue;
		if (content->send && felt->loss >= 0)
			audiosend_loss(content->send, felt->loss);
		if (content->picture && carrier->flowing)
			video_bitrate(content->picture, bitrate_next(&content->bitrate, felt->loss, felt->rtt));
	}
}

static void
add_transport(Session *session, struct content *content, struct sums *sums)
{
	struct sums felt = { -1, -1, -1, 0, 0, 0 };
	struct transport_counts counts;

	look_at_session(session, content->index, &felt);
	adapt(session, content, &felt);
	transport_count(content->transport, &counts);
	sums->rtt = MAX(sums->rtt, felt.rtt);
	sums->jitter = MAX(sums->jitter, felt.jitter);
	sums->loss = MAX(sums->loss, felt.loss);
	sums->in += counts.in;
	sums->out += counts.out;
	sums->refused += counts.refused - MIN(counts.refused, content->base.refused);
}

struct frames {
	double level_in, level_out;
	guint64 audio_in, video_in, audio_out, video_out;
};

static void
add_media(struct content *content, struct frames *frames)
{
	if (content->send) {
		frames->level_in = audioplay_level(content->play);
		frames->level_out = audiosend_level(content->send);
		frames->audio_in += audioplay_frames(content->play);
		frames->audio_out += audiosend_frames(content->send);
	}
	if (content->picture) {
		frames->video_in += video_frames(content->picture, false);
		frames->video_out += video_frames(content->picture, true);
	}
}

static void
tell(Session *session)
{
	struct sums sums = { -1, -1, -1, 0, 0, 0 };
	struct frames frames = { NAN, NAN, 0, 0, 0, 0 };

	for (guint i = 0; i < session->n; i++) {
		if (session->contents[i]->transport)
			add_transport(session, session->contents[i], &sums);
		add_media(session->contents[i], &frames);
	}
	guint bits_in = 8 * (sums.in - session->last_in), bits_out = 8 * (sums.out - session->last_out);
	session->last_in = sums.in;
	session->last_out = sums.out;
	media_link_send(session->link, MEDIA_STATS,
		g_variant_new(MEDIA_STATS_TYPE, sums.rtt, sums.jitter, sums.loss, bits_in, bits_out, frames.level_in,
			frames.level_out, frames.audio_in, frames.video_in, frames.audio_out, frames.video_out, sums.refused));
}

/* All that comes is refused: the secrets of the two sides differ. SRTP drops silently. */
static bool
keys_differ(struct content *content)
{
	struct transport_counts counts;
	gint64 now = g_get_monotonic_time();

	if (!content->transport || !content->open || content->flowing)
		return false;
	transport_count(content->transport, &counts);
	guint64 heard = counts.heard - content->base.heard, refused = counts.refused - content->base.refused;
	if (heard < REFUSED_MIN || refused < heard) {
		content->refused_since = 0;
		return false;
	}
	if (!content->refused_since)
		content->refused_since = now;
	return now - content->refused_since >= REFUSED_FOR * 1000;
}

/* Reports come all the time, on hold, too. ICE itself notices after half a minute that a way is gone. */
static void
watch(struct content *content)
{
	struct transport_counts counts;
	gint64 now = g_get_monotonic_time();

	if (!content->transport || !content->flowing)
		return;
	transport_count(content->transport, &counts);
	/* What was refused may be anybody's: packets of before, sent again. */
	guint64 genuine = counts.heard - counts.refused;
	if (genuine != content->genuine) {
		content->genuine = genuine;
		content->heard_at = now;
		if (content->quiet)
			content_tell(content, "flowing");
		content->quiet = false;
	} else if (!content->quiet && now - content->heard_at > QUIET_FOR * G_USEC_PER_SEC) {
		content->quiet = true;
		content_tell(content, "lost");
	}
}

/* Nobody else would say it before all is silent for long. */
static void
watch_address(Session *session)
{
	if (session->moved || !ice_moved(session->ice))
		return;
	for (guint i = 0; i < session->n && !session->moved; i++)
		if (session->contents[i]->flowing) {
			session->moved = true;
			content_tell(session->contents[i], "moved");
		}
}

static gboolean
tick(gpointer data)
{
	Session *session = data;

	if (session->over)
		return G_SOURCE_CONTINUE;
	for (guint i = 0; i < session->n; i++)
		watch(session->contents[i]);
	for (guint i = 0; i < session->n; i++)
		if (keys_differ(session->contents[i])) {
			session_fail(session, "keys",
				"the two sides have different keys: nothing of the other side can be heard or was played");
			return G_SOURCE_CONTINUE;
		}
	if (++session->ticks % TICKS)
		return G_SOURCE_CONTINUE;
	watch_address(session);
	tell(session);
	return G_SOURCE_CONTINUE;
}

void
stats_begin(Session *session)
{
	if (!session->ticker)
		session->ticker = g_timeout_add(TICK, tick, session);
}
