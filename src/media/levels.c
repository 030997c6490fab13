/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source -> opusenc -> rtpopuspay -> queue of half a second -> what plays a call. Without loopback what it plays goes nowhere. */
#include "media/levels.h"

#include <math.h>

#include "api/error.h"
#include "media/audioplay.h"
#include "media/audiosource.h"
#include "media/meter.h"
#include "media/pipeline.h"

enum { TICK_MS = 200 };

#define CHAIN                                                                                                            \
	"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! identity name=sound ! opusenc " \
	"bitrate-type=cbr bitrate=32000 "                                                                                \
	"dtx=false ! "                                                                                                   \
	"rtpopuspay pt=%d ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 min-threshold-time=%" G_GUINT64_FORMAT

struct Levels {
	MediaLink *link;
	GstElement *pipeline, *chain;
	AudioSource *source;
	AudioPlay *play;
	Meter *meter;
	guint timer, watch;
};

static gboolean
on_tick(gpointer data)
{
	Levels *levels = data;

	media_link_send(levels->link, MEDIA_STATS,
		g_variant_new(MEDIA_STATS_TYPE, -1.0, -1.0, -1.0, 0u, 0u, audioplay_level(levels->play), meter_level(levels->meter),
			audioplay_frames(levels->play), (guint64)0, meter_pieces(levels->meter), (guint64)0, (guint64)0));
	return G_SOURCE_CONTINUE;
}

static gboolean
on_message(GstBus *bus, GstMessage *message, gpointer data)
{
	Levels *levels = data;

	(void)bus;
	if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
		return G_SOURCE_CONTINUE;
	levels->watch = 0;
	media_link_send(levels->link, MEDIA_FAILED,
		g_variant_new("(ss)", "device", "the device failed - is a sound server running, and is the device there?"));
	return G_SOURCE_REMOVE;
}

static bool
choose(GVariant *start, guint child, const int *fds, struct choice *choice, GError **error)
{
	const char *word;

	g_variant_get_child(start, child, "&s", &word);
	return choice_read(word, fds, MEDIA_FDS, choice, error);
}

static bool
build(Levels *levels, bool loopback, GVariant *start, const int *fds, GError **error)
{
	struct choice source, sink = { .fd = -1 };
	GstBin *bin = GST_BIN(levels->pipeline);

	if (!choose(start, 7, fds, &source, error) || (loopback && !choose(start, 8, fds, &sink, error)))
		return false;
	levels->play = audioplay_new(bin, NULL, false, error);
	levels->chain = levels->play
				? pipeline_add(bin, error, CHAIN, MEDIA_PT_OPUS, loopback ? 500 * GST_MSECOND : (GstClockTime)0)
				: NULL;
	if (!levels->chain || !audioplay_sink(levels->play, &sink, error))
		return false;
	g_autoptr(GstPad) in = gst_element_get_static_pad(levels->chain, "sink"),
			  out = gst_element_get_static_pad(levels->chain, "src");
	g_autoptr(GstElement) sound = gst_bin_get_by_name(GST_BIN(levels->chain), "sound");
	g_autoptr(GstPad) heard = gst_element_get_static_pad(sound, "src");

	levels->meter = meter_new(heard, true);
	if (gst_pad_link(out, audioplay_pad(levels->play)) != GST_PAD_LINK_OK)
		return fault(error, FAULT_GONE, "the loudspeaker does not fit");
	gst_element_set_state(levels->pipeline, GST_STATE_PLAYING);
	levels->source = audiosource_new(bin, in, &source, NULL, NULL, error);
	return levels->source;
}

Levels *
levels_new(MediaLink *link, bool loopback, GVariant *start, const int *fds, GError **error)
{
	Levels *levels = g_new0(Levels, 1);
	g_autoptr(GstBus) bus = NULL;

	levels->link = link;
	levels->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
	bus = gst_pipeline_get_bus(GST_PIPELINE(levels->pipeline));
	levels->watch = gst_bus_add_watch(bus, on_message, levels);
	if (!build(levels, loopback, start, fds, error)) {
		levels_free(levels);
		return NULL;
	}
	levels->timer = g_timeout_add(TICK_MS, on_tick, levels);
	return levels;
}

void
levels_free(Levels *levels)
{
	if (!levels)
		return;
	if (levels->timer)
		g_source_remove(levels->timer);
	if (levels->watch)
		g_source_remove(levels->watch);
	audiosource_free(levels->source);
	gst_element_set_state(levels->pipeline, GST_STATE_NULL);
	audioplay_free(levels->play);
	gst_object_unref(levels->pipeline);
	if (levels->meter)
		meter_free(levels->meter);
	g_free(levels);
}
