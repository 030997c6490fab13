/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cameras that give raw pictures, and those that give JPEG alone. */
#include "media/pipeline.h"
#include "media/plugins.h"
#include "media/videosource.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BOTH "video/x-raw,format=YUY2,width=640,height=480;image/jpeg,width=640,height=480"
#define RAW "video/x-raw,width=[1,640],height=[1,480]"
#define JPEG "image/jpeg,width=[1,640],height=[1,480] ! jpegdec"

static const struct {
	const char *caps, *words;
} cameras[] = {
	{ BOTH, RAW },
	{ "image/jpeg,width=[160,1920],height=[120,1080]", JPEG },
	{ "video/x-raw,format=YUY2,width=1920,height=1080;image/jpeg,width=640,height=480", JPEG }, /* raw is too big */
	{ "video/x-h264", "video/x-raw" },                                                          /* which fails, and is said */
	{ "ANY", RAW },
};

static int
begin(void **unused)
{
	(void)unused;
	return plugins_load(NULL) ? 0 : 1;
}

static int
end(void **unused)
{
	(void)unused;
	plugins_wait();
	return 0;
}

static void
raw_pictures_are_preferred_and_jpeg_is_better_than_none(void **unused)
{
	(void)unused;
	for (gsize i = 0; i < G_N_ELEMENTS(cameras); i++) {
		g_autoptr(GstCaps) caps = gst_caps_from_string(cameras[i].caps);
		g_autofree char *words = videosource_camera(caps, 640, 480);

		assert_string_equal(words, cameras[i].words);
	}
}

/* A picture of JPEG's that is grey all over, as a camera would give it. */
static GstSample *
jpeg(GstBin *bin)
{
	GstElement *part = pipeline_add(bin, NULL,
		"appsrc name=feed caps=video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! jpegenc ! appsink name=out");
	g_autoptr(GstElement) feed = gst_bin_get_by_name(GST_BIN(part), "feed"), out = gst_bin_get_by_name(GST_BIN(part), "out");
	GstBuffer *grey = gst_buffer_new_allocate(NULL, 320 * 240 * 3 / 2, NULL);
	GstSample *sample;

	gst_buffer_memset(grey, 0, 128, gst_buffer_get_size(grey));
	gst_element_set_state(GST_ELEMENT(bin), GST_STATE_PLAYING);
	gst_app_src_push_buffer(GST_APP_SRC(feed), grey);
	gst_app_src_end_of_stream(GST_APP_SRC(feed));
	sample = gst_app_sink_pull_sample(GST_APP_SINK(out));
	gst_element_set_state(GST_ELEMENT(bin), GST_STATE_NULL);
	return sample;
}

static void
what_a_camera_gives_as_jpeg_is_a_raw_picture_behind_it(void **unused)
{
	GstElement *coder = gst_object_ref_sink(gst_pipeline_new(NULL)), *camera = gst_object_ref_sink(gst_pipeline_new(NULL));
	g_autoptr(GstSample) coded = jpeg(GST_BIN(coder)), seen = NULL;
	g_autofree char *words = videosource_camera(gst_sample_get_caps(coded), 640, 480);
	GstElement *part =
		pipeline_add(GST_BIN(camera), NULL, "appsrc name=feed ! %s ! identity ! appsink name=out sync=false", words);
	g_autoptr(GstElement) feed = gst_bin_get_by_name(GST_BIN(part), "feed"), out = gst_bin_get_by_name(GST_BIN(part), "out");
	const GstStructure *told;
	guint8 middle = 0;
	int width;

	(void)unused;
	gst_element_set_state(camera, GST_STATE_PLAYING);
	gst_app_src_push_sample(GST_APP_SRC(feed), coded);
	gst_app_src_end_of_stream(GST_APP_SRC(feed));
	seen = gst_app_sink_pull_sample(GST_APP_SINK(out));
	assert_non_null(seen);
	told = gst_caps_get_structure(gst_sample_get_caps(seen), 0);
	assert_string_equal(gst_structure_get_name(told), "video/x-raw");
	assert_true(gst_structure_get_int(told, "width", &width) && width == 320);
	gst_buffer_extract(gst_sample_get_buffer(seen), 120 * 320 + 160, &middle, 1);
	assert_in_range(middle, 126, 130);
	gst_element_set_state(camera, GST_STATE_NULL);
	gst_object_unref(camera);
	gst_object_unref(coder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_pictures_are_preferred_and_jpeg_is_better_than_none),
		cmocka_unit_test(what_a_camera_gives_as_jpeg_is_a_raw_picture_behind_it),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
