/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of system calls. What is not in it fails with EPERM, as libraries expect of a thing that a machine does not have. */
#define _GNU_SOURCE
#include "media/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/error.h"

#define CALL(name) SCMP_SYS(name)

/* With any arguments. A name that this machine or its libseccomp does not know is left out. */
static const char allowed[] =
	/* descriptors */
	"read write readv writev pread64 pwrite64 lseek close close_range dup dup2 dup3 fstat ftruncate fsync fdatasync "
	"fallocate "
	"fadvise64 poll ppoll select pselect6 epoll_create1 epoll_create epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 "
	"eventfd "
	"pipe pipe2 timerfd_create timerfd_settime timerfd_gettime memfd_create "
	/* what a path is, not what is in it */
	"newfstatat stat lstat statx access faccessat faccessat2 getdents64 getcwd readlink readlinkat statfs fstatfs "
	/* memory; Orc makes code as it runs */
	"mmap mprotect munmap mremap madvise brk mlock munlock mincore membarrier "
	/* threads and time */
	"futex set_robust_list rseq set_tid_address exit exit_group gettid getpid getppid sched_yield sched_getaffinity "
	"sched_setattr "
	"sched_getscheduler sched_getparam sched_get_priority_max sched_get_priority_min sched_getattr getpriority getcpu "
	"restart_syscall "
	"alarm getitimer setitimer clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrandom "
	"rt_sigaction rt_sigprocmask "
	"rt_sigreturn "
	"rt_sigtimedwait sigaltstack "
	/* who and where */
	"getuid geteuid getgid getegid getresuid getresgid getgroups uname sysinfo getrusage getrlimit "
	/* the network */
	"bind listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown sendto recvfrom sendmsg recvmsg "
	"sendmmsg recvmmsg";

/* No library asks for these by chance. */
static const char deadly[] =
	"execve execveat ptrace process_vm_readv process_vm_writev bpf keyctl add_key request_key mount umount2 "
	"move_mount fsopen open_tree pivot_root perf_event_open init_module finit_module kexec_load userfaultfd";

static const char opening[] = "open openat";

#define LOW(n, value) SCMP_A##n(SCMP_CMP_MASKED_EQ, 0xffffffff, (value))
#define BITS(n, mask, value) SCMP_A##n(SCMP_CMP_MASKED_EQ, (mask), (value))
enum { TYPE = 0xf }; /* of a socket, without its flags */

/* Of fcntl: not who is signalled when something arrives, for the kernel kills by that whomever it is told. */
static const unsigned controls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ, F_SETPIPE_SZ,
	F_ADD_SEALS, F_GET_SEALS };

/* Requests of ioctl by their letter, and the few without one. */
static const unsigned letters[] = { 'V' /* video4linux */, '|' /* media controllers of cameras */ };
static const unsigned requests[] = { FIONREAD, FIONBIO, FIOCLEX, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFINDEX, SIOCGIFNAME,
	SIOCGIFMTU, SIOCOUTQ };

/* The first failure counts. */
#define ADD(...) (failed = failed ? failed : seccomp_rule_add(filter, __VA_ARGS__))

static int
add_list(scmp_filter_ctx filter, uint32_t action, const char *names)
{
	g_auto(GStrv) list = g_strsplit(names, " ", -1);
	int failed = 0;

	for (guint i = 0; list[i] && !failed; i++) {
		int call = seccomp_syscall_resolve_name(list[i]);

		if (call != __NR_SCMP_ERROR)
			ADD(action, call, 0);
	}
	return failed;
}

static int
add_ioctl(scmp_filter_ctx filter)
{
	int failed = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(letters) && !failed; i++)
		ADD(SCMP_ACT_ALLOW, CALL(ioctl), 1, BITS(1, 0xff00, letters[i] << 8));
	for (size_t i = 0; i < G_N_ELEMENTS(requests) && !failed; i++)
		ADD(SCMP_ACT_ALLOW, CALL(ioctl), 1, LOW(1, requests[i]));
	return failed;
}

/* UDP and TCP; the list of addresses; a Unix socket only from the door. Whoever connects that one is told that it is done. */
static int
add_sockets(scmp_filter_ctx filter, bool door)
{
	static const int families[] = { AF_INET, AF_INET6 }, types[] = { SOCK_STREAM, SOCK_DGRAM };
	static const unsigned lengths[] = { 16, 28 }; /* of their addresses; others are those of Unix sockets */
	int failed = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 2 && !failed; k++)
			ADD(SCMP_ACT_ALLOW, CALL(socket), 2, LOW(0, families[i]), BITS(1, TYPE, types[k]));
	ADD(SCMP_ACT_ALLOW, CALL(socket), 2, LOW(0, AF_NETLINK), LOW(2, NETLINK_ROUTE));
	if (door && !failed)
		ADD(SCMP_ACT_NOTIFY, CALL(socket), 1, LOW(0, AF_UNIX));
	/* Of datagrams one could be sent to any address. */
	ADD(SCMP_ACT_ALLOW, CALL(socketpair), 2, LOW(0, AF_UNIX), BITS(1, TYPE, SOCK_STREAM));
	for (size_t i = 0; i < 2 && !failed; i++)
		ADD(SCMP_ACT_ALLOW, CALL(connect), 1, LOW(2, lengths[i]));
	for (scmp_datum_t length = 0; length <= 29 && !failed; length++) {
		bool last = length == 29;

		if (length != lengths[0] && length != lengths[1])
			ADD(SCMP_ACT_ERRNO(0), CALL(connect), 1, SCMP_A2(last ? SCMP_CMP_GE : SCMP_CMP_EQ, length));
	}
	return failed;
}

static int
add_fcntl(scmp_filter_ctx filter)
{
	int failed = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(controls) && !failed; i++)
		ADD(SCMP_ACT_ALLOW, CALL(fcntl), 1, LOW(1, controls[i]));
	return failed;
}

/* Threads but no processes; signals, cores and limits to ourselves; names of threads. */
static int
add_bounded(scmp_filter_ctx filter)
{
	const scmp_datum_t thread = CLONE_VM | CLONE_THREAD;
	int failed = 0;

	ADD(SCMP_ACT_ALLOW, CALL(clone), 1, BITS(0, thread, thread));
	/* Its flags cannot be seen: glibc asks again with clone(). */
	ADD(SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	ADD(SCMP_ACT_ALLOW, CALL(tgkill), 1, LOW(0, (scmp_datum_t)getpid()));
	ADD(SCMP_ACT_ALLOW, CALL(sched_setaffinity), 1, LOW(0, 0));
	ADD(SCMP_ACT_ALLOW, CALL(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
	ADD(SCMP_ACT_ALLOW, CALL(prctl), 1, LOW(0, PR_SET_NAME));
	ADD(SCMP_ACT_ALLOW, CALL(prctl), 1, LOW(0, PR_GET_NAME));
	return failed;
}

bool
filter_close(bool files, bool door, int *listener, GError **error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed = filter ? 0 : -ENOMEM;

	*listener = -1;
	failed = failed ? failed : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	failed = failed ? failed : add_list(filter, SCMP_ACT_ALLOW, allowed);
	failed = failed ? failed : add_list(filter, SCMP_ACT_KILL_PROCESS, deadly);
	failed = failed ? failed : add_list(filter, SCMP_ACT_ALLOW, files ? opening : "");
	failed = failed ? failed : add_ioctl(filter);
	failed = failed ? failed : add_fcntl(filter);
	failed = failed ? failed : add_sockets(filter, door);
	failed = failed ? failed : add_bounded(filter);
	failed = failed ? failed : seccomp_load(filter);
	if (!failed && door)
		*listener = seccomp_notify_fd(filter);
	if (filter)
		seccomp_release(filter);
	return !failed || fault(error, FAULT_BUSY, "the filter of system calls cannot be closed: %s", g_strerror(-failed));
}
