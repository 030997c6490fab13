/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Microphones come from PulseAudio (PipeWire answers there too); all else is fed in pieces of 10 ms. */
#include "media/audiosource.h"

#include "media/feeder.h"
#include "media/pipeline.h"
#include "media/wav.h"

#include <math.h>
#include <string.h>

enum { RATE = 48000, PIECES = 100, TONE = 440, LOUDNESS = 8000, WAVES = 1200 /* samples: eleven of the tone */ };
enum { FILE_MAX = 256 << 20 };
enum { ECHO_AHEAD = 6 }; /* pieces: what is heard comes unevenly */

struct AudioSource {
	GstElement *part;
	Feeder *feeder;
	Echo *echo;
	GBytes *file;
	struct wav wav;
	gint16 waves[WAVES];
	gsize at;
	bool flowing; /* of the echo */
};

static void
fill_silence(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	(void)owner;
	(void)n;
	memset(bytes, 0, size);
}

static void
fill_tone(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	AudioSource *source = owner;
	gint16 *samples = (gint16 *)(gpointer)bytes;
	guint count = size / sizeof *samples;

	for (guint i = 0; n == 0 && i < WAVES; i++)
		source->waves[i] = lrint(LOUDNESS * sin(2 * G_PI * TONE * i / RATE));
	for (guint i = 0; i < count; i++)
		samples[i] = source->waves[(n * count + i) % WAVES];
}

static void
fill_file(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	AudioSource *source = owner;
	gsize here = MIN(size, source->wav.size - source->at);

	(void)n;
	memcpy(bytes, source->wav.samples + source->at, here);
	memset(bytes + here, 0, size - here);
	source->at += here;
}

static void
fill_echo(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	AudioSource *source = owner;

	(void)n;
	source->flowing = source->echo && (source->flowing || echo_waiting(source->echo) >= ECHO_AHEAD * size) &&
			  echo_get(source->echo, bytes, size);
	if (!source->flowing)
		memset(bytes, 0, size);
}

static const feeder_fill fills[] = {
	[CHOICE_NONE] = fill_silence,
	[CHOICE_TEST] = fill_tone,
	[CHOICE_FILE] = fill_file,
	[CHOICE_ECHO] = fill_echo,
};

static bool
read_file(AudioSource *source, int fd, GError **error)
{
	g_autoptr(GMappedFile) mapped = g_mapped_file_new_from_fd(fd, FALSE, NULL);

	if (!mapped || g_mapped_file_get_length(mapped) > FILE_MAX)
		return fault(error, FAULT_INPUT, "the sound file cannot be read");
	source->file = g_mapped_file_get_bytes(mapped);
	gsize size;
	const guint8 *bytes = g_bytes_get_data(source->file, &size);
	return wav_read(bytes, size, &source->wav, error);
}

static bool
open_device(AudioSource *source, GstBin *bin, const char *device, const char *probe, GError **error)
{
	g_autofree char *canceller = probe ? g_strdup_printf("webrtcdsp high-pass-filter=true probe=%s ! ", probe) : g_strdup("");
	/* Behind the queue is another thread: a microphone does not wait for the encoder. What is fed has one already. */
	source->part = pipeline_add(bin, error,
		"pulsesrc name=device client-name=sotto buffer-time=40000 latency-time=10000 ! audioconvert ! audioresample ! "
		"audio/x-raw,format=S16LE,rate=%d,channels=1,layout=interleaved ! %s"
		"queue max-size-buffers=0 max-size-bytes=0 max-size-time=200000000 leaky=downstream",
		RATE, canceller);
	if (!source->part)
		return false;
	if (device) {
		g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(source->part), "device");
		g_object_set(element, "device", device, NULL);
	}
	return true;
}

static bool
open_fed(AudioSource *source, GstBin *bin, GError **error)
{
	source->part = pipeline_add(bin, error,
		"appsrc name=feed is-live=true format=time min-latency=%" G_GUINT64_FORMAT
		" max-bytes=0 max-buffers=0 max-time=200000000 leaky-type=downstream "
		"caps=audio/x-raw,format=S16LE,rate=%u,channels=%u,layout=interleaved",
		(guint64)(GST_SECOND / PIECES), source->wav.rate, source->wav.channels);
	return source->part != NULL;
}

static bool
start(AudioSource *source, GstPad *sink, GError **error)
{
	g_autoptr(GstPad) pad = gst_element_get_static_pad(source->part, "src");

	if (gst_pad_link(pad, sink) != GST_PAD_LINK_OK)
		return fault(error, FAULT_GONE, "the source of sound does not fit");
	GstStateChangeReturn change = gst_element_set_state(source->part, GST_STATE_PLAYING);
	if (change == GST_STATE_CHANGE_FAILURE)
		return fault(
			error, FAULT_GONE, "the microphone cannot be opened - is a sound server running, and is the device there?");
	return true;
}

AudioSource *
audiosource_new(GstBin *bin, GstPad *sink, const struct choice *choice, Echo *echo, const char *probe, GError **error)
{
	g_autoptr(AudioSource) source = g_new0(AudioSource, 1);
	bool device = choice->kind == CHOICE_AUTO || choice->kind == CHOICE_DEVICE;

	source->echo = echo;
	source->wav = (struct wav){ .rate = RATE, .channels = 1 };
	if (choice->kind == CHOICE_FILE && !read_file(source, choice->fd, error))
		return NULL;
	if (device ? !open_device(source, bin, choice->device, probe, error) : !open_fed(source, bin, error))
		return NULL;
	if (!start(source, sink, error))
		return NULL;
	if (!device) {
		g_autoptr(GstElement) feed = gst_bin_get_by_name(GST_BIN(source->part), "feed");
		/* Not all rates have whole samples in 10 ms: a piece lasts as long as its samples, or there is a gap by and by. */
		guint samples = source->wav.rate / PIECES;
		source->feeder = feeder_new(feed, samples * 2 * source->wav.channels,
			gst_util_uint64_scale_int(GST_SECOND, samples, source->wav.rate), fills[choice->kind], source);
	}
	return g_steal_pointer(&source);
}

void
audiosource_free(AudioSource *source)
{
	if (!source)
		return;
	if (source->part)
		gst_element_set_locked_state(source->part, TRUE), gst_element_set_state(source->part, GST_STATE_NULL);
	feeder_free(source->feeder);
	if (source->part)
		pipeline_take(source->part);
	g_clear_pointer(&source->file, g_bytes_unref);
	g_free(source);
}

GstElement *
audiosource_part(AudioSource *source)
{
	return source->part;
}
