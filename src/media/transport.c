/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nicesrc -> dtlssrtpdemux -> srtpdec -> rtpbin -> srtpenc -> nicesink, with dtlsdec and dtlsenc beside. Callbacks of the
 * handshake run with its lock held: they read the key or the certificate and nothing else. */
#include "media/transport.h"

#include "media/gates.h"
#include "media/plugins.h"
#include "media/post.h"

#include <string.h>

enum { ENCODER, DECODER, DIRECTIONS };
enum { ELEMENTS = 8 };
/* libsrtp begins 28 kB of state for each source before it knows whether a packet is genuine, walks all of them for each packet and
 * cannot be made to forget one: whoever stands in between could fill the memory with numbers. */
enum { SOURCES = 512 };
/* GstDtlsSrtpCipher and GstDtlsSrtpAuth are in no header. */
enum { DTLS_AES_128_ICM = 1, DTLS_HMAC_SHA1_32 = 1, DTLS_HMAC_SHA1_80 = 2 };

struct Transport {
	struct transport_setup setup;
	struct transport_hooks hooks;
	gpointer owner;
	char *pem;
	GstElement *elements[ELEMENTS];
	guint n;
	GstElement *dtlsdec, *dtlsenc, *srtpdec, *srtpenc, *demux, *funnel;
	GstElement *nicesrc, *nicesink;
	gulong barrier; /* what is sent is dropped until there is another nicesink; 0: it is not */
	struct gates gates;
	guint sources; /* that srtpdec has a key for; of the thread of the packets alone */
	gint genuine;  /* their certificate is the right one; atomic */
	gint answered; /* that it is another one is told once; atomic */
	Secret *exported[DIRECTIONS];
	int auth; /* as negotiated; cipher is AES-128 always */
	bool told /* that both keys are here */, keyed;
	GstCaps *decoding;            /* what srtpdec asks for; set once, atomic */
	struct transport_counts last; /* of a closed one, which has no elements */
};

static void
tell_impostor(gpointer data)
{
	Transport *transport = data;

	transport->hooks.impostor(transport->owner);
}

/* dtlsdec takes any certificate: "connected" says nothing. This comes before the keys. */
static void
on_peer_pem(GstElement *dtlsdec, GParamSpec *spec, Transport *transport)
{
	g_autofree char *pem = NULL;
	guint8 fingerprint[FINGERPRINT];

	(void)spec;
	g_object_get(dtlsdec, "peer-pem", &pem, NULL);
	if (!pem)
		return;
	bool genuine = certificate_fingerprint(pem, fingerprint) && !memcmp(fingerprint, transport->setup.theirs, FINGERPRINT);
	g_atomic_int_set(&transport->genuine, genuine);
	if (!genuine && g_atomic_int_compare_and_exchange(&transport->answered, 0, 1))
		post(tell_impostor, transport, NULL);
}

struct export
{
	Transport *transport;
	int direction, cipher, auth;
	Secret *key;
};

static void
export_free(gpointer data)
{
	struct export *export = data;

	secret_free(export->key);
	g_free(export);
}

static void
take_export(gpointer data)
{
	struct export *export = data;
	Transport *transport = export->transport;

	if (export->cipher != DTLS_AES_128_ICM || secret_length(export->key) != SRTPKEYS_EXPORTED)
		return;
	if (!transport->exported[export->direction])
		transport->exported[export->direction] = g_steal_pointer(&export->key);
	transport->auth = export->auth;
	if (transport->exported[ENCODER] && transport->exported[DECODER] && !transport->told) {
		transport->told = true;
		transport->hooks.exported(transport->owner);
	}
}

static void
pass_export(Transport *transport, GstElement *element, int direction, const char *property)
{
	GstBuffer *buffer = NULL;
	struct export *export;
	GstMapInfo map;

	if (!g_atomic_int_get(&transport->genuine))
		return;
	export = g_new0(struct export, 1);
	export->transport = transport;
	export->direction = direction;
	g_object_get(element, property, &buffer, "srtp-cipher", &export->cipher, "srtp-auth", &export->auth, NULL);
	if (buffer && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
		export->key = secret_copy(map.data, map.size);
		gst_buffer_unmap(buffer, &map);
		post(take_export, export, export_free);
	} else {
		g_free(export);
	}
	g_clear_pointer(&buffer, gst_buffer_unref);
}

static void
on_decoder_key(GstElement *dtlsdec, Transport *transport)
{
	pass_export(transport, dtlsdec, DECODER, "decoder-key");
}

static void
on_encoder_key(GstElement *dtlsenc, Transport *transport)
{
	pass_export(transport, dtlsenc, ENCODER, "encoder-key");
}

/* Per source, on the thread of the packet; NULL drops it, and the next one asks again. */
static GstCaps *
on_request_key(GstElement *srtpdec, guint ssrc, Transport *transport)
{
	GstCaps *caps = g_atomic_pointer_get(&transport->decoding);

	(void)srtpdec;
	(void)ssrc;
	if (!caps || !gates_receiving(&transport->gates) || transport->sources == SOURCES)
		return NULL;
	transport->sources++;
	return gst_caps_ref(caps);
}

static void
tell_flowing(gpointer data)
{
	Transport *transport = data;

	transport->hooks.flowing(transport->owner);
}

static void
first_packet(gpointer data)
{
	post(tell_flowing, data, NULL);
}

static GstElement *
make(Transport *transport, const char *factory)
{
	GstElement *element = gst_element_factory_make(factory, NULL);

	if (element && transport->n < ELEMENTS) {
		gst_bin_add(transport->setup.bin, element);
		transport->elements[transport->n++] = element;
	}
	return element;
}

static void
prepare_dtls(Transport *transport)
{
	const struct transport_setup *setup = &transport->setup;
	static guint connections;
	g_autofree char *id = g_strdup_printf("call-%u", connections++);

	/* The certificate first, then the id, the decoder's before the encoder's. */
	g_object_set(transport->dtlsdec, "pem", transport->pem, NULL);
	g_object_set(transport->dtlsdec, "connection-id", id, NULL);
	g_object_set(transport->dtlsenc, "connection-id", id, "is-client", (gboolean)setup->client, NULL);
	g_signal_connect(transport->dtlsdec, "notify::peer-pem", G_CALLBACK(on_peer_pem), transport);
	g_signal_connect(transport->dtlsdec, "on-key-received", G_CALLBACK(on_decoder_key), transport);
	g_signal_connect(transport->dtlsenc, "on-key-received", G_CALLBACK(on_encoder_key), transport);
	/* A server that is not ready loses the hello and the call for good; a client that starts before there is a way loses its
	 * own and waits a second. */
	if (setup->client)
		gst_element_set_locked_state(transport->dtlsenc, TRUE);
}

static bool
link_pads(GstElement *from, const char *out, GstElement *to, const char *in)
{
	return gst_element_link_pads(from, out, to, in);
}

static bool
connect_all(Transport *transport)
{
	GstElement *rtpbin = transport->setup.rtpbin, *funnel = transport->funnel, *demux = transport->demux;
	char name[4][32];
	guint n = transport->setup.session;

	g_snprintf(name[0], sizeof name[0], "recv_rtp_sink_%u", n);
	g_snprintf(name[1], sizeof name[1], "recv_rtcp_sink_%u", n);
	g_snprintf(name[2], sizeof name[2], "send_rtp_src_%u", n);
	g_snprintf(name[3], sizeof name[3], "send_rtcp_src_%u", n);
	g_autoptr(GstPad) rtp = gst_element_request_pad_simple(transport->srtpenc, "rtp_sink_0");
	g_autoptr(GstPad) rtcp = gst_element_request_pad_simple(transport->srtpenc, "rtcp_sink_0");
	gates_watch(&transport->gates, rtp, rtcp);
	return rtp && rtcp && link_pads(transport->nicesrc, "src", demux, "sink") &&
	       link_pads(demux, "rtp_src", transport->srtpdec, "rtp_sink") &&
	       link_pads(demux, "dtls_src", transport->dtlsdec, "sink") &&
	       link_pads(transport->srtpdec, "rtp_src", rtpbin, name[0]) &&
	       link_pads(transport->srtpdec, "rtcp_src", rtpbin, name[1]) &&
	       link_pads(rtpbin, name[2], transport->srtpenc, "rtp_sink_0") &&
	       link_pads(rtpbin, name[3], transport->srtpenc, "rtcp_sink_0") &&
	       link_pads(transport->srtpenc, "rtp_src_0", funnel, NULL) &&
	       link_pads(transport->srtpenc, "rtcp_src_0", funnel, NULL) && link_pads(transport->dtlsenc, "src", funnel, NULL) &&
	       link_pads(funnel, "src", transport->nicesink, "sink");
}

static void
use_stream(Transport *transport)
{
	const struct transport_setup *setup = &transport->setup;

	g_object_set(transport->nicesrc, "agent", setup->agent, "stream", setup->stream, "component", 1, NULL);
	g_object_set(transport->nicesink, "agent", setup->agent, "stream", setup->stream, "component", 1, "sync", FALSE, "async",
		FALSE, NULL);
}

static bool
build(Transport *transport, GError **error)
{
	plugins_wait();
	transport->nicesink = make(transport, "nicesink");
	transport->funnel = make(transport, "funnel");
	transport->demux = make(transport, "dtlssrtpdemux");
	transport->srtpenc = make(transport, "srtpenc");
	transport->srtpdec = make(transport, "srtpdec");
	transport->dtlsdec = make(transport, "dtlsdec");
	transport->dtlsenc = make(transport, "dtlsenc");
	transport->nicesrc = make(transport, "nicesrc");
	if (transport->n != ELEMENTS)
		return fault(error, FAULT_GONE,
			"an element of the encrypted transport is missing - install the GStreamer plugins bad and nice");
	use_stream(transport);
	/* It does not start without a key; this one is never used, the gate is closed. */
	g_object_set(transport->srtpenc, "random-key", TRUE, "allow-repeat-tx", FALSE, NULL);
	g_signal_connect(transport->srtpdec, "request-key", G_CALLBACK(on_request_key), transport);
	prepare_dtls(transport);
	if (!connect_all(transport))
		return fault(error, FAULT_GONE, "the encrypted transport cannot be put together");
	g_autoptr(GstPad) genuine = gst_element_get_static_pad(transport->srtpdec, "rtp_src");
	gates_watch_received(&transport->gates, genuine, first_packet, transport);
	/* From the network's end backwards, so that who gets something is ready for it. */
	for (guint i = 0; i < transport->n; i++)
		if (!gst_element_is_locked_state(transport->elements[i]))
			gst_element_sync_state_with_parent(transport->elements[i]);
	return true;
}

Transport *
transport_new(const struct transport_setup *setup, const struct transport_hooks *hooks, gpointer owner, GError **error)
{
	Transport *transport = g_new0(Transport, 1);

	transport->setup = *setup;
	transport->hooks = *hooks;
	transport->owner = owner;
	transport->pem = g_strdup(setup->pem);
	if (!build(transport, error)) {
		transport_close(transport);
		return NULL;
	}
	return transport;
}

/* ---- another agent ---- */

/* An agent is set on an element once: another one of the same kind takes its place, not linked yet. */
static bool
replace(Transport *transport, GstElement **element, const char *factory)
{
	GstElement *fresh = gst_element_factory_make(factory, NULL);

	if (!fresh)
		return false;
	gst_bin_add(transport->setup.bin, fresh);
	for (guint i = 0; i < transport->n; i++) {
		if (transport->elements[i] != *element)
			continue;
		gst_element_set_locked_state(*element, TRUE);
		gst_element_set_state(*element, GST_STATE_NULL);
		gst_bin_remove(transport->setup.bin, *element);
		transport->elements[i] = fresh;
	}
	*element = fresh;
	return true;
}

/* Who sends must never hear that the sink is closed, or it falls silent for good: what comes meanwhile is dropped, nothing is
 * linked to a sink that is not open, and what is not linked is no fault of events. */
static void
move(gpointer data)
{
	Transport *transport = data;

	/* It was closed meanwhile, or was moved by an earlier letter. */
	if (!transport->n || !transport->barrier)
		return;
	g_autoptr(GstPad) out = gst_element_get_static_pad(transport->funnel, "src");
	g_autoptr(GstPad) in = gst_pad_get_peer(out);
	if (in)
		gst_pad_unlink(out, in);
	if (replace(transport, &transport->nicesink, "nicesink") && replace(transport, &transport->nicesrc, "nicesrc")) {
		use_stream(transport);
		gst_element_sync_state_with_parent(transport->nicesink);
		link_pads(transport->funnel, "src", transport->nicesink, "sink");
		link_pads(transport->nicesrc, "src", transport->demux, "sink");
		gst_element_sync_state_with_parent(transport->nicesrc);
	}
	gst_pad_remove_probe(out, transport->barrier);
	transport->barrier = 0;
}

static GstPadProbeReturn
drop(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	(void)pad, (void)info, (void)data;
	return GST_PAD_PROBE_DROP;
}

/* Nobody is within the sink now, and nobody comes past the barrier. */
static GstPadProbeReturn
on_idle(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	(void)pad, (void)info;
	post(move, data, NULL);
	return GST_PAD_PROBE_REMOVE;
}

void
transport_move(Transport *transport, NiceAgent *agent, guint stream)
{
	transport->setup.agent = agent;
	transport->setup.stream = stream;
	if (!transport->n || transport->barrier)
		return;
	g_autoptr(GstPad) out = gst_element_get_static_pad(transport->funnel, "src");
	transport->barrier = gst_pad_add_probe(out, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, drop, NULL, NULL);
	gst_pad_add_probe(out, GST_PAD_PROBE_TYPE_IDLE, on_idle, transport, NULL);
}

void
transport_close(Transport *transport)
{
	transport_open(transport, false, false);
	if (transport->n == ELEMENTS)
		transport_count(transport, &transport->last);
	for (guint i = transport->n; i > 0; i--) {
		gst_element_set_locked_state(transport->elements[i - 1], TRUE);
		gst_element_set_state(transport->elements[i - 1], GST_STATE_NULL);
		gst_bin_remove(transport->setup.bin, transport->elements[i - 1]);
	}
	transport->n = 0;
}

void
transport_free(Transport *transport)
{
	if (!transport)
		return;
	for (int i = 0; i < DIRECTIONS; i++)
		secret_free(transport->exported[i]);
	secret_wipe(transport->pem, strlen(transport->pem));
	g_free(transport->pem);
	gst_clear_caps(&transport->decoding);
	g_free(transport);
}

void
transport_connected(Transport *transport)
{
	if (!transport->n || !gst_element_is_locked_state(transport->dtlsenc))
		return;
	gst_element_set_locked_state(transport->dtlsenc, FALSE);
	gst_element_sync_state_with_parent(transport->dtlsenc);
}

static GstBuffer *
buffer_of(const Secret *key)
{
	return gst_buffer_new_memdup(secret_bytes(key), secret_length(key));
}

static void
set_keys(Transport *transport, const Secret *encoder, const Secret *decoder, const char *cipher, const char *auth,
	const char *rtcp_auth)
{
	GstBuffer *sending = buffer_of(encoder), *receiving = buffer_of(decoder);
	GstElement *enc = transport->srtpenc;

	gst_util_set_object_arg(G_OBJECT(enc), "rtp-cipher", cipher);
	gst_util_set_object_arg(G_OBJECT(enc), "rtcp-cipher", cipher);
	gst_util_set_object_arg(G_OBJECT(enc), "rtp-auth", auth);
	gst_util_set_object_arg(G_OBJECT(enc), "rtcp-auth", rtcp_auth);
	g_object_set(enc, "random-key", FALSE, "key", sending, NULL);
	g_atomic_pointer_set(
		&transport->decoding, gst_caps_new_simple("application/x-srtp", "srtp-key", GST_TYPE_BUFFER, receiving,
					      "srtp-cipher", G_TYPE_STRING, cipher, "srtp-auth", G_TYPE_STRING, auth,
					      "srtcp-cipher", G_TYPE_STRING, cipher, "srtcp-auth", G_TYPE_STRING, rtcp_auth, NULL));
	gst_buffer_unref(sending);
	gst_buffer_unref(receiving);
}

bool
transport_key(Transport *transport, const struct srtpkeys *keys, bool we_initiated)
{
	if (!transport->n || !transport->told || transport->keyed)
		return false;
	if (keys->mixed) {
		g_autoptr(Secret) sending = srtpkeys_mix(keys, transport->exported[ENCODER], we_initiated);
		g_autoptr(Secret) receiving = srtpkeys_mix(keys, transport->exported[DECODER], !we_initiated);
		if (!sending || !receiving)
			return false;
		/* The tag is GCM's own: with an HMAC beside it libsrtp refuses. */
		set_keys(transport, sending, receiving, "aes-256-gcm", "null", "null");
	} else {
		/* Whatever SRTP has, SRTCP has the long tag (RFC 5764 §4.1.2). */
		set_keys(transport, transport->exported[ENCODER], transport->exported[DECODER], "aes-128-icm",
			transport->auth == DTLS_HMAC_SHA1_32 ? "hmac-sha1-32" : "hmac-sha1-80", "hmac-sha1-80");
	}
	for (int i = 0; i < DIRECTIONS; i++)
		g_clear_pointer(&transport->exported[i], secret_free);
	transport->keyed = true;
	return true;
}

bool
transport_keyed(const Transport *transport)
{
	return transport->keyed;
}

void
transport_open(Transport *transport, bool open, bool media)
{
	open = open && transport->keyed;
	gates_set(&transport->gates, open && media, open, open && media);
}

void
transport_count(Transport *transport, struct transport_counts *counts)
{
	g_autoptr(GstStructure) stats = NULL;
	guint heard = 0, refused = 0;

	if (!transport->n) {
		*counts = transport->last;
		return;
	}
	gates_count(&transport->gates, &counts->in, &counts->out);
	g_object_get(transport->srtpdec, "stats", &stats, NULL);
	if (stats) {
		gst_structure_get_uint(stats, "recv-count", &heard);
		gst_structure_get_uint(stats, "recv-drop-count", &refused);
	}
	counts->heard = heard;
	counts->refused = refused;
}
