/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound comes from GStreamer's monitor, which asks the sound server; cameras from what the kernel says of them in /sys: their
 * device files stay closed, so no light goes on. */
#include "media/devices.h"

#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 3000, CAMERAS = 64, NAME_MAX_BYTES = 200, DEVICES = 128 };

static struct {
	MediaLink *link; /* NULL: told, or nobody asks */
	guint patience;
} asked;

/* ---- sound ---- */

static char *
id_of(GstDevice *device)
{
	g_autoptr(GstElement) element = gst_device_create_element(device, NULL);
	char *id = NULL;

	if (element && g_object_class_find_property(G_OBJECT_GET_CLASS(element), "device"))
		g_object_get(gst_object_ref_sink(element), "device", &id, NULL);
	return id;
}

/* What a loudspeaker plays, offered as a microphone: nobody means that one. */
static bool
is_monitor(const GstStructure *properties)
{
	return properties && !g_strcmp0(gst_structure_get_string(properties, "device.class"), "monitor");
}

static void
add_sound(GVariantBuilder *list, GstDevice *device)
{
	g_autoptr(GstStructure) properties = gst_device_get_properties(device);
	g_autofree char *name = gst_device_get_display_name(device), *id = NULL, *valid = NULL;
	gboolean is_default = FALSE;

	if (is_monitor(properties))
		return;
	id = id_of(device);
	if (!id || !name || strlen(id) > NAME_MAX_BYTES || !g_utf8_validate(id, -1, NULL))
		return;
	if (properties)
		gst_structure_get_boolean(properties, "is-default", &is_default);
	valid = g_utf8_make_valid(name, MIN(strlen(name), (size_t)NAME_MAX_BYTES));
	g_variant_builder_add(
		list, "(sssb)", gst_device_has_classes(device, "Source") ? "audio-source" : "audio-sink", id, valid, is_default);
}

static void
add_all_sound(GVariantBuilder *list)
{
	g_autoptr(GstDeviceMonitor) monitor = gst_device_monitor_new();
	GList *devices = NULL;
	guint n = 0;

	gst_device_monitor_add_filter(monitor, "Audio/Source", NULL);
	gst_device_monitor_add_filter(monitor, "Audio/Sink", NULL);
	if (gst_device_monitor_start(monitor)) {
		devices = gst_device_monitor_get_devices(monitor);
		gst_device_monitor_stop(monitor);
	}
	for (GList *item = devices; item && n < DEVICES; item = item->next, n++)
		add_sound(list, item->data);
	g_list_free_full(devices, gst_object_unref);
}

/* ---- cameras ---- */

static char *
read_line(guint camera, const char *what)
{
	g_autofree char *path = g_strdup_printf("/sys/class/video4linux/video%u/%s", camera, what);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : NULL;
}

static void
add_cameras(GVariantBuilder *list)
{
	bool first = true;

	for (guint camera = 0; camera < CAMERAS; camera++) {
		g_autofree char *name = read_line(camera, "name"), *index = name ? read_line(camera, "index") : NULL, *valid = NULL;
		g_autofree char *id = g_strdup_printf("/dev/video%u", camera);

		/* A camera has more files than one: the first takes pictures, others are about them. */
		if (!name || (index && atoi(index)))
			continue;
		valid = g_utf8_make_valid(name, MIN(strlen(name), (size_t)NAME_MAX_BYTES));
		g_variant_builder_add(list, "(sssb)", "video-source", id, valid, (gboolean)first);
		first = false;
	}
}

/* ---- the answer ---- */

static GVariant *
list_all(bool sound)
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE(media_kinds[MEDIA_DEVICES].type));
	if (sound)
		add_all_sound(&list);
	add_cameras(&list);
	return g_variant_ref_sink(g_variant_builder_end(&list));
}

static void
tell(GVariant *list)
{
	MediaLink *link = asked.link;

	devices_forget();
	if (link)
		media_link_send(link, MEDIA_DEVICES, list);
}

static void
look(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	(void)source, (void)data, (void)cancellable;
	g_task_return_pointer(task, list_all(true), (GDestroyNotify)g_variant_unref);
}

static void
on_looked(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) list = g_task_propagate_pointer(G_TASK(result), NULL);

	(void)source, (void)data;
	tell(list);
}

static gboolean
on_patience_over(gpointer data)
{
	g_autoptr(GVariant) list = list_all(false);

	(void)data;
	asked.patience = 0;
	tell(list);
	return G_SOURCE_REMOVE;
}

void
devices_ask(MediaLink *link)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_looked, NULL);

	devices_forget();
	asked.link = link;
	asked.patience = g_timeout_add(PATIENCE_MS, on_patience_over, NULL);
	g_task_run_in_thread(task, look);
}

void
devices_forget(void)
{
	if (asked.patience)
		g_source_remove(asked.patience);
	asked.patience = 0;
	asked.link = NULL;
}
