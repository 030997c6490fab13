/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that sleeps on the pipeline's clock. A live source of GStreamer that joins a running pipeline would first make up
 * for all the time before. */
#include "media/feeder.h"

#include <gst/app/gstappsrc.h>

struct Feeder {
	GstElement *appsrc;
	gsize size;
	GstClockTime duration;
	feeder_fill fill;
	gpointer owner;
	GThread *thread;
	GMutex lock;
	GCond wake;
	bool over;
};

/* False when it is over, at once: who closes a source waits for its thread. GStreamer's clock is GLib's monotonic one. */
static bool
sleep_until(Feeder *feeder, GstClockTime at)
{
	bool over;

	g_mutex_lock(&feeder->lock);
	while (!feeder->over && g_cond_wait_until(&feeder->wake, &feeder->lock, GST_TIME_AS_USECONDS(at)))
		;
	over = feeder->over;
	g_mutex_unlock(&feeder->lock);
	return !over;
}

static gpointer
feed(gpointer data)
{
	Feeder *feeder = data;
	g_autoptr(GstClock) clock = gst_system_clock_obtain();
	GstClockTime base = gst_element_get_base_time(feeder->appsrc);
	GstClockTime start = gst_clock_get_time(clock);
	guint64 n = 0;

	while (sleep_until(feeder, start + n * feeder->duration)) {
		GstClockTime at = start + n * feeder->duration;
		/* After a sleep of the machine: not all that was missed. */
		if (gst_clock_get_time(clock) > at + GST_SECOND)
			start = gst_clock_get_time(clock) - n * feeder->duration;

		GstBuffer *buffer = gst_buffer_new_allocate(NULL, feeder->size, NULL);
		GstMapInfo map;
		gst_buffer_map(buffer, &map, GST_MAP_WRITE);
		feeder->fill(feeder->owner, n, map.data, map.size);
		gst_buffer_unmap(buffer, &map);
		GST_BUFFER_PTS(buffer) = start + n * feeder->duration - base;
		GST_BUFFER_DURATION(buffer) = feeder->duration;
		if (gst_app_src_push_buffer(GST_APP_SRC(feeder->appsrc), buffer) != GST_FLOW_OK)
			break;
		n++;
	}
	return NULL;
}

Feeder *
feeder_new(GstElement *appsrc, gsize size, GstClockTime duration, feeder_fill fill, gpointer owner)
{
	Feeder *feeder = g_new0(Feeder, 1);

	feeder->appsrc = gst_object_ref(appsrc);
	feeder->size = size;
	feeder->duration = duration;
	feeder->fill = fill;
	feeder->owner = owner;
	g_mutex_init(&feeder->lock);
	g_cond_init(&feeder->wake);
	feeder->thread = g_thread_new("feeder", feed, feeder);
	return feeder;
}

void
feeder_free(Feeder *feeder)
{
	if (!feeder)
		return;
	g_mutex_lock(&feeder->lock);
	feeder->over = true;
	g_cond_signal(&feeder->wake);
	g_mutex_unlock(&feeder->lock);
	g_thread_join(feeder->thread);
	g_cond_clear(&feeder->wake);
	g_mutex_clear(&feeder->lock);
	gst_object_unref(feeder->appsrc);
	g_free(feeder);
}
