/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source -> volume -> opusenc -> rtpopuspay -> the transport. */
#include "media/audiosend.h"

#include "media/formats.h"
#include "media/meter.h"
#include "media/pipeline.h"

#include <string.h>

enum { CLOCK = 48000 };

struct AudioSend {
	struct audiosend_setup setup;
	GstElement *part, *dtmf;
	GstPad *sink, *out;
	AudioSource *source;
	Meter *meter, *packets;
	gint paused;     /* atomic */
	guint digit_end; /* a key is down */
};

/* Constant bit rate and no DTX: neither speech nor silence shows in a packet's size. FEC then costs nothing on the wire. */
#define CHAIN                                                                                                            \
	"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! "            \
	"volume name=mute ! "                                                                                            \
	"opusenc name=encoder bitrate=32000 bitrate-type=cbr frame-size=20 audio-type=voice complexity=5 inband-fec=%s " \
	"packet-loss-percentage=20 "                                                                                     \
	"dtx=false ! rtpopuspay name=payloader pt=%d ssrc=%u"
#define DTMF " ! rtpdtmfmux name=mux rtpdtmfsrc name=dtmf pt=%d clock-rate=%u ssrc=%u ! mux.priority_sink_0"

static GstPadProbeReturn
pause_packets(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	AudioSend *send = data;

	(void)pad;
	(void)info;
	return g_atomic_int_get(&send->paused) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstCaps *
with_clock(const GstCaps *from, int clock)
{
	GstCaps *caps = gst_caps_copy(from);

	for (guint i = 0; i < gst_caps_get_size(caps); i++)
		if (clock)
			gst_structure_set(gst_caps_get_structure(caps, i), "clock-rate", G_TYPE_INT, clock, NULL);
		else
			gst_structure_remove_field(gst_caps_get_structure(caps, i), "clock-rate");
	return caps;
}

/* rtpdtmfmux wants one clock for all; the keys keep theirs, and it is told of that of the sound. */
static GstPadProbeReturn
hide_clock(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstCaps *caps = NULL;
	g_autoptr(GstCaps) other = NULL;

	(void)pad, (void)data;
	if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
		GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);

		if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
			return GST_PAD_PROBE_OK;
		gst_event_parse_caps(event, &caps);
		other = with_clock(caps, CLOCK);
		GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_caps(other);
		gst_event_unref(event);
	} else if (GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == GST_QUERY_CAPS) {
		gst_query_parse_caps_result(GST_PAD_PROBE_INFO_QUERY(info), &caps);
		other = with_clock(caps, 0);
		gst_query_set_caps_result(GST_PAD_PROBE_INFO_QUERY(info), other);
	}
	return GST_PAD_PROBE_OK;
}

static void
use_clock_of_keys(AudioSend *send)
{
	g_autoptr(GstPad) keys = gst_element_get_static_pad(send->dtmf, "src");

	gst_pad_add_probe(keys, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, hide_clock, NULL, NULL);
	gst_pad_add_probe(keys, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PULL, hide_clock, NULL, NULL);
}

static bool
build(AudioSend *send, GError **error)
{
	const struct audiosend_setup *setup = &send->setup;
	const char *fec = setup->fec ? "true" : "false";
	bool dtmf = setup->dtmf >= 0 && gst_element_factory_find("rtpdtmfsrc");

	send->part = dtmf ? pipeline_add(setup->bin, error, CHAIN DTMF, fec, setup->pt, setup->ssrc, setup->dtmf, setup->dtmf_clock,
				    setup->ssrc)
			  : pipeline_add(setup->bin, error, CHAIN, fec, setup->pt, setup->ssrc);
	if (!send->part)
		return false;
	g_autoptr(GstElement) payloader = gst_bin_get_by_name(GST_BIN(send->part), "payloader");
	g_autoptr(GstElement) mute = gst_bin_get_by_name(GST_BIN(send->part), "mute");
	g_autoptr(GstPad) muted = gst_element_get_static_pad(mute, "src"), packets = gst_element_get_static_pad(payloader, "src");
	send->dtmf = dtmf ? gst_bin_get_by_name(GST_BIN(send->part), "dtmf") : NULL;
	if (dtmf && setup->dtmf_clock != CLOCK)
		use_clock_of_keys(send);
	formats_extend(payloader, setup->twcc);
	send->meter = meter_new(muted, true);
	send->packets = meter_new(packets, false);
	gst_pad_add_probe(packets, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, pause_packets, send, NULL);
	send->sink = gst_element_get_static_pad(send->part, "sink");
	send->out = gst_element_request_pad_simple(setup->funnel, "sink_%u");
	g_autoptr(GstPad) src = gst_element_get_static_pad(send->part, "src");
	if (!send->sink || !src || gst_pad_link(src, send->out) != GST_PAD_LINK_OK)
		return fault(error, FAULT_GONE, "the sender of sound cannot be put together");
	gst_element_sync_state_with_parent(send->part);
	return true;
}

AudioSend *
audiosend_new(const struct audiosend_setup *setup, GError **error)
{
	AudioSend *send = g_new0(AudioSend, 1);

	send->setup = *setup;
	if (build(send, error))
		return send;
	audiosend_free(send);
	return NULL;
}

void
audiosend_free(AudioSend *send)
{
	if (!send)
		return;
	g_clear_handle_id(&send->digit_end, g_source_remove);
	audiosource_free(send->source);
	if (send->part)
		pipeline_take(send->part);
	if (send->out) {
		gst_element_release_request_pad(send->setup.funnel, send->out);
		gst_object_unref(send->out);
	}
	g_clear_pointer(&send->sink, gst_object_unref);
	g_clear_pointer(&send->dtmf, gst_object_unref);
	meter_free(send->meter);
	meter_free(send->packets);
	g_free(send);
}

bool
audiosend_source(AudioSend *send, const struct choice *choice, GError **error)
{
	static const struct choice silence = { CHOICE_NONE, NULL, -1 };

	g_clear_pointer(&send->source, audiosource_free);
	send->source = audiosource_new(send->setup.bin, send->sink, choice, send->setup.echo, send->setup.probe, error);
	if (send->source)
		return true;
	send->source = audiosource_new(send->setup.bin, send->sink, &silence, NULL, NULL, NULL);
	return false;
}

void
audiosend_mute(AudioSend *send, bool mute)
{
	g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(send->part), "mute");

	g_object_set(element, "mute", (gboolean)mute, NULL);
}

void
audiosend_pause(AudioSend *send, bool pause)
{
	g_atomic_int_set(&send->paused, pause);
}

void
audiosend_loss(AudioSend *send, double loss)
{
	g_autoptr(GstElement) encoder = gst_bin_get_by_name(GST_BIN(send->part), "encoder");

	/* Never below: the first loss comes before its report. */
	g_object_set(encoder, "packet-loss-percentage", CLAMP((int)(loss * 100), 20, 50), NULL);
}

static void
send_event(AudioSend *send, GstStructure *structure)
{
	g_autoptr(GstPad) pad = gst_element_get_static_pad(send->dtmf, "src");

	gst_pad_send_event(pad, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, structure));
}

static gboolean
end_digit(gpointer data)
{
	AudioSend *send = data;

	send->digit_end = 0;
	send_event(send, gst_structure_new("dtmf-event", "type", G_TYPE_INT, 1, "start", G_TYPE_BOOLEAN, FALSE, "method",
				 G_TYPE_INT, 1, NULL));
	return G_SOURCE_REMOVE;
}

bool
audiosend_dtmf(AudioSend *send, char digit)
{
	static const char digits[] = "0123456789*#ABCD";
	const char *at = strchr(digits, g_ascii_toupper(digit));
	enum { LENGTH = 160, VOLUME = 10 };

	if (!send->dtmf || !digit || !at || send->digit_end)
		return false;
	send_event(send, gst_structure_new("dtmf-event", "type", G_TYPE_INT, 1, "number", G_TYPE_INT, (int)(at - digits), "volume",
				 G_TYPE_INT, VOLUME, "start", G_TYPE_BOOLEAN, TRUE, "method", G_TYPE_INT, 1, NULL));
	send->digit_end = g_timeout_add(LENGTH, end_digit, send);
	return true;
}

double
audiosend_level(AudioSend *send)
{
	return meter_level(send->meter);
}

guint64
audiosend_frames(AudioSend *send)
{
	return meter_pieces(send->packets);
}

bool
audiosend_owns(AudioSend *send, GstObject *element)
{
	return send->source && gst_object_has_as_ancestor(element, GST_OBJECT(audiosource_part(send->source)));
}
