/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: whoever inside asks for a Unix socket gets one that is connected to the sound server already.
 *
 * The filter of system calls cannot see where a connect() leads, and Landlock says nothing of Unix sockets: without this, a broken
 * codec could speak to the session bus or an agent. So socket(AF_UNIX) is answered from here, by the kernel's user notification,
 * and a connected socket cannot be led elsewhere. Nothing is read from the memory of who asks. */
#define _GNU_SOURCE
#include "media/door.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/error.h"

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

static int ours = -1; /* the way to the door */

/* PULSE_SERVER may name several, each with the name of a machine before it: {name}unix:/path or /path. */
static bool
find_server(struct sockaddr_un *address)
{
	g_auto(GStrv) servers = g_strsplit_set(g_getenv("PULSE_SERVER") ? g_getenv("PULSE_SERVER") : "", " \t", -1);

	for (guint i = 0; servers[i]; i++) {
		const char *path = servers[i], *machine = *path == '{' ? strchr(path, '}') : NULL;

		path = machine ? machine + 1 : path;
		path = g_str_has_prefix(path, "unix:") ? path + strlen("unix:") : path;
		if (*path != '/' || strlen(path) >= sizeof address->sun_path)
			continue;
		*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
		strcpy(address->sun_path, path);
		return true;
	}
	return false;
}

static int
take_listener(int theirs)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec place = { &byte, 1 };
	struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *part;
	int fd = -1;

	if (TEMP_FAILURE_RETRY(recvmsg(theirs, &message, MSG_CMSG_CLOEXEC)) != 1)
		return -1;
	part = CMSG_FIRSTHDR(&message);
	if (part && part->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(part), sizeof fd);
	return fd;
}

static int
connected(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address)) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static void
answer(int listener, const struct sockaddr_un *address)
{
	struct seccomp_notif question = { 0 };
	struct seccomp_notif_addfd socket = { .flags = SECCOMP_ADDFD_FLAG_SEND, .newfd_flags = O_CLOEXEC };
	struct seccomp_notif_resp refusal = { 0 };
	int fd;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question))
		return;
	fd = connected(address);
	refusal.error = fd < 0 ? -errno : 0;
	if (fd >= 0) {
		if (question.data.args[1] & SOCK_NONBLOCK)
			fcntl(fd, F_SETFL, O_NONBLOCK);
		socket.id = question.id;
		socket.srcfd = (guint32)fd;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &socket) < 0)
			refusal.error = -EMFILE;
		close(fd);
	}
	if (refusal.error) {
		refusal.id = question.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &refusal);
	}
}

static void G_GNUC_NORETURN
serve(int theirs, const struct sockaddr_un *address)
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "sotto-door");
	if (theirs > 0)
		close_range(0, (unsigned)theirs - 1, 0);
	close_range((unsigned)theirs + 1, ~0U, 0);
	listener = take_listener(theirs);
	close(theirs);
	while (listener >= 0) {
		struct pollfd waiting = { .fd = listener, .events = POLLIN };

		if (poll(&waiting, 1, -1) < 0 || waiting.revents & (POLLHUP | POLLERR))
			break; /* nobody is inside any more */
		answer(listener, address);
	}
	_exit(0);
}

bool
door_make(GError **error)
{
	struct sockaddr_un address;
	int pair[2];
	pid_t pid;

	if (!find_server(&address))
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return fault(error, FAULT_BUSY, "cannot make a way to the sound server: %s", g_strerror(errno));
	pid = fork();
	if (pid == 0)
		serve(pair[1], &address);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return fault(error, FAULT_BUSY, "cannot make a way to the sound server: %s", g_strerror(errno));
	}
	ours = pair[0];
	return true;
}

bool
door_is_there(void)
{
	return ours >= 0;
}

void
door_hand_over(int listener)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec place = { &byte, 1 };
	struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };

	*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &listener, sizeof listener);
	TEMP_FAILURE_RETRY(sendmsg(ours, &message, MSG_NOSIGNAL));
	/* Who holds the listener inside could let its own calls through. */
	close(listener);
	close(ours);
	ours = -1;
}
