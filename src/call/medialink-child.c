/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program sotto-media as our child: started with next to nothing, reaped whenever it ends. */
#define _GNU_SOURCE
#include "call/medialink-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/error.h"
#include "api/log.h"
#include "api/timer.h"
#include "base/environment.h"
#include "base/medialink.h"

enum { GRACE_MS = 1000 };

struct MediaChild {
	GPid pid;
	guint watch, timer;
	bool over;
	void (*ended)(gpointer owner, const char *why);
	gpointer owner; /* NULL: left */
};

const char *media_program;

static char *
find_program(GError **error)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *beside = folder ? g_build_filename(folder, "sotto-media", NULL) : NULL;
	const char *places[] = { media_program, beside, SOTTO_PLUGINS "/../sotto-media" };

	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		if (places[i] && access(places[i], X_OK) == 0)
			return g_strdup(places[i]);
	return fault_null(error, FAULT_GONE, "there is no program sotto-media beside sotto: calls need it, install it as well");
}

/* Of the user's environment only what leads to the sound server. With no home there is no cookie in it either. */
static char **
environment(void)
{
	static const char *const kept[] = {
		"XDG_RUNTIME_DIR",
		"PULSE_SERVER",
		"PULSE_COOKIE",
#ifdef __SANITIZE_ADDRESS__
		"ASAN_OPTIONS",
		"UBSAN_OPTIONS",
		"LSAN_OPTIONS",
#endif
	};
	char **user = environment_of_user(), **child = g_environ_setenv(NULL, "HOME", "/nonexistent", TRUE);
	const char *home = g_environ_getenv(user, "HOME");
	g_autofree char *cookie = home ? g_build_filename(home, ".config/pulse/cookie", NULL) : NULL;

	if (cookie && access(cookie, R_OK) == 0)
		child = g_environ_setenv(child, "PULSE_COOKIE", cookie, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		const char *value = g_environ_getenv(user, kept[i]);

		if (value)
			child = g_environ_setenv(child, kept[i], value, TRUE);
	}
	return child;
}

/* In the child, before it runs the program: a session of its own, so that keys pressed here send it no signal; and it
 * does not outlive us. */
static void
set_up(gpointer data)
{
	pid_t parent = *(pid_t *)data;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static char *
words_of(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf("sotto-media crashed (%s)", strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return g_strdup_printf("sotto-media gave up (%d)", WEXITSTATUS(status));
	return NULL;
}

static void
child_free(MediaChild *child)
{
	if (child->timer)
		clock_cancel(child->timer);
	g_free(child);
}

static void
on_exit_status(GPid pid, int status, gpointer data)
{
	MediaChild *child = data;
	g_autofree char *why = words_of(status);

	g_spawn_close_pid(pid);
	child->over = true;
	if (!child->owner)
		child_free(child);
	else
		child->ended(child->owner, why);
}

static bool
spawn(MediaChild *child, const char *program, int theirs, GError **error)
{
	g_auto(GStrv) environ_of_child = environment();
	const char *argv[] = { program, NULL };
	const int target = MEDIA_LINK_FD;
	pid_t self = getpid();
	GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL;
	g_autoptr(GError) why = NULL;

#ifndef __SANITIZE_ADDRESS__
	flags |= G_SPAWN_STDERR_TO_DEV_NULL; /* the terminal is ours */
#endif
	if (g_spawn_async_with_pipes_and_fds("/", argv, (const char *const *)environ_of_child, flags, set_up, &self, -1, -1, -1,
		    &theirs, &target, 1, &child->pid, NULL, NULL, NULL, &why))
		return true;
	return fault(error, FAULT_GONE, "cannot start sotto-media: %s", why->message);
}

MediaChild *
media_child_start(int *fd, void (*ended)(gpointer owner, const char *why), gpointer owner, GError **error)
{
	g_autofree char *program = find_program(error);
	g_autofree MediaChild *child = g_new0(MediaChild, 1);
	int pair[2];

	if (!program)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return fault_null(error, FAULT_BUSY, "cannot make a link to sotto-media: %s", g_strerror(errno));
	child->ended = ended;
	child->owner = owner;
	if (!spawn(child, program, pair[1], error)) {
		close(pair[0]);
		close(pair[1]);
		return NULL;
	}
	close(pair[1]);
	*fd = pair[0];
	child->watch = g_child_watch_add(child->pid, on_exit_status, child);
	return g_steal_pointer(&child);
}

bool
media_child_ended(const MediaChild *child)
{
	return child->over;
}

static void
on_grace_over(gpointer data)
{
	MediaChild *child = data;

	/* It was not reaped yet: the number is still its own. */
	child->timer = 0;
	log_warning("sotto-media %d did not end by itself and is killed", (int)child->pid);
	kill(child->pid, SIGKILL);
}

void
media_child_leave(MediaChild *child)
{
	child->owner = NULL;
	if (child->over)
		child_free(child);
	else
		child->timer = clock_after(GRACE_MS, on_grace_over, child, NULL);
}
