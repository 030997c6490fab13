/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opus, telephone-event, VP8 and its retransmission. No other extension than transport-cc: the audio level of RFC 6464
 * would tell everybody when somebody speaks. */
#include "media/formats.h"

#include <gst/rtp/rtp.h>

#define TWCC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

static const struct {
	const char *media, *name;
	int rate;
} formats[FORMATS] = {
	[FORMAT_OPUS] = { "audio", "OPUS", 48000 },
	[FORMAT_DTMF] = { "audio", "TELEPHONE-EVENT", 48000 },
	[FORMAT_DTMF_NARROW] = { "audio", "TELEPHONE-EVENT", 8000 },
	[FORMAT_VP8] = { "video", "VP8", 90000 },
	[FORMAT_RTX] = { "video", "RTX", 90000 },
};

GstCaps *
formats_caps(enum format format, int pt, int of, guint twcc)
{
	GstCaps *caps = gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, formats[format].media, "encoding-name",
		G_TYPE_STRING, formats[format].name, "clock-rate", G_TYPE_INT, formats[format].rate, "payload", G_TYPE_INT, pt,
		NULL);

	if (format == FORMAT_OPUS)
		gst_caps_set_simple(caps, "encoding-params", G_TYPE_STRING, "2", NULL);
	if (format == FORMAT_VP8)
		gst_caps_set_simple(caps, "rtcp-fb-nack", G_TYPE_BOOLEAN, TRUE, "rtcp-fb-nack-pli", G_TYPE_BOOLEAN, TRUE,
			"rtcp-fb-ccm-fir", G_TYPE_BOOLEAN, TRUE, NULL);
	if (format == FORMAT_RTX) {
		g_autofree char *apt = g_strdup_printf("%d", of);
		gst_caps_set_simple(caps, "apt", G_TYPE_STRING, apt, NULL);
	}
	if (twcc) {
		g_autofree char *field = g_strdup_printf("extmap-%u", twcc);
		gst_caps_set_simple(caps, field, G_TYPE_STRING, TWCC, "rtcp-fb-transport-cc", G_TYPE_BOOLEAN, TRUE, NULL);
	}
	return caps;
}

void
formats_extend(GstElement *payloader, guint twcc)
{
	GstElement *extension = twcc ? gst_element_factory_make("rtphdrexttwcc", NULL) : NULL;

	if (!extension)
		return;
	gst_rtp_header_extension_set_id(GST_RTP_HEADER_EXTENSION(extension), twcc);
	g_signal_emit_by_name(payloader, "add-extension", extension);
	gst_object_unref(extension);
}
