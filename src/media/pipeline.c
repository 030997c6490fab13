/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtpbin and the bus. Its pads come on threads of packets: they are linked to pads that are ready, nothing else. */
#include "media/pipeline.h"

#include <stdio.h>

enum {
	AUDIO_LATENCY = 40,       /* ms: of the jitter buffer */
	VIDEO_LATENCY = 300,      /* twice the way there and back and a bit, or what is repeated comes too late */
	RTCP_INTERVAL = 400,      /* ms: each costs as much as two packets of sound */
	RTCP_PICTURES = 120,      /* ms: or what is lost is told too late to be repeated */
	RTCP_BANDWIDTH = 1000000, /* bytes a second, of which RTCP has a twentieth: less would stretch the interval */
	TWCC_INTERVAL = 500,      /* ms */
	TWCC_PICTURES = 200,      /* ms: else one report for each picture */
	STREAMS = 24, /* of a session: each picture that came and went keeps one until it times out, some seconds later */
};

struct session {
	GstElement *funnel, *rtxsend, *rtxreceive;
	GstCaps *caps[PIPELINE_TYPES];     /* atomic */
	GstPad *receivers[PIPELINE_TYPES]; /* atomic */
};

struct Pipeline {
	GstElement *pipeline, *rtpbin, *nowhere;
	guint watch;
	pipeline_failed failed;
	gpointer owner;
	struct session sessions[PIPELINE_SESSIONS];
};

static GstCaps *
on_request_pt_map(GstElement *rtpbin, guint session, guint pt, Pipeline *pipeline)
{
	GstCaps *caps = session < PIPELINE_SESSIONS && pt < PIPELINE_TYPES
				? g_atomic_pointer_get(&pipeline->sessions[session].caps[pt])
				: NULL;

	(void)rtpbin;
	return caps ? gst_caps_ref(caps) : NULL;
}

static bool
is_video(struct session *session, guint8 pt)
{
	const GstCaps *caps = g_atomic_pointer_get(&session->caps[pt]);

	return caps && !g_strcmp0(gst_structure_get_string(gst_caps_get_structure(caps, 0), "media"), "video");
}

/* A jitter buffer does not know what it buffers until something comes. */
static GstPadProbeReturn
on_first_packet(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	guint8 type = 0;

	gst_buffer_extract(buffer, 1, &type, 1);
	if (is_video(data, type & 0x7f)) {
		g_autoptr(GstElement) jitterbuffer = gst_pad_get_parent_element(pad);
		g_object_set(jitterbuffer, "latency", VIDEO_LATENCY, "do-retransmission", TRUE, "rtx-next-seqnum", FALSE, NULL);
	}
	return GST_PAD_PROBE_REMOVE;
}

static void
on_new_jitterbuffer(GstElement *rtpbin, GstElement *jitterbuffer, guint session, guint ssrc, Pipeline *pipeline)
{
	g_autoptr(GstPad) sink = gst_element_get_static_pad(jitterbuffer, "sink");

	(void)rtpbin;
	(void)ssrc;
	if (session < PIPELINE_SESSIONS)
		gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_BUFFER, on_first_packet, &pipeline->sessions[session], NULL);
}

/* What has no place must still go somewhere, or its thread stops. */
static void
discard(Pipeline *pipeline, GstPad *pad)
{
	g_autoptr(GstPad) nowhere = gst_element_request_pad_simple(pipeline->nowhere, "sink_%u");

	gst_pad_link(pad, nowhere);
}

static void
discard_what_goes_to(Pipeline *pipeline, GstPad *sink)
{
	g_autoptr(GstPad) before = gst_pad_get_peer(sink);

	if (!before)
		return;
	gst_pad_unlink(before, sink);
	discard(pipeline, before);
}

/* The newest source of a type is what is heard and seen. */
static void
on_pad_added(GstElement *rtpbin, GstPad *pad, Pipeline *pipeline)
{
	guint session, ssrc, pt;

	(void)rtpbin;
	if (sscanf(GST_PAD_NAME(pad), "recv_rtp_src_%u_%u_%u", &session, &ssrc, &pt) != 3 || session >= PIPELINE_SESSIONS ||
		pt >= PIPELINE_TYPES)
		return;
	GstPad *sink = g_atomic_pointer_get(&pipeline->sessions[session].receivers[pt]);
	if (sink)
		discard_what_goes_to(pipeline, sink);
	if (!sink || gst_pad_link(pad, sink) != GST_PAD_LINK_OK)
		discard(pipeline, pad);
}

/* One element between two pads of these names: what rtpbin wants to put into its way. */
static GstElement *
wrap(GstElement *element, guint session)
{
	GstElement *bin = gst_bin_new(NULL);
	char name[16];

	gst_bin_add(GST_BIN(bin), element);
	for (int i = 0; i < 2; i++) {
		g_autoptr(GstPad) pad = gst_element_get_static_pad(element, i ? "src" : "sink");
		g_snprintf(name, sizeof name, "%s_%u", i ? "src" : "sink", session);
		gst_element_add_pad(bin, gst_ghost_pad_new(name, pad));
	}
	return bin;
}

static GstElement *
on_request_aux_sender(GstElement *rtpbin, guint session, Pipeline *pipeline)
{
	(void)rtpbin;
	return session < PIPELINE_SESSIONS ? wrap(pipeline->sessions[session].rtxsend, session) : NULL;
}

static GstElement *
on_request_aux_receiver(GstElement *rtpbin, guint session, Pipeline *pipeline)
{
	(void)rtpbin;
	return session < PIPELINE_SESSIONS ? wrap(pipeline->sessions[session].rtxreceive, session) : NULL;
}

static gboolean
on_message(GstBus *bus, GstMessage *message, gpointer data)
{
	Pipeline *pipeline = data;
	g_autoptr(GError) error = NULL;

	(void)bus;
	switch (GST_MESSAGE_TYPE(message)) {
	case GST_MESSAGE_ERROR:
		/* A device that could not be opened is out already, and was told of. */
		if (!gst_object_has_as_ancestor(GST_MESSAGE_SRC(message), GST_OBJECT(pipeline->pipeline)))
			break;
		gst_message_parse_error(message, &error, NULL);
		pipeline->failed(pipeline->owner, GST_MESSAGE_SRC(message), error->message);
		break;
	case GST_MESSAGE_LATENCY:
		pipeline_settle(pipeline);
		break;
	default:
		break;
	}
	return G_SOURCE_CONTINUE;
}

static void
prepare_rtpbin(Pipeline *pipeline, const char *cname)
{
	GstElement *rtpbin = pipeline->rtpbin;
	/* Its own would name the program. */
	g_autoptr(GstStructure) sdes = gst_structure_new("application/x-rtp-source-sdes", "cname", G_TYPE_STRING, cname, NULL);

	gst_util_set_object_arg(G_OBJECT(rtpbin), "rtp-profile", "savpf");
	/* Reports carry a clock: that of the call, neither the wall's nor the machine's. */
	gst_util_set_object_arg(G_OBJECT(rtpbin), "ntp-time-source", "running-time");
	g_object_set(
		rtpbin, "sdes", sdes, "latency", AUDIO_LATENCY, "do-lost", TRUE, "autoremove", TRUE, "max-streams", STREAMS, NULL);
	g_signal_connect(rtpbin, "request-pt-map", G_CALLBACK(on_request_pt_map), pipeline);
	g_signal_connect(rtpbin, "new-jitterbuffer", G_CALLBACK(on_new_jitterbuffer), pipeline);
	g_signal_connect(rtpbin, "pad-added", G_CALLBACK(on_pad_added), pipeline);
	g_signal_connect(rtpbin, "request-aux-sender", G_CALLBACK(on_request_aux_sender), pipeline);
	g_signal_connect(rtpbin, "request-aux-receiver", G_CALLBACK(on_request_aux_receiver), pipeline);
}

Pipeline *
pipeline_new(const char *cname, pipeline_failed failed, gpointer owner, GError **error)
{
	g_autoptr(Pipeline) pipeline = g_new0(Pipeline, 1);
	g_autoptr(GstClock) clock = gst_system_clock_obtain();

	pipeline->failed = failed;
	pipeline->owner = owner;
	pipeline->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
	/* Sound cards come and go during a call: they follow the system's clock. */
	gst_pipeline_use_clock(GST_PIPELINE(pipeline->pipeline), clock);
	pipeline->rtpbin = gst_element_factory_make("rtpbin", NULL);
	pipeline->nowhere = gst_element_factory_make("funnel", NULL);
	GstElement *sink = gst_element_factory_make("fakesink", NULL);
	if (!pipeline->rtpbin || !pipeline->nowhere || !sink)
		return fault_null(error, FAULT_GONE, "rtpbin is missing - install the GStreamer plugins good");
	g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
	gst_bin_add_many(GST_BIN(pipeline->pipeline), pipeline->rtpbin, pipeline->nowhere, sink, NULL);
	gst_element_link(pipeline->nowhere, sink);
	prepare_rtpbin(pipeline, cname);
	g_autoptr(GstBus) bus = gst_element_get_bus(pipeline->pipeline);
	pipeline->watch = gst_bus_add_watch(bus, on_message, pipeline);
	if (gst_element_set_state(pipeline->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		return fault_null(error, FAULT_GONE, "GStreamer's pipeline does not start");
	return g_steal_pointer(&pipeline);
}

void
pipeline_free(Pipeline *pipeline)
{
	if (!pipeline)
		return;
	g_clear_handle_id(&pipeline->watch, g_source_remove);
	gst_element_set_state(pipeline->pipeline, GST_STATE_NULL);
	gst_object_unref(pipeline->pipeline);
	for (int n = 0; n < PIPELINE_SESSIONS; n++)
		for (int pt = 0; pt < PIPELINE_TYPES; pt++)
			gst_clear_caps(&pipeline->sessions[n].caps[pt]);
	g_free(pipeline);
}

GstBin *
pipeline_bin(Pipeline *pipeline)
{
	return GST_BIN(pipeline->pipeline);
}

GstElement *
pipeline_rtpbin(Pipeline *pipeline)
{
	return pipeline->rtpbin;
}

static void
tune(Pipeline *pipeline, guint n, bool pictures)
{
	guint64 reports = pictures ? RTCP_PICTURES : RTCP_INTERVAL, twcc = pictures ? TWCC_PICTURES : TWCC_INTERVAL;
	g_autoptr(GstElement) element = NULL;
	g_autoptr(GObject) internal = NULL;

	g_signal_emit_by_name(pipeline->rtpbin, "get-session", n, &element);
	if (element)
		g_object_set(element, "rtcp-min-interval", reports * GST_MSECOND, "bandwidth", (double)RTCP_BANDWIDTH, NULL);
	g_signal_emit_by_name(pipeline->rtpbin, "get-internal-session", n, &internal);
	if (internal)
		g_object_set(internal, "rtcp-reduced-size", FALSE, "twcc-feedback-interval", twcc * GST_MSECOND, NULL);
}

void
pipeline_map(Pipeline *pipeline, guint n, int pt, GstCaps *caps)
{
	struct session *session = &pipeline->sessions[n];

	if (n >= PIPELINE_SESSIONS || pt < 0 || pt >= PIPELINE_TYPES || session->caps[pt]) {
		gst_caps_unref(caps);
		return;
	}
	g_atomic_pointer_set(&session->caps[pt], caps);
	if (is_video(session, pt))
		tune(pipeline, n, true);
}

void
pipeline_receiver(Pipeline *pipeline, guint n, int pt, GstPad *sink)
{
	if (n >= PIPELINE_SESSIONS || pt < 0 || pt >= PIPELINE_TYPES)
		return;
	GstPad **receiver = &pipeline->sessions[n].receivers[pt], *before = g_atomic_pointer_get(receiver);
	/* A thread may be about to link what was here before: a pad, once known, is kept. */
	g_atomic_pointer_set(receiver, sink ? gst_object_ref(sink) : NULL);
	if (before)
		discard_what_goes_to(pipeline, before);
}

GstElement *
pipeline_sender(Pipeline *pipeline, guint n)
{
	struct session *session = &pipeline->sessions[n];
	g_autofree char *name = g_strdup_printf("send_rtp_sink_%u", n);

	if (n >= PIPELINE_SESSIONS || session->funnel)
		return n < PIPELINE_SESSIONS ? session->funnel : NULL;
	session->rtxsend = gst_element_factory_make("rtprtxsend", NULL);
	session->rtxreceive = gst_element_factory_make("rtprtxreceive", NULL);
	session->funnel = gst_element_factory_make("rtpfunnel", NULL);
	gst_bin_add(GST_BIN(pipeline->pipeline), session->funnel);
	if (!gst_element_link_pads(session->funnel, "src", pipeline->rtpbin, name))
		return NULL;
	gst_element_sync_state_with_parent(session->funnel);
	tune(pipeline, n, false);
	return session->funnel;
}

void
pipeline_rtx(Pipeline *pipeline, guint n, int pt, int rtx, guint32 ssrc, guint32 rtx_ssrc)
{
	struct session *session = &pipeline->sessions[n];
	g_autofree char *of = g_strdup_printf("%d", pt), *from = g_strdup_printf("%u", ssrc);
	g_autoptr(GstStructure) types = gst_structure_new("application/x-rtp-pt-map", of, G_TYPE_UINT, (guint)rtx, NULL);
	g_autoptr(GstStructure) sources = gst_structure_new("application/x-rtp-ssrc-map", from, G_TYPE_UINT, rtx_ssrc, NULL);

	g_object_set(session->rtxsend, "ssrc-map", sources, "payload-type-map", types, NULL);
	g_object_set(session->rtxreceive, "payload-type-map", types, NULL);
}

void
pipeline_settle(Pipeline *pipeline)
{
	gst_bin_recalculate_latency(GST_BIN(pipeline->pipeline));
}

GObject *
pipeline_session(Pipeline *pipeline, guint session)
{
	GObject *internal = NULL;

	g_signal_emit_by_name(pipeline->rtpbin, "get-internal-session", session, &internal);
	return internal;
}

GstElement *
pipeline_add(GstBin *bin, GError **error, const char *words, ...)
{
	g_autoptr(GError) why = NULL;
	va_list list;

	va_start(list, words);
	g_autofree char *text = g_strdup_vprintf(words, list);
	va_end(list);
	GstElement *part = gst_parse_bin_from_description_full(text, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &why);
	if (!part)
		return fault_null(error, FAULT_GONE, "a part of GStreamer is missing: %s", why->message);
	gst_bin_add(bin, part);
	return part;
}

void
pipeline_take(GstElement *part)
{
	g_autoptr(GstObject) parent = gst_element_get_parent(part);

	gst_element_set_locked_state(part, TRUE);
	gst_element_set_state(part, GST_STATE_NULL);
	if (parent)
		gst_bin_remove(GST_BIN(parent), part);
}
