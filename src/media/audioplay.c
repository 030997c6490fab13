/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtpopusdepay -> opusdec -> volume -> what the echo canceller watches -> sink. Sinks come and go at a tee. */
#include "media/audioplay.h"

#include "media/branch.h"
#include "media/meter.h"
#include "media/opus.h"
#include "media/pipeline.h"
#include "media/wav.h"

#include <fcntl.h>
#include <unistd.h>

enum { RATE = 48000, VOLUME_MAX = 150 };
/* FEC makes the decoder declare a whole packet of the longest kind as its latency; ours have 20 ms. */
enum { DECLARED = 100 };

struct AudioPlay {
	GstBin *bin;
	GstElement *part, *tee;
	Branch *sink;
	GstPad *pad;
	Echo *echo;
	gint echoing; /* atomic */
	int fd;
	char *probe;
	Meter *meter;
};

static GstPadProbeReturn
correct_latency(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
	GstClockTime min, max;
	gboolean live;

	(void)pad;
	(void)data;
	if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) {
		gst_query_parse_latency(query, &live, &min, &max);
		if (min > DECLARED * GST_MSECOND)
			gst_query_set_latency(query, live, min - DECLARED * GST_MSECOND, max);
	}
	return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
keep_echo(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	AudioPlay *play = data;
	GstMapInfo map;

	(void)pad;
	if (g_atomic_int_get(&play->echoing) && gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ)) {
		echo_put(play->echo, map.data, map.size);
		gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
	}
	return GST_PAD_PROBE_OK;
}

#define CHAIN                                                                                                           \
	"rtpopusdepay ! opusdec name=decoder plc=true use-inband-fec=%s ! audioconvert ! audioresample ! "              \
	"audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! volume name=volume ! %s%s%s tee name=tee " \
	"allow-not-linked=true"

static bool
build(AudioPlay *play, bool fec, GError **error)
{
	bool canceller = gst_element_factory_find("webrtcechoprobe");

	play->probe = canceller ? g_strdup_printf("heard-%08x", g_random_int()) : NULL;
	play->part = pipeline_add(play->bin, error, CHAIN, fec ? "true" : "false", canceller ? "webrtcechoprobe name=" : "",
		canceller ? play->probe : "", canceller ? " !" : "");
	if (!play->part)
		return false;
	g_autoptr(GstElement) decoder = gst_bin_get_by_name(GST_BIN(play->part), "decoder");
	g_autoptr(GstElement) volume = gst_bin_get_by_name(GST_BIN(play->part), "volume");
	g_autoptr(GstPad) decoded = gst_element_get_static_pad(decoder, "src"), loud = gst_element_get_static_pad(volume, "src");
	g_autoptr(GstPad) coded = gst_element_get_static_pad(decoder, "sink");
	opus_bound(coded);
	if (fec)
		gst_pad_add_probe(
			decoded, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PULL, correct_latency, NULL, NULL);
	gst_pad_add_probe(loud, GST_PAD_PROBE_TYPE_BUFFER, keep_echo, play, NULL);
	play->meter = meter_new(loud, true);
	play->tee = gst_bin_get_by_name(GST_BIN(play->part), "tee");
	play->pad = gst_element_get_static_pad(play->part, "sink");
	gst_element_sync_state_with_parent(play->part);
	return true;
}

AudioPlay *
audioplay_new(GstBin *bin, Echo *echo, bool fec, GError **error)
{
	AudioPlay *play = g_new0(AudioPlay, 1);

	play->bin = bin;
	play->echo = echo;
	play->fd = -1;
	if (build(play, fec, error))
		return play;
	audioplay_free(play);
	return NULL;
}

static void
close_sink(AudioPlay *play)
{
	g_clear_pointer(&play->sink, branch_free);
	if (play->fd >= 0)
		close(play->fd);
	play->fd = -1;
}

void
audioplay_free(AudioPlay *play)
{
	if (!play)
		return;
	if (play->part)
		close_sink(play);
	if (play->part)
		pipeline_take(play->part);
	g_clear_pointer(&play->tee, gst_object_unref);
	g_clear_pointer(&play->pad, gst_object_unref);
	g_free(play->probe);
	meter_free(play->meter);
	g_free(play);
}

GstPad *
audioplay_pad(AudioPlay *play)
{
	return play->pad;
}

const char *
audioplay_probe(AudioPlay *play)
{
	return play->probe;
}

static bool
open_sink(AudioPlay *play, const struct choice *choice, GError **error)
{
	guint8 head[WAV_HEAD];

	switch (choice->kind) {
	case CHOICE_AUTO:
	case CHOICE_DEVICE:
		/* The stock buffers would add 85 ms, and the sink 20 for decoding that is done already. */
		play->sink = branch_new(play->tee, error,
			"queue max-size-time=200000000 max-size-bytes=0 max-size-buffers=0 leaky=downstream ! audioconvert ! "
			"audioresample ! "
			"pulsesink name=device client-name=sotto buffer-time=40000 latency-time=10000 processing-deadline=1000000 "
			"async=false");
		if (play->sink && choice->device) {
			g_autoptr(GstElement) device = gst_bin_get_by_name(GST_BIN(branch_part(play->sink)), "device");
			g_object_set(device, "device", choice->device, NULL);
		}
		return play->sink != NULL;
	case CHOICE_FILE:
		play->fd = fcntl(choice->fd, F_DUPFD_CLOEXEC, 0);
		wav_head(head, RATE, 1);
		if (play->fd < 0 || write(play->fd, head, sizeof head) != sizeof head)
			return fault(error, FAULT_INPUT, "the sound file cannot be written");
		play->sink = branch_new(
			play->tee, error, "queue ! fdsink fd=%d sync=true async=false processing-deadline=1000000", play->fd);
		return play->sink != NULL;
	default: /* it goes nowhere, and nobody waits for its time */
		return true;
	}
}

bool
audioplay_sink(AudioPlay *play, const struct choice *choice, GError **error)
{
	close_sink(play);
	g_autoptr(GError) why = NULL;
	if (!open_sink(play, choice, error))
		return false;
	if (!play->sink || branch_start(play->sink, &why))
		return true;
	close_sink(play);
	return fault(error, FAULT_GONE, "the loudspeaker cannot be opened - is a sound server running, and is the device there?");
}

void
audioplay_echo(AudioPlay *play, bool on)
{
	g_atomic_int_set(&play->echoing, on);
}

void
audioplay_volume(AudioPlay *play, guint percent)
{
	g_autoptr(GstElement) volume = gst_bin_get_by_name(GST_BIN(play->part), "volume");

	g_object_set(volume, "volume", MIN(percent, VOLUME_MAX) / 100.0, NULL);
}

double
audioplay_level(AudioPlay *play)
{
	return meter_level(play->meter);
}

guint64
audioplay_frames(AudioPlay *play)
{
	return meter_pieces(play->meter);
}

bool
audioplay_owns(AudioPlay *play, GstObject *element)
{
	return play->sink && gst_object_has_as_ancestor(element, GST_OBJECT(branch_part(play->sink)));
}
