/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames from sotto, each to its function. A frame that cannot be obeyed ends the call with a sentence. */
#include "media/link.h"

#include "media/ask.h"
#include "media/session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { LAST_WORDS = 800000 }; /* µs: then the process is gone, whatever hangs */

static bool
on_consent(Session *session, GVariant *body, GError **error)
{
	(void)body;
	return session_consent(session, error);
}

static bool
on_restart(Session *session, GVariant *body, GError **error)
{
	(void)body;
	return session_restart(session, error);
}

static bool
on_picture(Session *session, GVariant *body, GError **error)
{
	const char *which;
	guint width, height, rate;

	(void)error;
	g_variant_get(body, "(&suuu)", &which, &width, &height, &rate);
	/* The terminal may be ready before there is anything to show. */
	session->shown[!strcmp(which, "own")] = (struct shown){ width, height, rate };
	for (guint i = 0; i < session->n; i++)
		if (session->contents[i]->picture)
			content_show(session->contents[i]);
	return true;
}

static void
on_ask(Session *session, GVariant *body)
{
	const char *what;

	g_variant_get(body, "(&s)", &what);
	ask_begin(session->link, what, session->start, session->choices.fds);
}

/* Turning a knob that is not there ends no call. */
static void
on_set(Session *session, GVariant *body, int *fds)
{
	const char *name, *value;
	g_autoptr(GError) error = NULL;

	g_variant_get(body, "(&s&s)", &name, &value);
	if (!control_set(session, name, value, fds, &error))
		session_report(session, name, "%s", error->message);
}

static bool (*const handlers[MEDIA_KINDS])(Session *session, GVariant *body, GError **error) = {
	[MEDIA_CANDIDATE] = session_candidate,
	[MEDIA_REMOTE] = session_remote,
	[MEDIA_KEYS] = session_keys,
	[MEDIA_CONSENT] = on_consent,
	[MEDIA_PICTURE] = on_picture,
	[MEDIA_RESTART] = on_restart,
	[MEDIA_ADD] = session_add,
	[MEDIA_REMOVE] = session_remove,
};

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	Session *session = owner;
	g_autoptr(GError) error = NULL;

	if (session->over)
		return;
	if (kind == MEDIA_START)
		session_start(session, body, fds, &error);
	else if (kind == MEDIA_SET)
		on_set(session, body, fds);
	else if (kind == MEDIA_ASK)
		on_ask(session, body);
	else if (handlers[kind])
		handlers[kind](session, body, &error);
	if (error)
		session_fail(session, fault_word(error), "%s", error->message);
}

/* A device or a relay that hangs keeps nobody: the kernel closes what is open. */
static void
give_up(int signal)
{
	(void)signal;
	_exit(EXIT_SUCCESS);
}

static void
last_words(void)
{
	struct itimerval timer = { .it_value.tv_usec = LAST_WORDS }, now;

	if (!getitimer(ITIMER_REAL, &now) && !timerisset(&now.it_value))
		setitimer(ITIMER_REAL, &timer, NULL);
}

static void
on_ended(gpointer owner, const GError *error)
{
	Session *session = owner;

	(void)error;
	last_words();
	session->over = true;
	g_main_loop_quit(session->loop);
}

static const struct media_link_hooks hooks = { on_frame, on_ended };

void
link_run(int fd)
{
	Session *session = g_new0(Session, 1);

	session->volume = VOLUME;
	signal(SIGALRM, give_up);
	for (int i = 0; i < MEDIA_FDS; i++)
		session->choices.fds[i] = -1;
	session->loop = g_main_loop_new(NULL, FALSE);
	session->link = media_link_new(fd, false, &hooks, session);
	g_main_loop_run(session->loop);
	last_words();
	ask_end();
	session_end(session);
	media_link_free(session->link);
	session_free(session);
}
