/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person turns during a call: the table of SET. */
#include "media/session.h"

#include <string.h>

static bool
flag(const char *value, bool *on, GError **error)
{
	*on = !strcmp(value, "on");
	return *on || !strcmp(value, "off") || fault(error, FAULT_INPUT, "\"%s\" is neither on nor off", value);
}

#define EACH(session, content)                            \
	for (guint each = 0; each < (session)->n; each++) \
		for (struct content *content = (session)->contents[each]; content && !content->over; content = NULL)

static bool
set_mute(Session *session, const char *value, int *fds, GError **error)
{
	bool on;

	(void)fds;
	if (!flag(value, &on, error))
		return false;
	session->muted = on;
	EACH(session, content)
	if (content->send)
		audiosend_mute(content->send, on);
	return true;
}

static bool
set_hold(Session *session, const char *value, int *fds, GError **error)
{
	(void)fds;
	if (!flag(value, &session->held, error))
		return false;
	session_gates(session);
	return true;
}

static bool
use_video_source(Session *session, const char *value, int *fds, GError **error)
{
	struct choice choice;

	if (!choice_read(value, fds, MEDIA_FDS, &choice, error))
		return false;
	EACH(session, content)
	if (content->picture && content->opened && !video_source(content->picture, &choice, error))
		return false;
	return true;
}

static bool
set_video(Session *session, const char *value, int *fds, GError **error)
{
	bool on;

	(void)fds;
	if (!flag(value, &on, error))
		return false;
	return use_video_source(session, on ? session->choices.video_source : "none", session->choices.fds, error);
}

static bool
set_volume(Session *session, const char *value, int *fds, GError **error)
{
	guint64 percent;

	(void)fds;
	if (!g_ascii_string_to_unsigned(value, 10, 0, 150, &percent, NULL))
		return fault(error, FAULT_INPUT, "the volume is a number from 0 to 150");
	EACH(session, content)
	if (content->play)
		audioplay_volume(content->play, percent);
	return true;
}

static bool
set_audio_source(Session *session, const char *value, int *fds, GError **error)
{
	struct choice choice;

	if (!choice_read(value, fds, MEDIA_FDS, &choice, error))
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
set_audio_sink(Session *session, const char *value, int *fds, GError **error)
{
	struct choice choice;

	if (!choice_read(value, fds, MEDIA_FDS, &choice, error))
		return false;
	EACH(session, content)
	{
		if (!content->play || !content->opened)
			continue;
		if (!audioplay_sink(content->play, &choice, error))
			return false;
		pipeline_settle(session->pipeline);
	}
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

/* For pictures that begin later, or again. */
static void
remember_video_source(struct choices *choices, const char *value, int *fds)
{
	struct choice choice;
	int place;

	if (value == choices->video_source || !choice_read(value, fds, MEDIA_FDS, &choice, NULL))
		return;
	g_free(choices->video_source);
	if (choice.kind != CHOICE_FILE)
		choices->video_source = g_strdup(value);
	else if ((place = keep_file(choices, fds, choice.fd)) >= 0)
		choices->video_source = g_strdup_printf("fd:%d", place);
	else
		choices->video_source = g_strdup("none");
}

static bool
set_video_source(Session *session, const char *value, int *fds, GError **error)
{
	bool well = use_video_source(session, value, fds, error);

	if (well)
		remember_video_source(&session->choices, value, fds);
	return well;
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
		return fault(error, FAULT_GONE, "nobody has said yet where sounds are played");
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
