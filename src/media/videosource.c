/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cameras by Video4Linux; all else is fed. */
#include "media/videosource.h"

#include "media/feeder.h"
#include "media/pipeline.h"
#include "media/testcard.h"
#include "media/y4m.h"

#include <string.h>

enum { FILE_MAX = 1 << 30, PATIENCE = 2 /* s without anything to echo */ };

struct VideoSource {
	GstElement *part;
	Feeder *feeder;
	Echo *echo;
	GBytes *file;
	struct y4m film;
	GstVideoInfo info;
	guint rate;
	guint8 *last; /* what was echoed last */
	guint64 last_n;
};

static void
fill_card(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	VideoSource *source = owner;

	(void)size;
	testcard_draw(n, bytes, &source->info);
}

static void
fill_film(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	VideoSource *source = owner;
	const guint8 *picture = y4m_picture(&source->film, n);
	(void)size;

	for (guint plane = 0; picture && plane < 3; plane++) {
		guint width = GST_VIDEO_INFO_COMP_WIDTH(&source->info, plane),
		      height = GST_VIDEO_INFO_COMP_HEIGHT(&source->info, plane);
		guint8 *at = bytes + GST_VIDEO_INFO_PLANE_OFFSET(&source->info, plane);
		for (guint y = 0; y < height; y++, picture += width, at += GST_VIDEO_INFO_PLANE_STRIDE(&source->info, plane))
			memcpy(at, picture, width);
	}
}

static void
fill_echo(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	VideoSource *source = owner;

	if (source->echo && echo_get(source->echo, bytes, size)) {
		if (!source->last)
			source->last = g_malloc(size);
		memcpy(source->last, bytes, size);
		source->last_n = n;
	} else if (source->last && n - source->last_n < PATIENCE * source->rate) {
		memcpy(bytes, source->last, size);
	} else {
		fill_card(owner, n, bytes, size);
	}
}

static const feeder_fill fills[] = {
	[CHOICE_TEST] = fill_card,
	[CHOICE_FILE] = fill_film,
	[CHOICE_ECHO] = fill_echo,
};

static bool
read_file(VideoSource *source, int fd, GError **error)
{
	g_autoptr(GMappedFile) mapped = g_mapped_file_new_from_fd(fd, FALSE, NULL);
	gsize size;

	if (!mapped || g_mapped_file_get_length(mapped) > FILE_MAX)
		return fault(error, FAULT_INPUT, "the film cannot be read");
	source->file = g_mapped_file_get_bytes(mapped);
	const guint8 *bytes = g_bytes_get_data(source->file, &size);
	if (!bytes || !y4m_read(bytes, size, &source->film, error))
		return fault(error, FAULT_INPUT, "the film cannot be read");
	source->rate = source->film.rate;
	gst_video_info_set_format(&source->info, GST_VIDEO_FORMAT_I420, source->film.width, source->film.height);
	return true;
}

/* The first that a camera gives is taken. */
static const struct {
	const char *type, *decoder;
} kinds[] = {
	{ "video/x-raw", "" },
	{ "image/jpeg", " ! jpegdec" },
};

char *
videosource_camera(GstCaps *caps, guint width, guint height)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *words = g_strdup_printf("%s,width=[1,%u],height=[1,%u]", kinds[i].type, width, height);
		g_autoptr(GstCaps) wanted = gst_caps_from_string(words);

		if (gst_caps_can_intersect(caps, wanted))
			return g_strconcat(words, kinds[i].decoder, NULL);
	}
	return g_strdup(kinds[0].type);
}

/* Only an open camera says what it gives. */
static GstCaps *
ask_camera(const char *device)
{
	g_autoptr(GstElement) camera = gst_element_factory_make("v4l2src", NULL);
	g_autoptr(GstPad) pad = camera ? gst_element_get_static_pad(gst_object_ref_sink(camera), "src") : NULL;
	GstCaps *caps;

	if (!camera)
		return gst_caps_new_any();
	if (device)
		g_object_set(camera, "device", device, NULL);
	gst_element_set_state(camera, GST_STATE_READY);
	caps = gst_pad_query_caps(pad, NULL);
	gst_element_set_state(camera, GST_STATE_NULL);
	return caps;
}

static bool
open_camera(VideoSource *source, GstBin *bin, const struct choice *choice, guint width, guint height, GError **error)
{
	g_autoptr(GstCaps) caps = ask_camera(choice->device);
	g_autofree char *words = videosource_camera(caps, width, height);

	source->part = pipeline_add(bin, error, "v4l2src name=device do-timestamp=true ! %s ! identity", words);
	if (!source->part)
		return false;
	if (choice->device) {
		g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(source->part), "device");
		g_object_set(element, "device", choice->device, NULL);
	}
	return true;
}

static bool
open_fed(VideoSource *source, GstBin *bin, GError **error)
{
	source->part = pipeline_add(bin, error,
		"appsrc name=feed is-live=true format=time max-bytes=0 "
		"caps=video/x-raw,format=I420,width=%d,height=%d,framerate=%u/1",
		GST_VIDEO_INFO_WIDTH(&source->info), GST_VIDEO_INFO_HEIGHT(&source->info), source->rate);
	return source->part != NULL;
}

VideoSource *
videosource_new(
	GstBin *bin, GstPad *sink, const struct choice *choice, guint width, guint height, guint rate, Echo *echo, GError **error)
{
	VideoSource *source = g_new0(VideoSource, 1);
	bool camera = choice->kind == CHOICE_AUTO || choice->kind == CHOICE_DEVICE;

	source->echo = echo;
	source->rate = rate;
	gst_video_info_set_format(&source->info, GST_VIDEO_FORMAT_I420, width, height);
	bool well = (choice->kind != CHOICE_FILE || read_file(source, choice->fd, error)) &&
		    (camera ? open_camera(source, bin, choice, width, height, error) : open_fed(source, bin, error));
	g_autoptr(GstPad) pad = well ? gst_element_get_static_pad(source->part, "src") : NULL;
	if (well && (gst_pad_link(pad, sink) != GST_PAD_LINK_OK ||
			    gst_element_set_state(source->part, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE))
		well = fault(error, FAULT_GONE, "the camera cannot be opened - is it there, and does nobody else use it?");
	if (!well) {
		videosource_free(source);
		return NULL;
	}
	if (!camera) {
		g_autoptr(GstElement) feed = gst_bin_get_by_name(GST_BIN(source->part), "feed");
		source->feeder = feeder_new(
			feed, GST_VIDEO_INFO_SIZE(&source->info), GST_SECOND / source->rate, fills[choice->kind], source);
	}
	return source;
}

void
videosource_free(VideoSource *source)
{
	if (!source)
		return;
	if (source->part) {
		gst_element_set_locked_state(source->part, TRUE);
		gst_element_set_state(source->part, GST_STATE_NULL);
	}
	feeder_free(source->feeder);
	if (source->part)
		pipeline_take(source->part);
	g_clear_pointer(&source->file, g_bytes_unref);
	g_free(source->last);
	g_free(source);
}

GstElement *
videosource_part(VideoSource *source)
{
	return source->part;
}
