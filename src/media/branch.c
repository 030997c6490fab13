/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bin and a pad of the tee. The pad goes first: then nothing comes any more, and the bin can be stopped. */
#include "media/branch.h"

#include "media/pipeline.h"

struct Branch {
	GstElement *tee, *part;
	GstPad *pad;
};

/* What a branch cannot take is told on the bus and is its own trouble: an error that went back through the tee would end at the
 * element that reads from the network, and with it the call. */
static GstFlowReturn
forgive(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
	gst_proxy_pad_chain_default(pad, parent, buffer);
	return GST_FLOW_OK;
}

Branch *
branch_new(GstElement *tee, GError **error, const char *words, ...)
{
	g_autoptr(GstObject) bin = gst_object_get_parent(GST_OBJECT(tee));
	va_list list;

	va_start(list, words);
	g_autofree char *text = g_strdup_vprintf(words, list);
	va_end(list);
	GstElement *part = pipeline_add(GST_BIN(bin), error, "%s", text);
	if (!part)
		return NULL;
	g_autoptr(GstPad) sink = gst_element_get_static_pad(part, "sink");
	gst_pad_set_chain_function(sink, forgive);
	/* It is started by itself and must not hold the pipeline up. */
	gst_element_set_locked_state(part, TRUE);
	Branch *branch = g_new0(Branch, 1);
	branch->tee = gst_object_ref(tee);
	branch->part = part;
	return branch;
}

bool
branch_start(Branch *branch, GError **error)
{
	g_autoptr(GstPad) sink = gst_element_get_static_pad(branch->part, "sink");

	if (gst_element_set_state(branch->part, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		return fault(error, FAULT_GONE, "it cannot be opened - is it there, and does nobody else use it?");
	branch->pad = gst_element_request_pad_simple(branch->tee, "src_%u");
	return gst_pad_link(branch->pad, sink) == GST_PAD_LINK_OK || fault(error, FAULT_GONE, "it does not fit");
}

void
branch_free(Branch *branch)
{
	if (!branch)
		return;
	if (branch->pad) {
		g_autoptr(GstPad) peer = gst_pad_get_peer(branch->pad);
		if (peer)
			gst_pad_unlink(branch->pad, peer);
		gst_element_release_request_pad(branch->tee, branch->pad);
		gst_object_unref(branch->pad);
	}
	pipeline_take(branch->part);
	gst_object_unref(branch->tee);
	g_free(branch);
}

GstElement *
branch_part(Branch *branch)
{
	return branch->part;
}
