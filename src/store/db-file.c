/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the database: who holds them, whether they may be opened, and copies of damaged ones. */
#define _GNU_SOURCE
#include "store/db-private.h"

#include "api/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char plain_header[] = "SQLite format 3";
static int lock_fd = -1;
static bool held; /* by the whole process, not only by an open store */

/* ---- the lock of the profile ---- */

bool
file_lock(const char *path, GError **error)
{
	if (held)
		return true;
	g_autofree char *lock = g_strconcat(path, ".lock", NULL);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat status;
	if (fd < 0)
		return fault(error, FAULT_STORE, "cannot open %s: %s", lock, g_strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != geteuid()) {
		close(fd);
		return fault(error, FAULT_STORE, "%s is not a plain file of yours - remove it", lock);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		char holder[16] = "";
		ssize_t length = pread(fd, holder, sizeof holder - 1, 0);
		close(fd);
		g_strchomp(holder);
		return fault(error, FAULT_BUSY,
			"this profile is in use by another sotto (process %s) - leave that one first, or choose another "
			"--config-dir",
			length > 0 ? holder : "unknown");
	}
	g_autofree char *pid = g_strdup_printf("%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		log_warning("store: the lock file takes no process number: %s", g_strerror(errno));
	lock_fd = fd;
	return true;
}

bool
db_hold(const char *path, GError **error)
{
	held = held || file_lock(path, error);
	return held;
}

void
file_unlock(void)
{
	if (held)
		return;
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

/* ---- damaged files are kept, never replaced ---- */

static bool
copy_span(int in, int out, off_t at, off_t end)
{
	char block[65536];
	while (at < end) {
		ssize_t length = pread(in, block, (size_t)MIN((off_t)sizeof block, end - at), at);
		if (length <= 0 || pwrite(out, block, (size_t)length, at) != length)
			return false;
		at += length;
	}
	return true;
}

/* Holes stay holes: a file of gigabytes may hold nothing. */
static bool
copy_data(int in, int out)
{
	struct stat status;
	off_t end = 0;
	if (fstat(in, &status) < 0 || ftruncate(out, status.st_size) < 0)
		return false;
	for (off_t at; (at = lseek(in, end, SEEK_DATA)) >= 0;) {
		end = lseek(in, at, SEEK_HOLE);
		if (end < 0 || !copy_span(in, out, at, end))
			return false;
	}
	return errno == ENXIO && fsync(out) == 0;
}

static bool
copy_aside(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = out >= 0 && copy_data(in, out);
	if (out >= 0) {
		close(out);
		if (!done)
			unlink(to);
	}
	if (in >= 0)
		close(in);
	return done;
}

/* The name of the copy, or NULL. A second start on the same day finds the first copy and leaves it. */
char *
file_quarantine(const char *path)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format(now, "%Y-%m-%d");
	g_autofree char *copy = g_strdup_printf("%s.broken-%s", path, date);
	if (!g_file_test(copy, G_FILE_TEST_EXISTS) && !copy_aside(path, copy))
		return NULL;
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	g_autofree char *wal_copy = g_strconcat(copy, "-wal", NULL);
	if (g_file_test(wal, G_FILE_TEST_EXISTS) && !g_file_test(wal_copy, G_FILE_TEST_EXISTS))
		copy_aside(wal, wal_copy);
	return g_steal_pointer(&copy);
}

/* A plain file of ours, not reached by a link: sqlite itself would follow one. */
static bool
check_file(const char *path, const char *suffix, bool *exists, GError **error)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	struct stat status;
	*exists = lstat(name, &status) == 0;
	if (!*exists)
		return errno == ENOENT || fault(error, FAULT_STORE, "cannot look at %s: %s", name, g_strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != geteuid())
		return fault(error, FAULT_STORE, "%s is not a plain file of yours - move it away", name);
	return true;
}

bool
file_check(const char *path, bool *exists, GError **error)
{
	bool aside;
	return check_file(path, "-wal", &aside, error) && check_file(path, "-journal", &aside, error) &&
	       check_file(path, "", exists, error);
}

bool
file_create(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault(error, FAULT_STORE, "cannot create the store %s: %s", path, g_strerror(errno));
	close(fd);
	return true;
}

bool
file_check_header(const char *path, GError **error)
{
	char header[sizeof plain_header] = "";
	g_autofree char *shown = g_filename_display_name(path);
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(header, 1, sizeof header, file) : 0;
	if (file)
		fclose(file);
	if (length == sizeof header && memcmp(header, plain_header, sizeof header) == 0)
		return fault(error, FAULT_STORE, "the store %s is not encrypted - move it away", shown);
	return true;
}

bool
file_refuse_damaged(const char *path, GError **error)
{
	g_autofree char *copy = file_quarantine(path);
	return fault(error, FAULT_STORE,
		"the store %s is damaged or belongs to another key; %s%s - put a backup in its place, or move it away to start "
		"anew with a new identity",
		path, copy ? "a copy is kept as " : "no copy could be made", copy ? copy : "");
}

/* No file that was finished is smaller than a page: a cut one must not pass for a new one, or the identity in it would be
 * replaced in silence. */
bool
file_check_size(const char *path, GError **error)
{
	struct stat status;
	if (stat(path, &status) == 0 && status.st_size >= 4096)
		return true;
	return file_refuse_damaged(path, error);
}

bool
file_remove(const char *path, const char *suffix, GError **error)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	return unlink(name) == 0 || errno == ENOENT || fault(error, FAULT_STORE, "cannot remove %s: %s", name, g_strerror(errno));
}
