/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: one SQLCipher connection on one file, held by one process. */
#include "store/db-private.h"

#include "api/event.h"
#include "api/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char plain_header[] = "SQLite format 3";

static struct {
	sqlite3 *sqlite;
	char *path;
	int lock;
	bool damaged; /* said once */
	guint opens;
} db = { .lock = -1 };

sqlite3 *
db_sqlite(void)
{
	return db.sqlite;
}

guint
db_opens(void)
{
	return db.opens;
}

bool
store_is_open(void)
{
	return db.sqlite != NULL;
}

bool
db_need_open(GError **error)
{
	return db.sqlite || fault(error, FAULT_STORE, "the store is locked - unlock it first");
}

/* ---- errors in words ---- */

static const struct {
	int code;
	const char *words;
} reasons[] = {
	{ SQLITE_FULL, "the disk is full - free some space" },
	{ SQLITE_READONLY, "its file or disk is read-only - make it writable" },
	{ SQLITE_CANTOPEN, "the file cannot be opened" },
	{ SQLITE_NOMEM, "there is not enough memory" },
	{ SQLITE_CORRUPT, "the file is damaged - restore it from a backup" },
	{ SQLITE_NOTADB, "the file is damaged or belongs to another key - restore it from a backup" },
};

/* SQLCipher answers a page that fails its HMAC with the plain SQLITE_ERROR, which for a statement that compiled means nothing
 * else here: constraints and misuse have codes of their own. */
static bool
is_damage(int code)
{
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
	       (code == SQLITE_ERROR && strcmp(sqlite3_errmsg(db.sqlite), "SQL logic error or missing database") == 0);
}

bool
db_fault(GError **error, const char *verb)
{
	int code = sqlite3_errcode(db.sqlite) & 0xff;
	if (is_damage(code)) {
		db_damaged();
		return fault(error, FAULT_STORE, "cannot %s the store: %s", verb, reasons[4].words);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].code == code)
			return fault(error, FAULT_STORE, "cannot %s the store: %s", verb, reasons[i].words);
	int system = sqlite3_system_errno(db.sqlite);
	if (code == SQLITE_IOERR && system)
		return fault(error, FAULT_STORE, "cannot %s the store: %s", verb,
			system == ENOSPC || system == EDQUOT ? reasons[0].words : g_strerror(system));
	return fault(error, FAULT_STORE, "cannot %s the store: %s", verb, sqlite3_errmsg(db.sqlite));
}

bool
db_exec(const char *sql, const char *verb, GError **error)
{
	return sqlite3_exec(db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK || db_fault(error, verb);
}

/* The first column of the first row. Caller frees; NULL if there is none. */
static char *
first_value(const char *sql)
{
	sqlite3_stmt *statement = NULL;
	char *value = NULL;
	if (sqlite3_prepare_v2(db.sqlite, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = g_strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return value;
}

/* ---- the lock of the profile ---- */

static bool
lock_profile(const char *path, GError **error)
{
	g_autofree char *lock = g_strconcat(path, ".lock", NULL);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat status;
	if (fd < 0)
		return fault(error, FAULT_STORE, "cannot open %s: %s", lock, g_strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return fault(error, FAULT_STORE, "%s is not a plain file - remove it", lock);
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
	db.lock = fd;
	return true;
}

/* ---- damaged files are kept, never replaced ---- */

static bool
copy_aside(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = out >= 0;
	while (done) {
		char block[65536];
		ssize_t length = read(in, block, sizeof block);
		if (length == 0)
			break;
		done = length > 0 && write(out, block, (size_t)length) == length;
	}
	if (out >= 0) {
		done = done && fsync(out) == 0;
		close(out);
		if (!done)
			unlink(to);
	}
	if (in >= 0)
		close(in);
	return done;
}

/* The name of the copy, or NULL with a log line. A second start on the same day finds the first copy and leaves it. */
static char *
quarantine(const char *path)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format(now, "%Y-%m-%d");
	g_autofree char *copy = g_strdup_printf("%s.broken-%s", path, date);
	if (!g_file_test(copy, G_FILE_TEST_EXISTS) && !copy_aside(path, copy)) {
		log_error("store: the damaged file could not be copied to %s: %s", copy, g_strerror(errno));
		return NULL;
	}
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	g_autofree char *wal_copy = g_strconcat(copy, "-wal", NULL);
	if (g_file_test(wal, G_FILE_TEST_EXISTS) && !g_file_test(wal_copy, G_FILE_TEST_EXISTS))
		copy_aside(wal, wal_copy);
	return g_steal_pointer(&copy);
}

void
db_damaged(void)
{
	if (db.damaged)
		return;
	db.damaged = true;
	g_autofree char *copy = quarantine(db.path);
	log_error("store: a page of %s fails its check", db.path);
	alert(NULL, NULL, "store-damaged",
		"a part of the store %s is damaged; %s%s. What depends on that part fails until you restore a backup; nothing is "
		"replaced",
		db.path, copy ? "a copy is kept as " : "no copy could be made", copy ? copy : "");
}

static bool
refuse_damaged(const char *path, GError **error)
{
	g_autofree char *copy = quarantine(path);
	return fault(error, FAULT_STORE,
		"the store %s is damaged or belongs to another key; %s%s - put a backup in its place, or move it away to start "
		"anew "
		"with a new identity",
		path, copy ? "a copy is kept as " : "no copy could be made", copy ? copy : "");
}

/* ---- opening ---- */

/* Both libraries export the same names; with the wrong one every file would be readable. */
static bool
check_library(GError **error)
{
	g_autofree char *maps = NULL;
	if (g_file_get_contents("/proc/self/maps", &maps, NULL, NULL) && strstr(maps, "/libsqlite3"))
		return fault(error, FAULT_STORE,
			"libsqlite3 is loaded beside SQLCipher, the store would not be encrypted - do not preload it");
	return true;
}

static bool
check_cipher(GError **error)
{
	g_autofree char *version = first_value("PRAGMA cipher_version");
	if (!version || !*version)
		return fault(error, FAULT_STORE, "the database library is not SQLCipher, the store would not be encrypted");
	return true;
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

static bool
check_files(const char *path, bool *exists, GError **error)
{
	bool aside;
	return check_file(path, "-wal", &aside, error) && check_file(path, "-journal", &aside, error) &&
	       check_file(path, "", exists, error);
}

/* No file that was finished is smaller than a page: a cut one must not pass for a new one, or the identity in it would be
 * replaced in silence. */
static bool
check_size(const char *path, GError **error)
{
	struct stat status;
	if (stat(path, &status) == 0 && status.st_size >= 4096)
		return true;
	return refuse_damaged(path, error);
}

static bool
create_file(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault(error, FAULT_STORE, "cannot create the store %s: %s", path, g_strerror(errno));
	close(fd);
	return true;
}

static bool
check_header(const char *path, GError **error)
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

static bool
set_key(const Secret *key, GError **error)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = secret_length(key);
	const guint8 *bytes = secret_bytes(key);
	g_autoptr(Secret) raw = secret_new(3 + 2 * length);
	char *text = secret_fill(raw), *end = text;
	*end++ = 'x';
	*end++ = '\'';
	for (size_t i = 0; i < length; i++) {
		*end++ = digits[bytes[i] >> 4];
		*end++ = digits[bytes[i] & 15];
	}
	*end++ = '\'';
	if (length != 32 || sqlite3_key(db.sqlite, text, (int)(end - text)) != SQLITE_OK)
		return fault(error, FAULT_STORE, "the store did not take its key");
	return true;
}

static const char *const settings[] = {
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA secure_delete = ON",
	"PRAGMA foreign_keys = ON",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA cache_size = -1500",
	"PRAGMA wal_autocheckpoint = 2000",
};

static bool
configure(GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
		if (!db_exec(settings[i], "open", error))
			return false;
	g_autofree char *mode = first_value("PRAGMA journal_mode");
	return g_strcmp0(mode, "wal") == 0 || fault(error, FAULT_STORE, "cannot open the store: no write-ahead log can be kept");
}

static void
disconnect(void)
{
	statements_clear();
	if (db.sqlite && sqlite3_close(db.sqlite) != SQLITE_OK) {
		log_error("store: closed while a question was open");
		sqlite3_close_v2(db.sqlite);
	}
	db.sqlite = NULL;
	batch_reset();
}

static void
unlock_profile(void)
{
	if (db.lock >= 0)
		close(db.lock);
	db.lock = -1;
	g_clear_pointer(&db.path, g_free);
}

/* The first page must pass its check under this key before anything is written. */
static bool
connect(const char *path, const Secret *key, GError **error)
{
	if (sqlite3_open_v2(path, &db.sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_fault(error, "open");
	sqlite3_extended_result_codes(db.sqlite, 1);
	/* One process, one connection: the index of the log then lives in our memory, and no file is mapped, which could end us
	 * with SIGBUS on a full disk. It must be said before the first page is read. */
	if (!check_cipher(error) || !set_key(key, error) || !db_exec("PRAGMA cipher_page_size = 4096", "open", error) ||
		!db_exec("PRAGMA locking_mode = EXCLUSIVE", "open", error))
		return false;
	db.damaged = true; /* what fails now is told by our caller, not by an alert */
	sqlite3_exec(db.sqlite, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
	if (is_damage(sqlite3_errcode(db.sqlite) & 0xff))
		return refuse_damaged(path, error);
	bool done = configure(error) && db_migrate(error) && check_header(path, error);
	db.damaged = false;
	return done;
}

static bool
remove_file(const char *path, const char *suffix, GError **error)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	return unlink(name) == 0 || errno == ENOENT || fault(error, FAULT_STORE, "cannot remove %s: %s", name, g_strerror(errno));
}

/* Made complete under another name first, so that a file of the real name is always a whole one. */
static bool
create(const char *path, const Secret *key, GError **error)
{
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	if (g_file_test(wal, G_FILE_TEST_EXISTS))
		return fault(error, FAULT_STORE,
			"the store %s is missing but its log is there - put the store back, or move %s away", path, wal);
	if (!remove_file(fresh, "", error) || !remove_file(fresh, "-wal", error) || !create_file(fresh, error))
		return false;
	bool done = connect(fresh, key, error);
	disconnect();
	if (done && rename(fresh, path) < 0)
		done = fault(error, FAULT_STORE, "cannot create the store %s: %s", path, g_strerror(errno));
	return done;
}

bool
db_open(const char *path, const Secret *key, GError **error)
{
	bool exists;
	if (db.sqlite)
		return fault(error, FAULT_BUSY, "the store is open already");
	if (!check_library(error) || !lock_profile(path, error))
		return false;
	batch_reset();
	db.path = g_strdup(path);
	bool done = check_files(path, &exists, error) && (exists || create(path, key, error)) && check_header(path, error) &&
		    check_size(path, error) && connect(path, key, error);
	if (done) {
		db.opens++;
		log_info("store: open");
		return true;
	}
	disconnect();
	unlock_profile();
	return false;
}

void
db_close(void)
{
	if (!db.sqlite)
		return;
	batch_end();
	statements_clear();
	db_checkpoint(NULL);
	disconnect();
	unlock_profile();
	log_info("store: closed");
}

bool
db_checkpoint(GError **error)
{
	int status = sqlite3_wal_checkpoint_v2(db.sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return status == SQLITE_OK || db_fault(error, "write to");
}
