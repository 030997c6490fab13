/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From START to the end. Nothing is opened before CONSENT, nothing is sent or played before KEYS. */
#include "media/session.h"

#include "media/candidate.h"

#include <string.h>
#include <unistd.h>

enum { CONTEXT = SRTPKEYS_CONTEXT };

/* ---- ICE's news ---- */

static struct content *
of_stream(Session *session, guint stream)
{
	for (guint i = 0; i < session->n; i++)
		if (session->contents[i]->stream == stream)
			return session->contents[i];
	return NULL;
}

static void
on_candidate(gpointer owner, guint stream, const NiceCandidate *candidate)
{
	Session *session = owner;
	struct content *content = of_stream(session, stream);

	if (content && !session->over)
		media_link_send(session->link, MEDIA_CANDIDATE, candidate_tell(content->name, candidate));
}

static void
on_gathered(gpointer owner, guint stream, guint candidates)
{
	Session *session = owner;
	struct content *content = of_stream(session, stream);

	if (!content || session->over)
		return;
	if (!candidates && session->relay_only && ice_trouble(session->ice))
		session_fail(session, "relay", "the relay gave no address: %s", ice_trouble(session->ice));
	else if (!candidates && session->relay_only)
		session_fail(session, "relay", "the relay gave no address: is it reachable, and are its name and password right?");
	else if (!candidates)
		session_fail(session, "network", "this machine has no address that could be told to the other side");
	else
		media_link_send(session->link, MEDIA_GATHERED, g_variant_new("(s)", content->name));
}

static void
on_ice_state(gpointer owner, guint stream, enum ice_state state)
{
	Session *session = owner;
	struct content *content = of_stream(session, stream);
	static const char *const words[] = { [ICE_CHECKING] = "checking", [ICE_CONNECTED] = "connected", [ICE_LOST] = "lost" };

	if (!content || session->over || content->carrier != content)
		return;
	bool known = state == ICE_LOST && content->quiet;
	content->connected = state == ICE_CONNECTED;
	if (content->connected)
		content->restarting = 0;
	content->quiet = content->quiet || state == ICE_LOST; /* it flows again when something is heard */
	if (!known)
		content_tell(content, words[state]);
	if (state == ICE_CONNECTED && content->transport)
		transport_connected(content->transport);
}

static const struct ice_hooks ice_hooks = { on_candidate, on_gathered, on_ice_state };

/* ---- the pipeline's ---- */

static void
on_failed(gpointer owner, GstObject *where, const char *text)
{
	Session *session = owner;

	for (guint i = 0; i < session->n; i++) {
		struct content *content = session->contents[i];
		if (content->send && audiosend_owns(content->send, where)) {
			session_report(session, "microphone", "the microphone failed, silence is sent: %s", text);
			control_set(session, "audio-source", "none", session->choices.fds, NULL);
			return;
		}
		if (content->play && audioplay_owns(content->play, where)) {
			session_report(session, "loudspeaker", "the loudspeaker failed, nothing is played: %s", text);
			control_set(session, "audio-sink", "none", session->choices.fds, NULL);
			return;
		}
		if (content->picture && video_owns(content->picture, where)) {
			session_report(session, "camera", "the camera failed, no picture is sent: %s", text);
			control_set(session, "video-source", "none", session->choices.fds, NULL);
			return;
		}
	}
	session_fail(session, "media", "the media engine failed: %s", text);
}

/* ---- frames ---- */

static bool
add_contents(Session *session, GVariant *list, GError **error)
{
	GVariantIter iter;
	const char *name, *media;

	g_variant_iter_init(&iter, list);
	while (g_variant_iter_next(&iter, "(&s&s)", &name, &media))
		if (!content_new(session, name, !strcmp(media, "video"), error))
			return false;
	return true;
}

static char *
random_name(void)
{
	guint8 bytes[12];

	random_bytes(bytes, sizeof bytes);
	return g_base64_encode(bytes, sizeof bytes);
}

static void
take_choices(Session *session, int *fds, const char *audio_source, const char *audio_sink, const char *video_source)
{
	session->choices.audio_source = g_strdup(audio_source);
	session->choices.audio_sink = g_strdup(audio_sink);
	session->choices.video_source = g_strdup(video_source);
	for (int i = 0; i < MEDIA_FDS; i++) {
		session->choices.fds[i] = fds[i];
		fds[i] = -1;
	}
}

bool
session_start(Session *session, GVariant *body, int *fds, GError **error)
{
	gboolean initiator, loopback, fec;
	const char *policy, *toward, *proxy, *audio_source, *audio_sink, *video_source, *authorities;
	g_autoptr(GVariant) contents = NULL;
	g_autoptr(GVariant) servers = NULL;

	if (session->begun)
		return fault(error, FAULT_PEER, "the call was started twice");
	g_variant_get(body, "(b@a(ss)&sb&s@a(ssqsss)&s&s&s&suuu&sb)", &initiator, &contents, &policy, &loopback, &toward, &servers,
		&proxy, &audio_source, &audio_sink, &video_source, &session->choices.width, &session->choices.height,
		&session->choices.rate, &authorities, &fec);
	session->begun = true;
	session->start = g_variant_ref(body);
	session->initiator = initiator;
	session->loopback = loopback;
	session->fec = fec;
	session->relay_only = strcmp(policy, "direct") != 0;
	take_choices(session, fds, audio_source, audio_sink, video_source);
	if (!g_variant_n_children(contents))
		return true; /* a question will follow */
	if (*proxy && !session->relay_only)
		return fault(error, FAULT_NETWORK, "through a proxy calls go by a relay only: nothing was sent");
	session->cname = random_name();
	session->sound = echo_new(ECHO_SOUND);
	session->pem = certificate_new(session->fingerprint, error);
	session->pipeline = session->pem ? pipeline_new(session->cname, on_failed, session, error) : NULL;
	if (!session->pipeline)
		return false;
	struct ice_setup setup = { initiator, session->relay_only, loopback, toward, servers, authorities, proxy };
	session->ice = ice_new(&setup, &ice_hooks, session);
	return add_contents(session, contents, error);
}

bool
session_candidate(Session *session, GVariant *body, GError **error)
{
	struct content *content = content_find(session, candidate_content(body));
	NiceCandidate *candidate = candidate_take(body, session->loopback);

	(void)error;
	if (content && candidate && session->ice && (!content->carrier || content->carrier == content))
		ice_candidate(session->ice, content->stream, candidate);
	g_clear_pointer(&candidate, nice_candidate_free);
	return true;
}

bool
session_keys(Session *session, GVariant *body, GError **error)
{
	gboolean mixed;
	GVariant *parts[3];
	const guint8 *bytes[3];
	gsize lengths[3];
	bool well = true;

	if (session->keys_here)
		return fault(error, FAULT_PEER, "the keys came twice");
	g_variant_get(body, "(b@ay@ay@ay)", &mixed, &parts[0], &parts[1], &parts[2]);
	for (int i = 0; i < 3; i++) {
		bytes[i] = g_variant_get_fixed_array(parts[i], &lengths[i], 1);
		well = well && lengths[i] == (mixed ? SRTPKEYS_SECRET : 0);
	}
	if (well && mixed) {
		memcpy(session->keys.context, bytes[0], CONTEXT);
		session->keys.initiator = secret_copy(bytes[1], lengths[1]);
		session->keys.responder = secret_copy(bytes[2], lengths[2]);
	}
	session->keys.mixed = mixed;
	session->keys_here = well;
	for (int i = 0; i < 3; i++)
		g_variant_unref(parts[i]);
	if (!well)
		return fault(error, FAULT_PEER, "the keys of the call have a wrong length");
	session_gates(session);
	return true;
}

bool
session_consent(Session *session, GError **error)
{
	(void)error;
	session->consent = true;
	for (guint i = 0; i < session->n; i++)
		content_open(session->contents[i]);
	session_gates(session);
	return true;
}

bool
session_restart(Session *session, GError **error)
{
	if (!session->ice)
		return fault(error, FAULT_PEER, "there is no call that could look for a new way");
	for (guint i = 0; i < session->n; i++)
		if (session->contents[i]->carrier == session->contents[i]) {
			content_restart(session->contents[i]);
			session->contents[i]->restarting++;
		}
	return true;
}

bool
session_add(Session *session, GVariant *body, GError **error)
{
	const char *name, *media;

	if (!session->ice)
		return fault(error, FAULT_PEER, "there is no call that something could be added to");
	g_variant_get(body, "(&s&s)", &name, &media);
	return content_new(session, name, !strcmp(media, "video"), error) != NULL;
}

bool
session_remove(Session *session, GVariant *body, GError **error)
{
	const char *name;
	struct content *content;

	(void)error;
	g_variant_get(body, "(&s)", &name);
	content = content_find(session, name);
	if (content)
		content_end(content);
	return true;
}

/* ---- the end ---- */

static gboolean
leave(gpointer data)
{
	Session *session = data;

	if (media_link_waiting(session->link) && session->ticks++ < 50)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(session->loop);
	return G_SOURCE_REMOVE;
}

void
session_fail(Session *session, const char *word, const char *format, ...)
{
	va_list list;

	if (session->over)
		return;
	session->over = true;
	va_start(list, format);
	g_autofree char *sentence = g_strdup_vprintf(format, list);
	va_end(list);
	session_gates(session);
	media_link_send(session->link, MEDIA_FAILED, g_variant_new("(ss)", word, sentence));
	session->ticks = 0;
	g_timeout_add(10, leave, session);
}

void
session_report(Session *session, const char *step, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_autofree char *sentence = g_strdup_vprintf(format, list);
	va_end(list);
	if (!session->over)
		media_link_send(session->link, MEDIA_REPORT, g_variant_new("(sbs)", step, FALSE, sentence));
}

void
session_end(Session *session)
{
	session->over = true;
	g_clear_handle_id(&session->ticker, g_source_remove);
	for (guint i = session->n; i > 0; i--)
		content_end(session->contents[i - 1]);
	g_clear_pointer(&session->tune, sound_free);
	g_clear_pointer(&session->pipeline, pipeline_free);
	g_clear_pointer(&session->ice, ice_free);
	srtpkeys_clear(&session->keys);
	g_clear_pointer(&session->pem, secret_free);
}

void
session_free(Session *session)
{
	for (guint i = 0; i < session->n; i++)
		content_free(session->contents[i]);
	for (int i = 0; i < MEDIA_FDS; i++)
		if (session->choices.fds[i] >= 0)
			close(session->choices.fds[i]);
	g_free(session->choices.audio_source);
	g_free(session->choices.audio_sink);
	g_free(session->choices.video_source);
	g_free(session->cname);
	g_clear_pointer(&session->start, g_variant_unref);
	g_clear_pointer(&session->sound, echo_free);
	g_main_loop_unref(session->loop);
	g_free(session);
}
