/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A branch of a tee. There is never more than one picture under way: the newest. */
#include "media/picture.h"

#include "api/error.h"
#include "media/branch.h"
#include "media/pace.h"
#include "media/post.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <string.h>

enum { SIDE_MAX = 1280, RATE_MAX = 30 };

struct Picture {
	guint refs; /* the tee's, and each letter's */
	MediaLink *link;
	bool own, over;
	Branch *branch;
	GstElement *sink;
	gint posted; /* atomic */
};

static void
picture_unref(gpointer data)
{
	Picture *picture = data;

	if (g_atomic_int_dec_and_test((gint *)&picture->refs)) {
		g_clear_pointer(&picture->sink, gst_object_unref);
		g_free(picture);
	}
}

/* GStreamer's rows are padded to four bytes. */
static GVariant *
tight(GstSample *sample, guint *width, guint *height)
{
	GstVideoInfo info;
	GstVideoFrame frame;

	if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
		!gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
		return NULL;
	*width = GST_VIDEO_INFO_WIDTH(&info);
	*height = GST_VIDEO_INFO_HEIGHT(&info);
	gsize row = *width * 3;
	guint8 *bytes = g_malloc(row * *height);
	for (guint y = 0; y < *height; y++)
		memcpy(bytes + y * row,
			(guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) + y * (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0), row);
	gst_video_frame_unmap(&frame);
	return g_variant_new_from_data(G_VARIANT_TYPE_BYTESTRING, bytes, row * *height, TRUE, g_free, bytes);
}

static void
send(gpointer data)
{
	Picture *picture = data;
	guint width, height;

	g_atomic_int_set(&picture->posted, 0);
	if (picture->over)
		return;
	g_autoptr(GstSample) sample = gst_app_sink_try_pull_sample(GST_APP_SINK(picture->sink), 0);
	if (!sample || media_link_waiting(picture->link) > 0)
		return;
	GVariant *rgb = tight(sample, &width, &height);
	if (rgb)
		media_link_send(
			picture->link, MEDIA_FRAME, g_variant_new("(suu@ay)", picture->own ? "own" : "remote", width, height, rgb));
}

static GstFlowReturn
on_sample(GstAppSink *sink, gpointer data)
{
	Picture *picture = data;

	(void)sink;
	if (g_atomic_int_compare_and_exchange(&picture->posted, 0, 1)) {
		g_atomic_int_inc((gint *)&picture->refs);
		post(send, picture, picture_unref);
	}
	return GST_FLOW_OK;
}

Picture *
picture_new(GstElement *tee, MediaLink *link, bool own, guint width, guint height, guint rate, GError **error)
{
	Picture *picture = g_new0(Picture, 1);

	picture->refs = 1;
	picture->link = link;
	picture->own = own;
	/* Borders keep the shape of what is in the picture; the size is what was asked for. */
	picture->branch = branch_new(tee, error,
		"queue max-size-buffers=1 max-size-bytes=0 max-size-time=0 leaky=downstream ! "
		"videoconvertscale add-borders=true ! video/x-raw,format=RGB,width=%u,height=%u,pixel-aspect-ratio=1/1 ! "
		"appsink name=out max-buffers=1 drop=true sync=false async=false",
		CLAMP(width, 2, SIDE_MAX), CLAMP(height, 2, SIDE_MAX));
	if (!picture->branch) {
		picture_unref(picture);
		return NULL;
	}
	g_autoptr(GstPad) pad = gst_element_get_static_pad(branch_part(picture->branch), "sink");
	pace_new(pad, CLAMP(rate, 1, RATE_MAX));
	picture->sink = gst_bin_get_by_name(GST_BIN(branch_part(picture->branch)), "out");
	static GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
	gst_app_sink_set_callbacks(GST_APP_SINK(picture->sink), &callbacks, picture, NULL);
	if (branch_start(picture->branch, error))
		return picture;
	picture_free(picture);
	return NULL;
}

void
picture_free(Picture *picture)
{
	if (!picture)
		return;
	picture->over = true;
	g_clear_pointer(&picture->branch, branch_free);
	picture_unref(picture);
}
