/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock by raw system call: headers of Debian 12 are older than the kernels it meets. */
#define _GNU_SOURCE
#include "media/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/error.h"

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 }; /* the same numbers on every machine */
enum { ASK_VERSION = 1, PATH_BENEATH = 1 };

/* Rights, as the kernel counts them. */
enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	TRUNCATE = 1 << 14,
	IOCTL_DEV = 1 << 15,
	OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
	READ = READ_FILE | READ_DIR,
	USE = READ_FILE | WRITE_FILE | IOCTL_DEV,
};
/* What each version added; what a kernel does not know it refuses. */
static const guint64 rights_of[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };
enum { SCOPES_SINCE = 6, SCOPES = 3 /* abstract Unix sockets, signals: only within the fence */ };

struct ruleset {
	guint64 files, network, scopes;
};
struct beneath {
	guint64 allowed;
	gint32 folder;
} __attribute__((packed));

/* What may be opened. Libraries and plugins are read before the filter of system calls is closed, and again when a codec wants a
 * file of its own; none of it is a person's. */
static const struct {
	const char *pattern;
	guint64 rights;
} places[] = {
	{ "/usr", READ }, { "/lib*", READ }, { "/nix/store", READ }, { "/etc/ld.so.cache", READ },
	{ "/etc/ssl", READ }, /* certificates, for relays by TLS */
	{ "/etc/pki", READ }, { "/etc/ca-certificates", READ }, { "/etc/pulse", READ }, { "/etc/localtime", READ },
	{ "/dev/null", USE }, { "/dev/zero", READ }, { "/dev/urandom", READ }, { "/dev/video*", USE }, /* opened after consent */
	{ "/sys/class/video4linux/video*", READ }, { "/sys/devices/system/cpu", READ }, { "/proc/cpuinfo", READ },
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	{ "/proc", READ }, /* where they look for threads */
#endif
};

static void
allow(int ruleset, const char *path, guint64 rights)
{
	struct beneath rule = { rights, open(path, O_PATH | O_CLOEXEC) };
	struct stat about;

	if (rule.folder < 0)
		return;
	if (!fstat(rule.folder, &about) && !S_ISDIR(about.st_mode))
		rule.allowed &= OF_FILES;
	syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0);
	close(rule.folder);
}

static void
allow_places(int ruleset, guint64 known)
{
	const char *cookie = g_getenv("PULSE_COOKIE");

	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		glob_t found;

		if (glob(places[i].pattern, 0, NULL, &found))
			continue;
		for (size_t n = 0; n < found.gl_pathc; n++)
			allow(ruleset, found.gl_pathv[n], places[i].rights & known);
		globfree(&found);
	}
	if (cookie)
		allow(ruleset, cookie, READ_FILE);
}

int
landlock_close(GError **error)
{
	int version = (int)syscall(CREATE_RULESET, NULL, (size_t)0, ASK_VERSION), fd;
	struct ruleset rules = { 0 };

	if (version <= 0)
		return 0;
	rules.files = rights_of[MIN((guint)version, G_N_ELEMENTS(rights_of) - 1)];
	rules.scopes = version >= SCOPES_SINCE ? SCOPES : 0;
	fd = (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);
	if (fd >= 0) {
		allow_places(fd, rules.files);
		if (!syscall(RESTRICT_SELF, fd, 0)) {
			close(fd);
			return version;
		}
		close(fd);
	}
	fault(error, FAULT_BUSY, "Landlock cannot be closed: %s", g_strerror(errno));
	return -1;
}
