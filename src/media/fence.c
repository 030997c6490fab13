/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fence: environment, descriptors, limits, Landlock, then the filter of system calls. */
#define _GNU_SOURCE
#include "media/fence.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/error.h"
#include "media/door.h"
#include "media/filter.h"
#include "media/landlock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static int landlock; /* its version, 0: none */
static bool filtered;

static void
clean_environment(void)
{
	static const char *const kept[] = {
		"XDG_RUNTIME_DIR",
		"PULSE_SERVER",
		"PULSE_COOKIE",
#if SANITIZED
		"ASAN_OPTIONS",
		"UBSAN_OPTIONS",
		"LSAN_OPTIONS",
		"TSAN_OPTIONS",
#endif
	};
	char *values[G_N_ELEMENTS(kept)];

	for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
		values[i] = g_strdup(g_getenv(kept[i]));
	clearenv();
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
		if (values[i])
			setenv(kept[i], values[i], 1);
		g_free(values[i]);
	}
	setenv("HOME", "/nonexistent", 1);
	/* The sound server is told a name. Who has none here is looked up: behind the fence the socket of the name service is the
	 * door, and waits for an answer that the sound server never gives. */
	setenv("USER", "sotto", 1);
	/* A proxy is named by sotto or there is none: GIO asks no desktop for it. */
	setenv("GIO_USE_PROXY_RESOLVER", "dummy", 1);
	setenv("GIO_USE_VFS", "local", 1);
	setenv("GSETTINGS_BACKEND", "memory", 1);
	/* Said outright, libpulse does not look for it: no folder is made, no server started. */
	if (!getenv("PULSE_SERVER") && getenv("XDG_RUNTIME_DIR")) {
		g_autofree char *server = g_strdup_printf("unix:%s/pulse/native", getenv("XDG_RUNTIME_DIR"));

		setenv("PULSE_SERVER", server, 1);
	}
}

static void
close_others(const int *keep)
{
	for (unsigned fd = 3;; fd++) {
		int next = -1;

		for (const int *kept = keep; *kept >= 0; kept++)
			if (*kept >= (int)fd && (next < 0 || *kept < next))
				next = *kept;
		if (next < 0) {
			close_range(fd, ~0U, 0);
			return;
		}
		if (next > (int)fd)
			close_range(fd, (unsigned)next - 1, 0);
		fd = (unsigned)next;
	}
}

static void
limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		return;
	now.rlim_max = MIN(now.rlim_max, most);
	now.rlim_cur = MIN(now.rlim_cur, now.rlim_max);
	setrlimit(resource, &now);
}

bool
fence_begin(const int *keep, GError **error)
{
	clean_environment();
	close_others(keep);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 512);
	if (!SANITIZED) {
		limit(RLIMIT_DATA, 1024 * 1024 * 1024);
		prctl(PR_SET_DUMPABLE, 0);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fault(error, FAULT_BUSY, "this kernel cannot keep privileges from a program");
	if (!door_make(error))
		return false;
	landlock = landlock_close(error);
	return landlock >= 0;
}

bool
fence_close(GError **error)
{
	bool door = door_is_there();
	int listener;

	if (SANITIZED)
		return true;
	if (!filter_close(landlock > 0, door, &listener, error))
		return false;
	if (door)
		door_hand_over(listener);
	filtered = true;
	return true;
}

bool
fence_opens_files(void)
{
	return landlock > 0;
}

const char *
fence_words(void)
{
	static char words[64];

	g_snprintf(words, sizeof words, "%s%.0d%s", landlock ? "landlock " : "no landlock", landlock,
		filtered ? ", seccomp" : ", no seccomp");
	return words;
}
