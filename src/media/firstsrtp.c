/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet of nothing, under a key of chance, to nobody. */
#include "media/firstsrtp.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#define CHAIN                                                                                                         \
	"appsrc name=in format=time caps=\"application/x-rtp,media=audio,clock-rate=8000,payload=0,ssrc=(uint)1\" ! " \
	"srtpenc random-key=true ! fakesink async=false sync=false"
enum { PATIENCE_MS = 500 };

static GstElement *kept;

void
firstsrtp_send(void)
{
	static const guint8 packet[] = { 0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 };
	g_autoptr(GstElement) in = NULL;
	g_autoptr(GstBus) bus = NULL;
	g_autoptr(GstMessage) end = NULL;

	kept = gst_parse_launch(CHAIN, NULL);
	if (!kept)
		return;
	in = gst_bin_get_by_name(GST_BIN(kept), "in");
	bus = gst_element_get_bus(kept);
	gst_element_set_state(kept, GST_STATE_PLAYING);
	gst_app_src_push_buffer(GST_APP_SRC(in), gst_buffer_new_memdup(packet, sizeof packet));
	gst_app_src_end_of_stream(GST_APP_SRC(in));
	end = gst_bus_timed_pop_filtered(bus, PATIENCE_MS * GST_MSECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
}
