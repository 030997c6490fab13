/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A socket at a path, and a fresh process for each call that comes by it. It parses nothing itself. */
#define _GNU_SOURCE
#include "media/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/medialink.h"

/* One rings while another is on, a question is asked beside them, one that is over has its last words: who wants more is no sotto.
 */
enum { CALLS = 8 };

struct server {
	int listener;
	pid_t calls[CALLS]; /* 0: free */
	sigset_t signals;   /* while we sleep, and of a child */
};

static volatile sig_atomic_t ended;

static void
on_signal(int number)
{
	ended = ended || number != SIGCHLD;
}

static void
watch_signals(sigset_t *asleep)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	/* They come only while we wait: none is lost between a look and a sleep. */
	sigprocmask(SIG_BLOCK, &blocked, asleep);
}

/* A socket that nobody serves is what an earlier one left; anything else is not ours to take away. */
static bool
clear_path(const struct sockaddr_un *address, GError **error)
{
	struct stat about;
	int fd;
	bool served;

	if (lstat(address->sun_path, &about))
		return true;
	if (!S_ISSOCK(about.st_mode))
		return fault(error, FAULT_INPUT, "%s is there already and is no socket", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	served = !connect(fd, (const struct sockaddr *)address, sizeof *address);
	close(fd);
	if (served)
		return fault(error, FAULT_BUSY, "another sotto-media listens at %s already", address->sun_path);
	return !unlink(address->sun_path) ||
	       fault(error, FAULT_INPUT, "cannot replace %s: %s", address->sun_path, g_strerror(errno));
}

static int
open_path(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before = umask(0177);
	int fd = -1;

	if (strlen(path) >= sizeof address.sun_path) {
		fault(error, FAULT_INPUT, "%s is too long for a socket: at most %zu bytes", path, sizeof address.sun_path - 1);
	} else {
		strcpy(address.sun_path, path);
		if (clear_path(&address, error))
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4))) {
			fault(error, FAULT_INPUT, "cannot listen at %s: %s", path, g_strerror(errno));
			close(fd);
			fd = -1;
		}
	}
	umask(before);
	return fd;
}

static bool
is_ours(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) && peer.uid == geteuid();
}

/* A call has no business with the terminal that it was started from: neither to read what is typed nor to write. */
static void
leave_terminal(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__
	dup2(nothing, STDERR_FILENO);
#endif
}

/* In the child: the program anew, so that no call has the memory of another, not even its addresses. */
static void G_GNUC_NORETURN
become_media(int fd, const sigset_t *signals)
{
	g_autofree char *cookie = g_build_filename(g_get_home_dir(), ".config/pulse/cookie", NULL);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	leave_terminal();
	sigprocmask(SIG_SETMASK, signals, NULL);
	if (!g_getenv("PULSE_COOKIE") && access(cookie, R_OK) == 0)
		g_setenv("PULSE_COOKIE", cookie, TRUE);
	if (fd == MEDIA_LINK_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, MEDIA_LINK_FD) < 0)
		_exit(1);
	execl("/proc/self/exe", "sotto-media", NULL);
	_exit(1);
}

static void
begin_call(struct server *server, pid_t *place, int fd)
{
	pid_t child = fork();

	if (child == 0)
		become_media(fd, &server->signals);
	if (child < 0) {
		printf("a call cannot begin: %s\n", g_strerror(errno));
		return;
	}
	*place = child;
	puts("a call begins");
}

static pid_t *
find_place(struct server *server)
{
	for (guint i = 0; i < CALLS; i++)
		if (!server->calls[i])
			return &server->calls[i];
	return NULL;
}

static void
take_call(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	pid_t *place = find_place(server);

	if (fd < 0)
		return;
	if (!is_ours(fd))
		puts("another user came and was turned away");
	else if (!place)
		printf("a call came and was turned away: there are %d already\n", CALLS);
	else
		begin_call(server, place, fd);
	close(fd);
}

static void
reap(pid_t *place)
{
	int status;

	if (!*place || waitpid(*place, &status, WNOHANG) != *place)
		return;
	if (WIFSIGNALED(status))
		printf("a call ended: %s\n", strsignal(WTERMSIG(status)));
	else
		puts("a call ended");
	*place = 0;
}

bool
listen_serve(const char *path, GError **error)
{
	struct server server = { 0 };

	watch_signals(&server.signals);
	server.listener = open_path(path, error);
	if (server.listener < 0)
		return false;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("listening at %s\n", path);
	while (!ended) {
		struct pollfd waiting = { .fd = server.listener, .events = POLLIN };

		bool came = ppoll(&waiting, 1, NULL, &server.signals) > 0;

		for (guint i = 0; i < CALLS; i++)
			reap(&server.calls[i]);
		if (came)
			take_call(&server);
	}
	unlink(path);
	for (guint i = 0; i < CALLS; i++)
		if (server.calls[i])
			kill(server.calls[i], SIGTERM);
	return true;
}
