/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GStreamer's plugins by name: a registry would search folders that others may write and fork a scanner. */
#include "media/plugins.h"

#include "media/firstsrtp.h"

#include <gst/gst.h>
#include <stdlib.h>

static const struct {
	const char *name;
	bool needed;
} files[] = {
	{ "coreelements", true }, { "app", true }, { "audioconvert", true }, { "audioresample", true }, { "volume", true },
	{ "opus", true }, { "rtp", true }, { "rtpmanager", true }, { "srtp", true }, { "dtls", true }, { "nice", true },
	{ "videoconvertscale", true }, { "vpx", true }, { "pulseaudio", false }, { "webrtcdsp", false }, { "dtmf", false },
	{ "video4linux2", false }, { "jpeg", false }, /* cameras that give nothing else */
};

static GThread *warming;

static gpointer
warm(gpointer nothing)
{
	GstElement *first;

	firstsrtp_send();
	first = gst_element_factory_make("dtlsdec", NULL);
	if (first)
		gst_object_unref(gst_object_ref_sink(first));
	return nothing;
}

static bool
load(const char *name, bool needed, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/libgst%s.so", SOTTO_GST_PLUGINS, name);
	g_autoptr(GError) why = NULL;
	GstPlugin *plugin = gst_plugin_load_file(path, &why);

	if (plugin)
		gst_object_unref(plugin);
	else if (needed)
		return fault(
			error, FAULT_GONE, "%s cannot be loaded - install the GStreamer plugins base, good, bad and nice", path);
	return true;
}

bool
plugins_load(GError **error)
{
	setenv("GST_REGISTRY_DISABLE", "yes", 1);
	setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1);
	setenv("GST_PLUGIN_PATH_1_0", "", 1);
	gst_registry_fork_set_enabled(FALSE);
	if (!gst_init_check(NULL, NULL, error))
		return false;
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
		if (!load(files[i].name, files[i].needed, error))
			return false;
	/* Two of its categories would write keys. */
	gst_debug_remove_log_function(gst_debug_log_default);
	gst_debug_set_active(FALSE);
	warming = g_thread_new("warm", warm, NULL);
	return true;
}

void
plugins_wait(void)
{
	g_clear_pointer(&warming, g_thread_join);
}
