/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: one SQLCipher connection on one file, held by one process. */
#include "store/db-private.h"

#include "api/event.h"
#include "api/log.h"

#include "base/mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct {
	sqlite3 *sqlite;
	char *path;
	bool damaged; /* said once */
	guint opens;
} db;

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

/* ---- damage ---- */

/* The copy of a large file takes seconds, so it is made in a thread. */
struct copy {
	char *path, *made;
};

static void
make_copy(gpointer data)
{
	struct copy *copy = data;
	copy->made = file_quarantine(copy->path);
}

static void
tell_copy(gpointer data)
{
	struct copy *copy = data;
	alert(NULL, NULL, "store-damaged",
		"a part of the store %s is damaged; %s%s. What depends on that part fails until you restore a backup; nothing is "
		"replaced",
		copy->path, copy->made ? "a copy is kept as " : "no copy could be made", copy->made ? copy->made : "");
	g_free(copy->path);
	g_free(copy->made);
	g_free(copy);
}

void
db_damaged(void)
{
	if (db.damaged)
		return;
	db.damaged = true;
	log_error("store: a page fails its check");
	struct copy *copy = g_new0(struct copy, 1);
	copy->path = g_strdup(db.path);
	mailbox_run(make_copy, tell_copy, copy);
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
		return file_refuse_damaged(path, error);
	bool done = configure(error) && db_migrate(error);
	db.damaged = false;
	return done;
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
	if (!file_remove(fresh, "", error) || !file_remove(fresh, "-wal", error) || !file_create(fresh, error))
		return false;
	bool done = connect(fresh, key, error);
	disconnect();
	/* Looked at while it is closed: closing a file drops the locks that SQLite has on it. */
	done = done && file_check_header(fresh, error);
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
	if (!check_library(error) || !file_lock(path, error))
		return false;
	batch_reset();
	db.path = g_strdup(path);
	bool done = file_check(path, &exists, error) && (exists || create(path, key, error)) && file_check_header(path, error) &&
		    file_check_size(path, error) && connect(path, key, error);
	if (done) {
		db.opens++;
		log_info("store: open");
		return true;
	}
	disconnect();
	file_unlock();
	g_clear_pointer(&db.path, g_free);
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
	file_unlock();
	g_clear_pointer(&db.path, g_free);
	log_info("store: closed");
}

bool
db_checkpoint(GError **error)
{
	if (!db_need_open(error))
		return false;
	int status = sqlite3_wal_checkpoint_v2(db.sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return status == SQLITE_OK || db_fault(error, "write to");
}
