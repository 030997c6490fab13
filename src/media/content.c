/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One content of the call: sound or picture, on a transport of its own or on that of the first. */
#include "media/formats.h"
#include "media/session.h"

#include <string.h>

enum { PATIENCE = 30 }; /* s: for ICE and the handshake together */

struct content *
content_find(Session *session, const char *name)
{
	for (guint i = 0; i < session->n; i++)
		if (!session->contents[i]->over && !strcmp(session->contents[i]->name, name))
			return session->contents[i];
	return NULL;
}

void
content_tell(struct content *content, const char *state)
{
	Session *session = content->session;

	if (!session->over)
		media_link_send(session->link, MEDIA_STATE,
			g_variant_new("(sss)", content->name, state, session->ice ? ice_path(session->ice, content->stream) : ""));
}

void
content_local(struct content *content)
{
	Session *session = content->session;
	g_autofree char *ufrag = NULL, *pwd = NULL;

	ice_credentials(session->ice, content->stream, &ufrag, &pwd);
	media_link_send(session->link, MEDIA_LOCAL,
		g_variant_new("(ssss@ayuus)", content->name, content->video ? "video" : "audio", ufrag, pwd,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, session->fingerprint, FINGERPRINT, 1), content->ssrc,
			content->rtx_ssrc, session->cname));
}

/* Others may go by its transport, whatever became of itself: that one stays until the end. */
static bool
lends(const struct content *content)
{
	const Session *session = content->session;

	return session->bundled && content->index == 0 && !session->over;
}

/* It has a way to the peer, or will have one: it was not answered yet. */
static bool
has_way(const struct content *content)
{
	if (content->transport)
		return !content->over || lends(content);
	return !content->over && !content->carrier;
}

/* All that has, or will have, a way of its own gets a new one. */
static void
move(Session *session)
{
	session->moved = false;
	ice_renew(session->ice);
	for (guint i = 0; i < session->n; i++) {
		struct content *content = session->contents[i];

		content->stream = 0;
		content->connected = false;
		/* It is told when something is heard again. */
		content->quiet = content->flowing;
		if (!has_way(content))
			continue;
		content->stream = ice_add(session->ice);
		if (content->transport)
			transport_move(content->transport, ice_agent(session->ice), content->stream);
	}
}

void
content_restart(struct content *content)
{
	if (ice_moved(content->session->ice)) {
		move(content->session);
		content_local(content);
		return;
	}
	ice_restart(content->session->ice, content->stream);
	content_local(content);
	ice_repeat(content->session->ice, content->stream);
}

static guint32
random_source(void)
{
	guint32 source;

	random_bytes(&source, sizeof source);
	return source ? source : 1;
}

/* That of one which is over, or a new one. Who had a transport of its own keeps its place, since letters to it may be on their way;
 * and the first, which may carry others. */
static guint
find_place(Session *session)
{
	for (guint i = 1; i < session->n; i++)
		if (session->contents[i]->over && !session->contents[i]->transport) {
			content_free(g_steal_pointer(&session->contents[i]));
			return i;
		}
	return session->n;
}

struct content *
content_new(Session *session, const char *name, bool video, GError **error)
{
	if (content_find(session, name))
		return fault_null(error, FAULT_PEER, "the call has two contents of one name");
	guint place = find_place(session);
	if (place == SESSION_CONTENTS)
		return fault_null(error, FAULT_BUSY, "a call has no more than %d contents", SESSION_CONTENTS);
	struct content *content = g_new0(struct content, 1);
	*content = (struct content){ .session = session, .video = video, .index = place, .ssrc = random_source() };
	content->name = g_strdup(name);
	content->rtx_ssrc = video ? random_source() : 0;
	session->contents[place] = content;
	session->n = MAX(session->n, place + 1);
	content->stream = ice_add(session->ice);
	if (!content->stream)
		return fault_null(error, FAULT_NETWORK, "no socket can be opened for the call");
	content_local(content);
	return content;
}

/* ---- the transport's news ---- */

static void
on_exported(gpointer owner)
{
	struct content *content = owner;

	content_tell(content, "secured");
	g_clear_handle_id(&content->patience, g_source_remove);
	session_gates(content->session);
}

static void
on_impostor(gpointer owner)
{
	struct content *content = owner;

	session_fail(content->session, "fingerprint",
		"who answered does not have the certificate that was announced: somebody may stand between - nothing was sent");
}

static void
on_flowing(gpointer owner)
{
	struct content *content = owner;

	content->flowing = true;
	content_tell(content, "flowing");
}

static const struct transport_hooks hooks = { on_exported, on_impostor, on_flowing };

static gboolean
lose_patience(gpointer data)
{
	struct content *content = data;

	content->patience = 0;
	if (content->connected)
		session_fail(content->session, "dtls", "the other side does not agree on keys within %d seconds", PATIENCE);
	else
		session_fail(content->session, "ice", "no way to the other side was found within %d seconds", PATIENCE);
	return G_SOURCE_REMOVE;
}

static bool
make_transport(struct content *content, GError **error)
{
	Session *session = content->session;
	struct transport_setup setup = {
		.bin = pipeline_bin(session->pipeline),
		.rtpbin = pipeline_rtpbin(session->pipeline),
		.session = content->index,
		.agent = ice_agent(session->ice),
		.stream = content->stream,
		.pem = secret_bytes(session->pem),
		.client = content->remote.client,
	};

	memcpy(setup.theirs, content->remote.fingerprint, FINGERPRINT);
	content->transport = transport_new(&setup, &hooks, content, error);
	if (!content->transport)
		return false;
	content->patience = g_timeout_add_seconds(PATIENCE, lose_patience, content);
	/* Only now: whoever comes through finds the handshake ready. */
	ice_remote(session->ice, content->stream, content->remote.ufrag, content->remote.pwd);
	return true;
}

/* ---- the media ---- */

static bool
wire_audio(struct content *content, guint rtp, GstElement *funnel, GError **error)
{
	Session *session = content->session;
	const struct remote *remote = &content->remote;
	bool narrow = remote->dtmf_clock == 8000;

	if (remote->opus < 0)
		return fault(error, FAULT_PEER, "the other side does not speak Opus");
	pipeline_map(session->pipeline, rtp, remote->opus, formats_caps(FORMAT_OPUS, remote->opus, 0, remote->twcc));
	if (remote->dtmf >= 0)
		pipeline_map(session->pipeline, rtp, remote->dtmf,
			formats_caps(narrow ? FORMAT_DTMF_NARROW : FORMAT_DTMF, remote->dtmf, 0, remote->twcc));
	content->play = audioplay_new(pipeline_bin(session->pipeline), session->sound, session->fec, error);
	if (!content->play)
		return false;
	pipeline_receiver(session->pipeline, rtp, remote->opus, audioplay_pad(content->play));
	struct audiosend_setup setup = {
		.bin = pipeline_bin(session->pipeline),
		.funnel = funnel,
		.ssrc = content->ssrc,
		.pt = remote->opus,
		.dtmf = remote->dtmf,
		.dtmf_clock = remote->dtmf_clock,
		.twcc = remote->twcc,
		.fec = session->fec,
		.echo = session->sound,
		.probe = audioplay_probe(content->play),
	};
	content->send = audiosend_new(&setup, error);
	if (!content->send)
		return false;
	audiosend_pause(content->send, !remote->receives);
	return true;
}

void
content_show(struct content *content)
{
	for (int own = 0; own < 2; own++) {
		const struct shown *shown = &content->session->shown[own];
		video_show(content->picture, own, shown->width, shown->height, shown->rate);
	}
}

static bool
wire_video(struct content *content, guint rtp, GstElement *funnel, GError **error)
{
	Session *session = content->session;
	const struct remote *remote = &content->remote;

	if (remote->vp8 < 0)
		return fault(error, FAULT_PEER, "the other side does not speak VP8");
	pipeline_map(session->pipeline, rtp, remote->vp8, formats_caps(FORMAT_VP8, remote->vp8, 0, remote->twcc));
	if (remote->rtx >= 0) {
		pipeline_map(session->pipeline, rtp, remote->rtx, formats_caps(FORMAT_RTX, remote->rtx, remote->vp8, remote->twcc));
		pipeline_rtx(session->pipeline, rtp, remote->vp8, remote->rtx, content->ssrc, content->rtx_ssrc);
	}
	struct video_setup setup = {
		.bin = pipeline_bin(session->pipeline),
		.funnel = funnel,
		.ssrc = content->ssrc,
		.pt = remote->vp8,
		.twcc = remote->twcc,
		.width = session->choices.width,
		.height = session->choices.height,
		.rate = session->choices.rate,
		.link = session->link,
	};
	content->picture = video_new(&setup, error);
	if (!content->picture)
		return false;
	pipeline_receiver(session->pipeline, rtp, remote->vp8, video_pad(content->picture));
	content_show(content);
	return true;
}

bool
content_wire(struct content *content, GError **error)
{
	Session *session = content->session;
	bool own = !session->bundled || content->index == 0;

	content->carrier = own ? content : session->contents[0];
	guint rtp = content->carrier->index;
	GstElement *funnel = pipeline_sender(session->pipeline, rtp);
	if (!funnel)
		return fault(error, FAULT_GONE, "the sender of packets cannot be put together");
	if (!(content->video ? wire_video : wire_audio)(content, rtp, funnel, error))
		return false;
	if (own && !make_transport(content, error))
		return false;
	if (!own)
		ice_remove(session->ice, content->stream);
	content_open(content);
	return true;
}

static void
open_sound(struct content *content)
{
	Session *session = content->session;
	g_autoptr(GError) error = NULL;

	if (!control_set(session, "audio-sink", session->choices.audio_sink, session->choices.fds, &error))
		session_report(session, "loudspeaker", "%s", error->message);
	g_clear_error(&error);
	if (!control_set(session, "audio-source", session->choices.audio_source, session->choices.fds, &error))
		session_report(session, "microphone", "%s", error->message);
}

static void
open_picture(struct content *content)
{
	Session *session = content->session;
	g_autoptr(GError) error = NULL;

	if (!control_camera(session, content, &error))
		session_report(session, "camera", "%s", error->message);
}

void
content_open(struct content *content)
{
	if (!content->session->consent || content->over || content->opened || !content->carrier)
		return;
	content->opened = true;
	if (content->send)
		open_sound(content);
	if (content->picture)
		open_picture(content);
}

void
content_follow(struct content *content)
{
	if (content->send)
		audiosend_pause(content->send, !content->remote.receives);
	if (content->picture && content->opened)
		open_picture(content);
}

void
content_end(struct content *content)
{
	Session *session = content->session;

	if (content->over)
		return;
	bool had_way = has_way(content);
	content->over = true;
	g_clear_handle_id(&content->patience, g_source_remove);
	if (content->carrier)
		pipeline_receiver(session->pipeline, content->carrier->index,
			content->video ? content->remote.vp8 : content->remote.opus, NULL);
	g_clear_pointer(&content->send, audiosend_free);
	g_clear_pointer(&content->play, audioplay_free);
	g_clear_pointer(&content->picture, video_free);
	if (!had_way || has_way(content))
		return;
	if (content->transport) {
		transport_close(content->transport);
		content->flowing = content->open = false;
	}
	if (content->stream)
		ice_remove(session->ice, content->stream);
}

/* After the pipeline, whose threads use it. */
void
content_free(struct content *content)
{
	transport_free(content->transport);
	remote_clear(&content->remote);
	g_free(content->name);
	g_free(content);
}

/* Who begins to send begins with a whole picture: those before stayed behind the gate. */
static void
begin_pictures(struct content *carrier)
{
	Session *session = carrier->session;

	for (guint i = 0; i < session->n; i++)
		if (session->contents[i]->carrier == carrier && session->contents[i]->picture)
			video_whole(session->contents[i]->picture);
}

static void
set_gates(struct content *content, bool open)
{
	Session *session = content->session;

	if (session->keys_here && !session->over && !transport_keyed(content->transport) &&
		transport_key(content->transport, &session->keys, session->initiator))
		stats_begin(session);
	open = open && transport_keyed(content->transport);
	bool opens = open && !content->open;
	if (opens)
		transport_count(content->transport, &content->base);
	content->open = open;
	/* On hold reports go on: they say that we are still there. */
	transport_open(content->transport, open, !session->held);
	if (opens)
		begin_pictures(content);
}

void
session_gates(Session *session)
{
	bool open = session->consent && session->keys_here && !session->over;

	for (guint i = 0; i < session->n; i++)
		if (session->contents[i]->transport)
			set_gates(session->contents[i], open);
}
