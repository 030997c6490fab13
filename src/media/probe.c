/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fence tried from inside. */
#define _GNU_SOURCE
#include "media/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "media/fence.h"

static int status; /* to leave with */

static void
say(const char *name, bool possible, bool must_be)
{
	printf("%s: %s%s\n", name, possible ? "possible" : "refused", possible == must_be ? "" : " - wrong");
	status |= possible != must_be;
}

static bool
worked(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
read_password_file(void)
{
	return worked(open("/etc/passwd", O_RDONLY));
}

static bool
read_folder(void)
{
	return worked(open("/", O_RDONLY | O_DIRECTORY));
}

static bool
read_system(void)
{
	return worked(open("/proc/self/environ", O_RDONLY));
}

static bool
write_file(void)
{
	return worked(open("/tmp/sotto-media-probe", O_WRONLY | O_CREAT, 0600));
}

static bool
write_library(void)
{
	return worked(open("/usr/lib/sotto-media-probe", O_WRONLY | O_CREAT, 0600));
}

/* Where it leads decides: only the door's sockets are there, and they are not led elsewhere. */
static bool
reach(const char *path, socklen_t length)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX }, peer = { 0 };
	socklen_t size = sizeof peer;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool there = false;

	if (fd < 0 || strlen(path) >= sizeof to.sun_path)
		return worked(fd) && false;
	strcpy(to.sun_path, path);
	if (!connect(fd, (struct sockaddr *)&to, length))
		there = !getpeername(fd, (struct sockaddr *)&peer, &size) && g_str_equal(peer.sun_path, path);
	close(fd);
	return there;
}

static bool
send_to_any(void)
{
	int pair[2];
	bool made = !socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);

	if (made)
		close(pair[0]), close(pair[1]);
	return made;
}

static bool
raw_packets(void)
{
	return worked(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)) || worked(socket(AF_PACKET, SOCK_RAW, 0));
}

static bool
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
signal_parent(void)
{
	return !kill(getppid(), 0);
}

/* The kernel signals the owner of a descriptor, whoever that is, and with any number. */
static bool
signal_by_descriptor(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool owned = !fcntl(fd, F_SETOWN, getppid()) || !fcntl(fd, F_SETSIG, SIGKILL);

	close(fd);
	return owned;
}

static bool
bind_parent_to_core(void)
{
	cpu_set_t cores;

	return !sched_getaffinity(getppid(), sizeof cores, &cores) && !sched_setaffinity(getppid(), sizeof cores, &cores);
}

static bool
type_into_terminal(void)
{
	return !ioctl(0, TIOCSTI, "\n") || errno != EPERM;
}

static bool
delete_file(void)
{
	return !unlink("/tmp/sotto-media-probe-none") || errno == ENOENT;
}

static gpointer
open_elsewhere(gpointer data)
{
	*(bool *)data = read_password_file() || make_process();
	return NULL;
}

static bool
from_a_thread(void)
{
	bool done = true;

	g_thread_join(g_thread_new("probe", open_elsewhere, &done));
	return done;
}

/* Media needs these. */
static bool
use_udp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof to);

	close(fd);
	return good;
}

static bool
read_libraries(void)
{
	return worked(open("/usr", O_RDONLY | O_DIRECTORY));
}

static bool
share_memory(void)
{
	return worked(memfd_create("probe", MFD_CLOEXEC));
}

static bool
reach_sound(void)
{
	struct sockaddr_un peer = { 0 };
	socklen_t size = sizeof peer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 && !getpeername(fd, (struct sockaddr *)&peer, &size);

	if (fd >= 0)
		close(fd);
	return there;
}

static const struct {
	const char *name;
	bool (*try)(void);
	bool must_be; /* possible */
} tries[] = {
	{ "read a file", read_password_file, false },
	{ "read a folder", read_folder, false },
	{ "read the environment", read_system, false },
	{ "write a file", write_file, false },
	{ "write a library", write_library, false },
	{ "delete a file", delete_file, false },
	{ "send to any socket", send_to_any, false },
	{ "raw packets", raw_packets, false },
	{ "make a process", make_process, false },
	{ "signal the parent", signal_parent, false },
	{ "signal by a descriptor", signal_by_descriptor, false },
	{ "bind the parent to a core", bind_parent_to_core, false },
	{ "type into the terminal", type_into_terminal, false },
	{ "open or fork from a thread", from_a_thread, false },
	{ "udp", use_udp, true },
	{ "read libraries", read_libraries, true },
	{ "share memory", share_memory, true },
};

/* None of them returns. */
static void
try_deadly(const char *word)
{
	fflush(stdout);
	if (g_str_equal(word, "exec"))
		execl("/bin/true", "true", NULL);
	else if (g_str_equal(word, "ptrace"))
		ptrace(PTRACE_TRACEME, 0, 0, 0);
	else if (g_str_equal(word, "keyctl"))
		syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	say(word, true, false);
}

static void
try_word(const char *word)
{
	const char *path = strchr(word, ':');

	if (path && g_str_has_prefix(word, "reach:"))
		say(word, reach(path + 1, sizeof(struct sockaddr_un)) || reach(path + 1, 16) || reach(path + 1, 28), false);
	else if (path && g_str_has_prefix(word, "read:"))
		say(word, worked(open(path + 1, O_RDONLY)), false);
	else
		try_deadly(word);
}

int
probe_run(const char *word)
{
	printf("fence: %s\n", fence_words());
	for (gsize i = 0; i < G_N_ELEMENTS(tries); i++)
		say(tries[i].name, tries[i].try(), tries[i].must_be);
	printf("sound server: %s\n", reach_sound() ? "there" : "none");
	if (word)
		try_word(word);
	return status;
}
