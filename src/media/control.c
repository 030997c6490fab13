/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person turns during a call: the table of SET. */
#include "media/session.h"

#include <string.h>
#include <unistd.h>

static bool
flag(const char *value, bool *on, GError **error)
{
	bool yes = !strcmp(value, "on");

	if (!yes && strcmp(value, "off") != 0)
		return fault(error, FAULT_INPUT, "\"%s\" is neither on nor off", value);
	*on = yes;
	return true;
}

#define EACH(session, content)                            \
	for (guint each = 0; each < (session)->n; each++) \
		for (struct content *content = (session)->contents[each]; content && !content->over; content = NULL)

static bool
set_mute(Session *session, const char *value, int *fds, GError **error)
{
	bool on = false;

	(void)fds;
	if (!flag(value, &on, error))
		return false;
	session->muted = on;
	EACH(session, content)
	if (content->send)
		audiosend_mute(content->send, on);
	return true;
}

/* The camera as it may be used now: a person turned it on, and the peer wants to see. On hold neither it nor the microphone is
 * open: their lamps say so. */
bool
control_camera(Session *session, struct content *content, GError **error)
{
	bool wanted = !session->video_off && !session->held && content->remote.receives;
	struct choice choice;

	return choice_read(wanted ? session->choices.video_source : "none", session->choices.fds, MEDIA_FDS, &choice, error) &&
	       video_source(content->picture, &choice, error);
}

static bool
use_camera(Session *session, GError **error)
{
	EACH(session, content)
	if (content->picture && content->opened && !control_camera(session, content, error))
		return false;
	return true;
}

static bool
set_video(Session *session, const char *value, int *fds, GError **error)
{
	bool on = false;

	(void)fds;
	if (!flag(value, &on, error))
		return false;
	session->video_off = !on;
	return use_camera(session, error);
}

static bool
set_volume(Session *session, const char *value, int *fds, GError **error)
{
	guint64 percent;

	(void)fds;
	if (!g_ascii_string_to_unsigned(value, 10, 0, 150, &percent, NULL))
		return fault(error, FAULT_INPUT, "the volume is a number from 0 to 150");
	session->volume = percent;
	EACH(session, content)
	if (content->play)
		audioplay_volume(content->play, percent);
	return true;
}

/* A descriptor that came with a word becomes ours: its place among those of START, -1 when there is none left. */
static int
keep_file(struct choices *choices, int *fds, int fd)
{
	for (int mine = 0; mine < MEDIA_FDS; mine++) {
		if (choices->fds[mine] >= 0)
			continue;
		choices->fds[mine] = fd;
		for (int given = 0; given < MEDIA_FDS; given++)
			if (fds[given] == fd)
				fds[given] = -1;
		return mine;
	}
	return -1;
}

/* For what begins later, or again. */
static bool
remember(Session *session, char **choice, const char *value, int *fds, GError **error)
{
	struct choice read;
	guint64 before;
	int place = -1;

	if (value == *choice)
		return true;
	if (!*choice)
		return fault(error, FAULT_GONE, "the call has not begun");
	if (!choice_read(value, fds, MEDIA_FDS, &read, error))
		return false;
	if (g_str_has_prefix(*choice, "fd:") &&
		g_ascii_string_to_unsigned(*choice + strlen("fd:"), 10, 0, MEDIA_FDS - 1, &before, NULL)) {
		close(session->choices.fds[before]);
		session->choices.fds[before] = -1;
	}
	if (read.kind == CHOICE_FILE && (place = keep_file(&session->choices, fds, read.fd)) < 0)
		return fault(error, FAULT_BUSY, "there are too many files in this call");
	g_free(*choice);
	*choice = read.kind == CHOICE_FILE ? g_strdup_printf("fd:%d", place) : g_strdup(value);
	return true;
}

static bool
use_microphone(Session *session, GError **error)
{
	struct choice choice;

	if (!choice_read(session->held ? "none" : session->choices.audio_source, session->choices.fds, MEDIA_FDS, &choice, error))
		return false;
	EACH(session, content)
	{
		if (!content->send || !content->opened)
			continue;
		audioplay_echo(content->play, choice.kind == CHOICE_ECHO);
		audiosend_mute(content->send, session->muted);
		if (!audiosend_source(content->send, &choice, error))
			return false;
		pipeline_settle(session->pipeline);
	}
	return true;
}

static bool
set_audio_source(Session *session, const char *value, int *fds, GError **error)
{
	return remember(session, &session->choices.audio_source, value, fds, error) && use_microphone(session, error);
}

static bool
set_hold(Session *session, const char *value, int *fds, GError **error)
{
	(void)fds;
	if (!flag(value, &session->held, error))
		return false;
	session_gates(session);
	/* Without the one there is still the other. */
	bool sound = use_microphone(session, error), pictures = use_camera(session, error);
	return sound && pictures;
}

static bool
set_audio_sink(Session *session, const char *value, int *fds, GError **error)
{
	struct choices *choices = &session->choices;
	struct choice choice;

	if (!remember(session, &choices->audio_sink, value, fds, error) ||
		!choice_read(choices->audio_sink, choices->fds, MEDIA_FDS, &choice, error))
		return false;
	EACH(session, content)
	{
		if (!content->play || !content->opened)
			continue;
		audioplay_volume(content->play, session->volume);
		if (!audioplay_sink(content->play, &choice, error))
			return false;
		pipeline_settle(session->pipeline);
	}
	return true;
}

static bool
set_video_source(Session *session, const char *value, int *fds, GError **error)
{
	return remember(session, &session->choices.video_source, value, fds, error) && use_camera(session, error);
}

static bool
set_dtmf(Session *session, const char *value, int *fds, GError **error)
{
	(void)fds;
	EACH(session, content)
	if (content->send && content->open && audiosend_dtmf(content->send, *value))
		return true;
	return fault(error, FAULT_INPUT, "the other side takes no \"%s\"", value);
}

static bool
set_sound(Session *session, const char *value, int *fds, GError **error)
{
	struct choice sink;
	g_autoptr(GError) why = NULL;

	(void)fds;
	g_clear_pointer(&session->tune, sound_free);
	if (!strcmp(value, "off"))
		return true;
	if (!session->choices.audio_sink)
		return true; /* nobody has said yet where */
	if (!choice_read(session->choices.audio_sink, session->choices.fds, MEDIA_FDS, &sink, error))
		return false;
	session->tune = sound_new(value, &sink, &why);
	if (!why)
		return true;
	g_propagate_error(error, g_steal_pointer(&why));
	return false;
}

static const struct {
	const char *name;
	bool (*set)(Session *session, const char *value, int *fds, GError **error);
} controls[] = {
	{ "mute", set_mute },
	{ "hold", set_hold },
	{ "video", set_video },
	{ "volume", set_volume },
	{ "audio-source", set_audio_source },
	{ "audio-sink", set_audio_sink },
	{ "video-source", set_video_source },
	{ "dtmf", set_dtmf },
	{ "sound", set_sound },
};

bool
control_set(Session *session, const char *name, const char *value, int *fds, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(controls); i++)
		if (!strcmp(controls[i].name, name))
			return controls[i].set(session, value, fds, error);
	return fault(error, FAULT_INPUT, "a call has no control \"%s\"", name);
}
