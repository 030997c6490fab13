/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pipeline of its own, beside the call's: a table of tones, from the beginning again where it says so. */
#include "media/sound.h"

#include "media/feeder.h"
#include "media/pipeline.h"

#include <math.h>
#include <string.h>

enum { RATE = 48000, PIECES = 100, LOUDNESS = 6000, EDGE = 240 /* samples: no click */ };

struct tone {
	guint hertz, ms; /* 0 Hz: silence */
};

static const struct melody {
	const char *name;
	bool again;
	struct tone tones[8]; /* 0 ms ends them */
} melodies[] = {
	{ "ringing", true, { { 587, 180 }, { 0, 60 }, { 880, 180 }, { 0, 60 }, { 587, 180 }, { 0, 2400 } } },
	{ "waiting", true, { { 440, 120 }, { 0, 100 }, { 440, 120 }, { 0, 4500 } } },
	{ "hangup", false, { { 660, 110 }, { 0, 30 }, { 523, 110 }, { 0, 30 }, { 392, 180 } } },
};

struct Sound {
	GstElement *pipeline;
	Feeder *feeder;
	const struct melody *melody;
	guint64 length; /* samples of one round */
};

static gint16
sample_at(const Sound *sound, guint64 at)
{
	guint64 from = sound->melody->again ? at % sound->length : at;

	for (const struct tone *tone = sound->melody->tones; tone->ms; tone++) {
		guint64 length = (guint64)tone->ms * RATE / 1000;
		if (from < length) {
			guint64 edge = MIN(MIN(from, length - from), EDGE);
			return tone->hertz ? lrint(LOUDNESS * edge / EDGE * sin(2 * G_PI * tone->hertz * from / RATE)) : 0;
		}
		from -= length;
	}
	return 0;
}

static void
fill(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	gint16 *samples = (gint16 *)(gpointer)bytes;
	guint count = size / sizeof *samples;

	for (guint i = 0; i < count; i++)
		samples[i] = sample_at(owner, n * count + i);
}

static bool
build(Sound *sound, const char *device, GError **error)
{
	sound->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
	GstElement *part = pipeline_add(GST_BIN(sound->pipeline), error,
		"appsrc name=feed is-live=true format=time caps=audio/x-raw,format=S16LE,rate=%d,channels=1,layout=interleaved ! "
		"audioconvert ! audioresample ! pulsesink name=device client-name=sotto buffer-time=40000 latency-time=10000",
		RATE);
	if (!part)
		return false;
	if (device) {
		g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(part), "device");
		g_object_set(element, "device", device, NULL);
	}
	if (gst_element_set_state(sound->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		return fault(error, FAULT_GONE, "the loudspeaker cannot be opened - is a sound server running?");
	g_autoptr(GstElement) feed = gst_bin_get_by_name(GST_BIN(part), "feed");
	sound->feeder = feeder_new(feed, RATE / PIECES * sizeof(gint16), GST_SECOND / PIECES, fill, sound);
	return true;
}

Sound *
sound_new(const char *which, const struct choice *sink, GError **error)
{
	g_autoptr(Sound) sound = g_new0(Sound, 1);

	if (sink->kind != CHOICE_AUTO && sink->kind != CHOICE_DEVICE)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(melodies); i++)
		if (!strcmp(melodies[i].name, which))
			sound->melody = &melodies[i];
	if (!sound->melody)
		return fault_null(error, FAULT_INPUT, "there is no sound \"%s\"", which);
	for (const struct tone *tone = sound->melody->tones; tone->ms; tone++)
		sound->length += (guint64)tone->ms * RATE / 1000;
	return build(sound, sink->device, error) ? g_steal_pointer(&sound) : NULL;
}

void
sound_free(Sound *sound)
{
	if (!sound)
		return;
	if (sound->pipeline) {
		GstElement *pipeline = sound->pipeline;
		gst_element_set_state(pipeline, GST_STATE_NULL);
		feeder_free(sound->feeder);
		gst_object_unref(pipeline);
	}
	g_free(sound);
}
