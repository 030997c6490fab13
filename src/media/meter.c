/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of squares, taken and set back by who looks. */
#include "media/meter.h"

#include <math.h>

#define SILENCE (-100.0)
#define FULL 32768.0

struct Meter {
	GMutex lock;
	double squares;
	guint64 samples, pieces;
};

static GstPadProbeReturn
measure(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	Meter *meter = data;
	GstMapInfo map;
	double squares = 0;

	(void)pad;
	if (!gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ))
		return GST_PAD_PROBE_OK;
	const gint16 *samples = (const gint16 *)(gpointer)map.data;
	gsize count = map.size / sizeof *samples;
	for (gsize i = 0; i < count; i++)
		squares += (double)samples[i] * samples[i];
	gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
	g_mutex_lock(&meter->lock);
	meter->squares += squares;
	meter->samples += count;
	meter->pieces++;
	g_mutex_unlock(&meter->lock);
	return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	Meter *meter = data;

	(void)pad;
	(void)info;
	g_mutex_lock(&meter->lock);
	meter->pieces++;
	g_mutex_unlock(&meter->lock);
	return GST_PAD_PROBE_OK;
}

Meter *
meter_new(GstPad *pad, bool sound)
{
	Meter *meter = g_new0(Meter, 1);

	g_mutex_init(&meter->lock);
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, sound ? measure : count, meter, NULL);
	return meter;
}

void
meter_free(Meter *meter)
{
	if (!meter)
		return;
	g_mutex_clear(&meter->lock);
	g_free(meter);
}

double
meter_level(Meter *meter)
{
	double level = NAN;

	g_mutex_lock(&meter->lock);
	if (meter->samples)
		level = MAX(SILENCE, 10 * log10(meter->squares / meter->samples / (FULL * FULL) + 1e-12));
	meter->squares = 0;
	meter->samples = 0;
	g_mutex_unlock(&meter->lock);
	return level;
}

guint64
meter_pieces(Meter *meter)
{
	g_mutex_lock(&meter->lock);
	guint64 pieces = meter->pieces;
	g_mutex_unlock(&meter->lock);
	return pieces;
}
