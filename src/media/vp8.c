/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 6386 §9.1: three bytes of tag, in key frames a start code and two sizes of 14 bits. */
#include "media/vp8.h"

#include <string.h>

enum { HEAD = 10, SIZE_MASK = 0x3fff, CALM = 500 /* ms */ };

bool
vp8_fits(const guint8 *frame, gsize size)
{
	static const guint8 start[] = { 0x9d, 0x01, 0x2a };

	if (size && frame[0] & 1)
		return true;
	if (size < HEAD || memcmp(frame + 3, start, sizeof start))
		return false;
	guint width = (frame[6] | frame[7] << 8) & SIZE_MASK, height = (frame[8] | frame[9] << 8) & SIZE_MASK;
	return width && height && MAX(width, height) <= VP8_LONG_MAX && MIN(width, height) <= VP8_SHORT_MAX;
}

static GstPadProbeReturn
bound(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	guint8 head[HEAD];
	gsize size = gst_buffer_extract(GST_PAD_PROBE_INFO_BUFFER(info), 0, head, sizeof head);

	(void)pad;
	(void)data;
	return vp8_fits(head, size) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

void
vp8_bound(GstPad *pad)
{
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, bound, NULL, NULL);
}

/* From the thread of the reports and from the main loop. */
static GstPadProbeReturn
calm(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	gint *last = data, before = g_atomic_int_get(last), now = (gint)(g_get_monotonic_time() / 1000 & G_MAXINT);
	const GstStructure *structure = gst_event_get_structure(GST_PAD_PROBE_INFO_EVENT(info));

	(void)pad;
	if (!structure || !gst_structure_has_name(structure, "GstForceKeyUnit"))
		return GST_PAD_PROBE_OK;
	if (before && now >= before && now - before < CALM)
		return GST_PAD_PROBE_DROP; /* who still misses it asks again */
	g_atomic_int_set(last, now);
	return GST_PAD_PROBE_OK;
}

void
vp8_calm(GstPad *pad)
{
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, calm, g_new0(gint, 1), g_free);
}
