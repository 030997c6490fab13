/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes that drop. Video comes in lists of buffers: both kinds are looked at. */
#include "media/gates.h"

static const GstPadProbeType PACKETS = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST;

static gsize
size_of(GstPadProbeInfo *info)
{
	if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
		return gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
	return gst_buffer_list_calculate_size(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
}

static GstPadProbeReturn
pass(struct gates *gates, const gint *open, GstPadProbeInfo *info)
{
	if (!g_atomic_int_get(open))
		return GST_PAD_PROBE_DROP;
	g_atomic_pointer_add(&gates->out, size_of(info));
	return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
leaving(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	struct gates *gates = data;

	(void)pad;
	return pass(gates, &gates->send, info);
}

static GstPadProbeReturn
reporting(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	struct gates *gates = data;

	(void)pad;
	return pass(gates, &gates->report, info);
}

static GstPadProbeReturn
entering(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	struct gates *gates = data;

	(void)pad;
	if (!g_atomic_int_get(&gates->receive))
		return GST_PAD_PROBE_DROP;
	g_atomic_pointer_add(&gates->in, size_of(info));
	if (g_atomic_int_compare_and_exchange(&gates->flowing, 0, 1))
		gates->first(gates->owner);
	return GST_PAD_PROBE_OK;
}

void
gates_watch(struct gates *gates, GstPad *rtp, GstPad *rtcp)
{
	gst_pad_add_probe(rtp, PACKETS, leaving, gates, NULL);
	gst_pad_add_probe(rtcp, PACKETS, reporting, gates, NULL);
}

void
gates_watch_received(struct gates *gates, GstPad *rtp, void (*first)(gpointer owner), gpointer owner)
{
	gates->first = first;
	gates->owner = owner;
	gst_pad_add_probe(rtp, PACKETS, entering, gates, NULL);
}

void
gates_set(struct gates *gates, bool send, bool report, bool receive)
{
	g_atomic_int_set(&gates->report, report);
	g_atomic_int_set(&gates->send, send);
	g_atomic_int_set(&gates->receive, receive);
}

bool
gates_receiving(const struct gates *gates)
{
	return g_atomic_int_get(&gates->receive);
}

void
gates_count(struct gates *gates, guint64 *in, guint64 *out)
{
	*in = (gsize)g_atomic_pointer_get(&gates->in);
	*out = (gsize)g_atomic_pointer_get(&gates->out);
}
