/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call makes of sound, part by part. */
#include "media/audioplay.h"
#include "media/audiosend.h"
#include "media/plugins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static GstElement *pipeline, *funnel;

static int
begin(void **unused)
{
	(void)unused;
	if (!plugins_load(NULL))
		return 1;
	pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
	funnel = gst_element_factory_make("rtpfunnel", NULL);
	gst_bin_add(GST_BIN(pipeline), funnel);
	return 0;
}

static int
end(void **unused)
{
	(void)unused;
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(pipeline);
	plugins_wait();
	return 0;
}

static bool
is_on(const char *element, const char *property)
{
	g_autoptr(GstElement) found = gst_bin_get_by_name(GST_BIN(pipeline), element);
	gboolean on;

	g_object_get(found, property, &on, NULL);
	return on;
}

static void
nobody_waits_for_what_is_not_mended(void **unused)
{
	(void)unused;
	for (int fec = 0; fec < 2; fec++) {
		AudioPlay *play = audioplay_new(GST_BIN(pipeline), NULL, fec, NULL);
		AudioSend *send = audiosend_new(
			&(struct audiosend_setup){
				.bin = GST_BIN(pipeline), .funnel = funnel, .pt = 111, .ssrc = 1, .dtmf = -1, .fec = fec },
			NULL);

		assert_non_null(play);
		assert_non_null(send);
		assert_int_equal(is_on("decoder", "use-inband-fec"), fec);
		assert_true(is_on("decoder", "plc"));
		assert_int_equal(is_on("encoder", "inband-fec"), fec);
		audiosend_free(send);
		audioplay_free(play);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nobody_waits_for_what_is_not_mended) };

	return cmocka_run_group_tests(tests, begin, end);
}
