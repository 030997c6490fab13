/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Camera -> vp8enc -> the transport, the transport -> vp8dec; pictures for the terminal hang on a tee in each. */
#include "media/video.h"

#include "media/bitrate.h"
#include "media/branch.h"
#include "media/formats.h"
#include "media/meter.h"
#include "media/pace.h"
#include "media/picture.h"
#include "media/pipeline.h"
#include "media/videosource.h"
#include "media/vp8.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <string.h>

enum { OWN, REMOTE, BOTH };
enum { SLOW = 150000 };

struct asked {
	guint width, height, rate;
	Picture *picture;
};

struct Video {
	struct video_setup setup;
	GstElement *part[BOTH], *tee[BOTH];
	GstPad *sink, *out; /* of the source's end; of the funnel */
	GstPad *in;         /* packets of theirs */
	VideoSource *source;
	Meter *meter[BOTH];
	Pace *pace;
	struct asked shown[BOTH];
	Echo *echo;
	Branch *echoing;
};

/* Their arguments: width, height, bits a second, payload type, source. */
static const char sender[] =
	"videoconvertscale n-threads=1 ! "
	"video/x-raw,format=I420,width=%u,height=%u,pixel-aspect-ratio=1/1 ! "
	"tee name=tee allow-not-linked=true ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream ! "
	"vp8enc name=encoder deadline=1 cpu-used=8 end-usage=cbr target-bitrate=%u lag-in-frames=0 "
	"error-resilient=partitions threads=1 keyframe-max-dist=600 max-intra-bitrate=400 min-quantizer=4 "
	"max-quantizer=56 ! rtpvp8pay name=payloader pt=%d ssrc=%u mtu=1024 picture-id-mode=15-bit";
static const char receiver[] = "rtpvp8depay name=depayloader request-keyframe=true wait-for-keyframe=true ! "
			       "vp8dec name=decoder threads=1 ! tee name=tee allow-not-linked=true";

static GstPad *
pad_of(GstElement *bin, const char *name, const char *pad)
{
	g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(bin), name);

	return gst_element_get_static_pad(element, pad);
}

static bool
build_sender(Video *video, GError **error)
{
	const struct video_setup *setup = &video->setup;

	video->part[OWN] =
		pipeline_add(setup->bin, error, sender, setup->width, setup->height, BITRATE_FIRST, setup->pt, setup->ssrc);
	if (!video->part[OWN])
		return false;
	g_autoptr(GstElement) payloader = gst_bin_get_by_name(GST_BIN(video->part[OWN]), "payloader");
	g_autoptr(GstPad) encoded = pad_of(video->part[OWN], "encoder", "src");
	formats_extend(payloader, setup->twcc);
	vp8_calm(encoded);
	video->meter[OWN] = meter_new(encoded, false);
	video->tee[OWN] = gst_bin_get_by_name(GST_BIN(video->part[OWN]), "tee");
	video->sink = gst_element_get_static_pad(video->part[OWN], "sink");
	video->pace = pace_new(video->sink, setup->rate);
	video->out = gst_element_request_pad_simple(setup->funnel, "sink_%u");
	g_autoptr(GstPad) src = gst_element_get_static_pad(video->part[OWN], "src");
	if (!src || gst_pad_link(src, video->out) != GST_PAD_LINK_OK)
		return fault(error, FAULT_GONE, "the sender of pictures cannot be put together");
	gst_element_sync_state_with_parent(video->part[OWN]);
	return true;
}

static bool
build_receiver(Video *video, GError **error)
{
	video->part[REMOTE] = pipeline_add(video->setup.bin, error, "%s", receiver);
	if (!video->part[REMOTE])
		return false;
	g_autoptr(GstPad) frames = pad_of(video->part[REMOTE], "depayloader", "src");
	g_autoptr(GstPad) decoded = pad_of(video->part[REMOTE], "decoder", "src");
	vp8_bound(frames);
	video->meter[REMOTE] = meter_new(decoded, false);
	video->tee[REMOTE] = gst_bin_get_by_name(GST_BIN(video->part[REMOTE]), "tee");
	video->in = gst_element_get_static_pad(video->part[REMOTE], "sink");
	gst_element_sync_state_with_parent(video->part[REMOTE]);
	return true;
}

Video *
video_new(const struct video_setup *setup, GError **error)
{
	Video *video = g_new0(Video, 1);

	video->setup = *setup;
	if (build_sender(video, error) && build_receiver(video, error))
		return video;
	video_free(video);
	return NULL;
}

static void
stop_echo(Video *video)
{
	g_clear_pointer(&video->echoing, branch_free);
	g_clear_pointer(&video->echo, echo_free);
}

void
video_free(Video *video)
{
	if (!video)
		return;
	g_clear_pointer(&video->source, videosource_free);
	stop_echo(video);
	for (int i = 0; i < BOTH; i++) {
		picture_free(video->shown[i].picture);
		if (video->part[i])
			pipeline_take(video->part[i]);
		g_clear_pointer(&video->tee[i], gst_object_unref);
		meter_free(video->meter[i]);
	}
	if (video->out) {
		gst_element_release_request_pad(video->setup.funnel, video->out);
		gst_object_unref(video->out);
	}
	g_clear_pointer(&video->sink, gst_object_unref);
	g_clear_pointer(&video->in, gst_object_unref);
	g_free(video);
}

GstPad *
video_pad(Video *video)
{
	return video->in;
}

/* ---- what is seen goes back ---- */

static GstFlowReturn
keep(GstAppSink *sink, gpointer data)
{
	g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
	GstMapInfo map;

	if (sample && gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ)) {
		echo_put(data, map.data, map.size);
		gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
	}
	return GST_FLOW_OK;
}

static bool
start_echo(Video *video, GError **error)
{
	static GstAppSinkCallbacks callbacks = { .new_sample = keep };
	GstVideoInfo info;

	gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, video->setup.width, video->setup.height);
	/* Room for one: the newest. */
	video->echo = echo_new(GST_VIDEO_INFO_SIZE(&info));
	video->echoing = branch_new(video->tee[REMOTE], error,
		"queue max-size-buffers=1 max-size-bytes=0 max-size-time=0 leaky=downstream ! videoconvertscale ! "
		"video/x-raw,format=I420,width=%u,height=%u,pixel-aspect-ratio=1/1 ! appsink name=out max-buffers=1 drop=true "
		"sync=false async=false",
		video->setup.width, video->setup.height);
	if (!video->echoing)
		return false;
	g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(branch_part(video->echoing)), "out");
	gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, video->echo, NULL);
	return branch_start(video->echoing, error);
}

bool
video_source(Video *video, const struct choice *choice, GError **error)
{
	const struct video_setup *setup = &video->setup;

	g_clear_pointer(&video->source, videosource_free);
	stop_echo(video);
	if (choice->kind == CHOICE_NONE)
		return true;
	if (choice->kind == CHOICE_ECHO && !start_echo(video, error))
		return false;
	video->source =
		videosource_new(setup->bin, video->sink, choice, setup->width, setup->height, setup->rate, video->echo, error);
	return video->source != NULL;
}

/* ---- what is shown ---- */

static void
show(Video *video, int which)
{
	struct asked *shown = &video->shown[which];

	g_clear_pointer(&shown->picture, picture_free);
	if (shown->width && shown->height)
		shown->picture = picture_new(
			video->tee[which], video->setup.link, which == OWN, shown->width, shown->height, shown->rate, NULL);
}

void
video_show(Video *video, bool own, guint width, guint height, guint rate)
{
	struct asked *shown = &video->shown[own ? OWN : REMOTE];

	if (shown->width == width && shown->height == height && shown->rate == rate)
		return;
	shown->width = width;
	shown->height = height;
	shown->rate = rate;
	show(video, own ? OWN : REMOTE);
}

void
video_bitrate(Video *video, guint bits)
{
	g_autoptr(GstElement) encoder = gst_bin_get_by_name(GST_BIN(video->part[OWN]), "encoder");

	g_object_set(encoder, "target-bitrate", (gint)bits, NULL);
	pace_set(video->pace, bits < SLOW ? MAX(video->setup.rate / 2, 1) : video->setup.rate);
}

void
video_whole(Video *video)
{
	g_autoptr(GstPad) encoded = pad_of(video->part[OWN], "encoder", "src");

	gst_pad_send_event(encoded, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new_empty("GstForceKeyUnit")));
}

guint64
video_frames(Video *video, bool own)
{
	return meter_pieces(video->meter[own ? OWN : REMOTE]);
}

bool
video_owns(Video *video, GstObject *element)
{
	return video->source && gst_object_has_as_ancestor(element, GST_OBJECT(videosource_part(video->source)));
}
