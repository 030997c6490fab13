/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A picture passes when it is due, an eighth early counts as due. */
#include "media/pace.h"

struct Pace {
	gint rate; /* atomic */
	GstClockTime due;
};

static GstPadProbeReturn
hold_back(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	Pace *pace = data;
	GstClockTime at = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
	GstClockTime each = GST_SECOND / MAX(g_atomic_int_get(&pace->rate), 1);

	(void)pad;
	if (!GST_CLOCK_TIME_IS_VALID(at))
		return GST_PAD_PROBE_OK;
	/* Far from what was due: the stream began anew. */
	if (pace->due > at + GST_SECOND || at > pace->due + GST_SECOND)
		pace->due = at;
	if (at + each / 8 < pace->due)
		return GST_PAD_PROBE_DROP;
	pace->due += each;
	if (pace->due + each < at)
		pace->due = at;
	return GST_PAD_PROBE_OK;
}

Pace *
pace_new(GstPad *pad, guint rate)
{
	Pace *pace = g_new0(Pace, 1);

	pace->rate = rate;
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, hold_back, pace, g_free);
	return pace;
}

void
pace_set(Pace *pace, guint rate)
{
	g_atomic_int_set(&pace->rate, rate);
}
