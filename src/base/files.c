/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths and files of the profile. Whatever was put in their place by others (a link, a FIFO, a foreign file) is refused. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/error.h"

enum { FOLDERS = FOLDER_DOWNLOADS + 1 };
/* How a namespace of users shows folders of the system's root. */
enum { UNMAPPED = 65534 };
/* SQLite takes no path above 512 bytes, and adds names to that of the folder. */
enum { PATH_MOST = 470 };

static char *folders[FOLDERS];

/* What errno means to the person who reads it. */
static bool
fault_errno(GError **error, const char *verb, const char *path)
{
	int number = errno;

	if (number == ELOOP)
		return fault(error, FAULT_STORE, "cannot %s %s: it is a link, which is not followed", verb, path);
	if (number == ENOENT)
		return fault(error, FAULT_GONE, "cannot %s %s: it does not exist", verb, path);
	return fault(error, FAULT_STORE, "cannot %s %s: %s", verb, path, g_strerror(number));
}

/* Ours, private, and really a folder; made if it is missing. */
static bool
folder_make(const char *path, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	struct stat info;
	int fd;

	if (g_mkdir_with_parents(parent, 0700) < 0 || (mkdir(path, 0700) < 0 && errno != EEXIST))
		return fault_errno(error, "make the folder", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		return fault(error, FAULT_STORE, "cannot use the folder %s: it is a link or no folder", path);
	if (fd < 0)
		return fault_errno(error, "open the folder", path);
	if (fstat(fd, &info) < 0 || info.st_uid != geteuid() || (info.st_mode & S_ISVTX)) {
		close(fd);
		return fault(error, FAULT_STORE, "cannot use the folder %s: it must belong to you alone", path);
	}
	if ((info.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0) {
		fault_errno(error, "close to others the folder", path);
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

/* A folder that is closed locks out all who used it, be it a home, a web site or the root of the system: only an empty one, or one
 * that was a profile before, is made a profile. */
static bool
may_be_profile(const char *path, GError **error)
{
	static const char *const signs[] = { "sotto.conf", "data/vault" };
	struct stat info;
	g_autoptr(GDir) dir = NULL;

	if (lstat(path, &info) < 0 || !S_ISDIR(info.st_mode) || !(info.st_mode & 0077))
		return true; /* nobody else is in it; what else may be wrong is said where it is opened */
	for (guint i = 0; i < G_N_ELEMENTS(signs); i++) {
		g_autofree char *sign = g_build_filename(path, signs[i], NULL);
		if (g_file_test(sign, G_FILE_TEST_EXISTS))
			return true;
	}
	dir = g_dir_open(path, 0, NULL);
	return !dir || !g_dir_read_name(dir) ||
	       fault(error, FAULT_STORE,
		       "cannot make %s a profile: it is open to others and holds other things - name a folder of its own", path);
}

/* A path that depends on where the program was started would be another profile each time. */
static bool
folders_are_fit(const char *dir, GError **error)
{
	for (int i = 0; i < FOLDER_DOWNLOADS; i++) {
		if (!g_path_is_absolute(folders[i]))
			return fault(error, FAULT_INPUT,
				"cannot keep a profile in %s: HOME or an XDG variable names no absolute folder - say --config-dir "
				"DIR",
				folders[i]);
		if (strlen(folders[i]) > PATH_MOST)
			return fault(error, FAULT_INPUT, "cannot keep a profile in a path of %zu bytes: %d are the most",
				strlen(folders[i]), PATH_MOST);
	}
	return !dir || may_be_profile(folders[FOLDER_CONFIG], error);
}

static char *
downloads_folder(const char *data)
{
	const char *shared = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);

	return shared && g_file_test(shared, G_FILE_TEST_IS_DIR) ? g_build_filename(shared, "sotto", NULL)
								 : g_build_filename(data, "downloads", NULL);
}

static void
folders_set(const char *dir)
{
	for (int i = 0; i < FOLDERS; i++)
		g_clear_pointer(&folders[i], g_free);
	if (dir) {
		folders[FOLDER_CONFIG] = g_canonicalize_filename(dir, NULL);
		folders[FOLDER_DATA] = g_build_filename(folders[FOLDER_CONFIG], "data", NULL);
		folders[FOLDER_CACHE] = g_build_filename(folders[FOLDER_CONFIG], "cache", NULL);
		folders[FOLDER_PLUGINS] = g_build_filename(folders[FOLDER_CONFIG], "plugins", NULL);
		folders[FOLDER_DOWNLOADS] = g_build_filename(folders[FOLDER_CONFIG], "downloads", NULL);
		return;
	}
	folders[FOLDER_CONFIG] = g_build_filename(g_get_user_config_dir(), "sotto", NULL);
	folders[FOLDER_DATA] = g_build_filename(g_get_user_data_dir(), "sotto", NULL);
	folders[FOLDER_CACHE] = g_build_filename(g_get_user_cache_dir(), "sotto", NULL);
	folders[FOLDER_PLUGINS] = g_build_filename(folders[FOLDER_DATA], "plugins", NULL);
	folders[FOLDER_DOWNLOADS] = downloads_folder(folders[FOLDER_DATA]);
}

bool
files_init(const char *dir, GError **error)
{
	g_autofree char *here = dir && !g_path_is_absolute(dir) ? getcwd(NULL, 0) : NULL;

	umask(077);
	if (dir && !*dir)
		return fault(error, FAULT_INPUT, "the name of the folder for the profile is empty");
	if (dir && !g_path_is_absolute(dir) && !here)
		return fault(error, FAULT_INPUT, "cannot find %s: the folder you are in is gone", dir);
	folders_set(dir);
	if (!folders_are_fit(dir, error))
		return false;
	/* The one for downloads may be shared with other programs; it is made when something is to go there. */
	for (int i = 0; i < FOLDER_DOWNLOADS; i++)
		if (!folder_make(folders[i], error))
			return false;
	return true;
}

const char *
files_folder(enum folder folder)
{
	return folders[folder];
}

char *
files_path(enum folder folder, const char *name, GError **error)
{
	if (!name || !*name || strchr(name, '/') || g_str_equal(name, ".") || g_str_equal(name, "..") || strlen(name) > 255)
		return fault_null(error, FAULT_INPUT, "\"%s\" is no plain file name", name ? name : "");
	if (!folders[folder])
		return fault_null(error, FAULT_STORE, "cannot make a path for %s: there is no profile yet", name);
	return g_build_filename(folders[folder], name, NULL);
}

static bool
is_ours(int fd, const char *path, GError **error)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return fault_errno(error, "look at", path);
	if (!S_ISREG(info.st_mode))
		return fault(error, FAULT_STORE, "cannot use %s: it is no plain file", path);
	if (info.st_uid != geteuid())
		return fault(error, FAULT_STORE, "cannot use %s: it belongs to somebody else", path);
	/* A second name means that somebody can reach or plant it from elsewhere. */
	if (info.st_nlink > 1)
		return fault(error, FAULT_STORE, "cannot use %s: it has a second name (hard link)", path);
	return true;
}

int
files_open(const char *path, int flags, GError **error)
{
	/* A FIFO or a device in its place must not make us wait; for a plain file the flag means nothing. */
	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == ENXIO || errno == EISDIR))
		fault(error, FAULT_STORE, "cannot use %s: it is no plain file", path);
	else if (fd < 0)
		fault_errno(error, "open", path);
	if (fd >= 0 && !is_ours(fd, path, error)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool
files_read(const char *path, size_t max, char **text, size_t *length, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint8 chunk[16384];
	ssize_t got;
	int fd = files_open(path, O_RDONLY, error);

	if (fd < 0)
		return false;
	while ((got = read(fd, chunk, sizeof chunk)) != 0 && bytes->len <= max) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fault_errno(error, "read", path);
			close(fd);
			return false;
		}
		g_byte_array_append(bytes, chunk, (guint)got);
	}
	close(fd);
	if (bytes->len > max)
		return fault(error, FAULT_STORE, "cannot read %s: it is larger than %zu bytes", path, max);
	if (length)
		*length = bytes->len;
	g_byte_array_append(bytes, (const guint8 *)"", 1);
	*text = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
	return true;
}

static bool
write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text += done;
		length -= (size_t)done;
	}
	return fsync(fd) == 0;
}

/* What stands in the place of the new file must be a file that we could have written. */
static bool
may_replace(int folder, const char *name, const char *path, GError **error)
{
	struct stat info;

	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || fault_errno(error, "look at", path);
	if (S_ISLNK(info.st_mode))
		return fault(error, FAULT_STORE, "cannot write %s: it is a link, which is not followed", path);
	if (!S_ISREG(info.st_mode) || info.st_uid != geteuid())
		return fault(error, FAULT_STORE, "cannot write %s: it is no plain file of yours", path);
	return true;
}

static bool
replace(int folder, const char *name, const char *path, const char *text, size_t length, GError **error)
{
	g_autofree char *fresh = g_strconcat(".", name, ".new", NULL);
	bool written;
	int fd;

	/* Left behind by a crash, or planted: gone either way, and O_EXCL follows no link. */
	unlinkat(folder, fresh, 0);
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_errno(error, "write", path);
	written = fchmod(fd, 0600) == 0 && write_all(fd, text, length);
	if (!written)
		fault_errno(error, "write", path);
	close(fd);
	if (written && renameat(folder, fresh, folder, name) < 0)
		written = fault_errno(error, "write", path);
	if (!written)
		unlinkat(folder, fresh, 0);
	/* The name is as durable as the bytes only when the folder is, too. */
	return written && (fsync(folder) == 0 || fault_errno(error, "write", path));
}

bool
files_write(const char *path, const char *text, gssize length, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path), *name = g_path_get_basename(path);
	int folder = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool done;

	if (folder < 0 && errno == ENOTDIR)
		return fault(error, FAULT_STORE, "cannot write into %s: it is a link or no folder", dir);
	if (folder < 0)
		return fault_errno(error, "open the folder", dir);
	done = may_replace(folder, name, path, error) &&
	       replace(folder, name, path, text, length < 0 ? strlen(text) : (size_t)length, error);
	close(folder);
	return done;
}

static bool
is_private(const char *path, mode_t others, GError **error)
{
	struct stat info;

	if (lstat(path, &info) < 0)
		return fault_errno(error, "look at", path);
	if (info.st_uid != geteuid() && info.st_uid != 0 && !(S_ISDIR(info.st_mode) && info.st_uid == UNMAPPED))
		return fault(error, FAULT_TRUST, "%s belongs to somebody else", path);
	/* In a sticky folder nobody moves away what is not his. */
	if ((info.st_mode & others) && !(S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX)))
		return fault(error, FAULT_TRUST, "others may write %s: take that right away with chmod go-w", path);
	return true;
}

bool
files_is_private(const char *path, GError **error)
{
	g_autofree char *real = realpath(path, NULL), *above = NULL;
	struct stat info;

	if (!real || lstat(path, &info) < 0)
		return fault_errno(error, "look at", path);
	if (!S_ISREG(info.st_mode))
		return fault(error, FAULT_TRUST, "%s is no plain file", path);
	above = g_path_get_dirname(real);
	if (!is_private(real, S_IWGRP | S_IWOTH, error) || !is_private(above, S_IWGRP | S_IWOTH, error))
		return false;
	/* Whoever may write a folder above could put another one in the place of ours. A group there is often one's own. */
	while (above[1]) {
		g_autofree char *lower = g_steal_pointer(&above);

		above = g_path_get_dirname(lower);
		if (!is_private(above, S_IWOTH, error))
			return false;
	}
	return true;
}
