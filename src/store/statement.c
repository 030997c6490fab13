/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements: parameters by format, compiled forms kept by the address of their text, rows one by one. */
#include "api/store.h"

#include "store/db-private.h"

#include "api/log.h"

#include <stdarg.h>
#include <string.h>

struct Rows {
	sqlite3_stmt *statement;
	const char *sql; /* the key in the cache; NULL: not kept */
	int status;      /* of the last step */
};

/* More are a sign of texts made at run time; then those not in use go. */
enum { STATEMENTS_MAX = 256 };

static GHashTable *cache; /* sql -> sqlite3_stmt; taken out while in use */

static void
finalize(gpointer statement)
{
	sqlite3_finalize(statement);
}

void
statements_clear(void)
{
	g_clear_pointer(&cache, g_hash_table_unref);
}

/* The text is compared too: a string that was made at run time may sit where another one sat. */
static sqlite3_stmt *
take(const char *sql, GError **error)
{
	gpointer statement = NULL;
	if (!cache)
		cache = g_hash_table_new_full(NULL, NULL, NULL, finalize);
	if (g_hash_table_steal_extended(cache, sql, NULL, &statement) && strcmp(sqlite3_sql(statement), sql) == 0)
		return statement;
	sqlite3_finalize(statement);
	sqlite3_stmt *fresh = NULL;
	const char *tail = NULL;
	if (sqlite3_prepare_v2(db_sqlite(), sql, -1, &fresh, &tail) != SQLITE_OK) {
		db_fault(error, "use");
		return NULL;
	}
	if (!fresh || (tail && *tail && strspn(tail, " \t\n;") != strlen(tail))) {
		sqlite3_finalize(fresh);
		return fault_null(error, FAULT_STORE, "the store takes one statement at a time: %.60s", sql);
	}
	return fresh;
}

static void
give_back(const char *sql, sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	/* The same question may have been asked twice at once, and the store may have been closed meanwhile. */
	if (!cache || g_hash_table_contains(cache, sql)) {
		sqlite3_finalize(statement);
		return;
	}
	if (g_hash_table_size(cache) >= STATEMENTS_MAX)
		g_hash_table_remove_all(cache);
	g_hash_table_insert(cache, (gpointer)sql, statement);
}

static bool
bind(sqlite3_stmt *statement, const char *format, va_list arguments, GError **error)
{
	int wanted = sqlite3_bind_parameter_count(statement);
	if (wanted != (int)strlen(format))
		return fault(error, FAULT_STORE, "a statement of the store takes %d values, not %zu: %.60s", wanted, strlen(format),
			sqlite3_sql(statement));
	for (int i = 1; *format; i++, format++) {
		int status = SQLITE_MISUSE;
		switch (*format) {
		case 's': {
			const char *text = va_arg(arguments, const char *);
			status = sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
			break;
		}
		case 'i':
			status = sqlite3_bind_int64(statement, i, va_arg(arguments, gint64));
			break;
		case 'd':
			status = sqlite3_bind_double(statement, i, va_arg(arguments, double));
			break;
		case 'b': {
			const void *bytes = va_arg(arguments, const void *);
			size_t length = va_arg(arguments, size_t);
			status = sqlite3_bind_blob64(statement, i, bytes, length, SQLITE_TRANSIENT);
			break;
		}
		}
		if (status == SQLITE_TOOBIG)
			return fault(error, FAULT_STORE, "a value is too large for the store");
		if (status != SQLITE_OK)
			return fault(error, FAULT_STORE, "the store cannot take a value of kind %c: %.60s", *format,
				sqlite3_sql(statement));
	}
	return true;
}

bool
store_run(GError **error, const char *sql, const char *format, ...)
{
	if (!db_need_open(error) || batch_is_lost(error) || !batch_join(error))
		return false;
	sqlite3_stmt *statement = take(sql, error);
	if (!statement) {
		batch_part();
		return false;
	}
	va_list arguments;
	va_start(arguments, format);
	bool done = bind(statement, format ? format : "", arguments, error);
	va_end(arguments);
	if (done) {
		int status;
		do
			status = sqlite3_step(statement);
		while (status == SQLITE_ROW);
		done = status == SQLITE_DONE || db_fault(error, "write to");
	}
	give_back(sql, statement);
	if (done)
		return batch_joined(error);
	batch_part();
	return false;
}

gint64
store_last_id(void)
{
	return db_sqlite() ? sqlite3_last_insert_rowid(db_sqlite()) : 0;
}

int
store_changes(void)
{
	return db_sqlite() ? sqlite3_changes(db_sqlite()) : 0;
}

int
store_written(void)
{
	return db_sqlite() ? sqlite3_total_changes(db_sqlite()) : 0;
}

Rows *
store_select(GError **error, const char *sql, const char *format, ...)
{
	if (!db_need_open(error))
		return NULL;
	sqlite3_stmt *statement = take(sql, error);
	if (!statement)
		return NULL;
	va_list arguments;
	va_start(arguments, format);
	bool bound = bind(statement, format ? format : "", arguments, error);
	va_end(arguments);
	if (!bound) {
		give_back(sql, statement);
		return NULL;
	}
	Rows *rows = g_new0(Rows, 1);
	rows->statement = statement;
	rows->sql = sql;
	rows->status = SQLITE_ROW;
	return rows;
}

bool
rows_next(Rows *rows)
{
	if (rows->status != SQLITE_ROW)
		return false;
	rows->status = sqlite3_step(rows->statement);
	return rows->status == SQLITE_ROW;
}

gint64
rows_int(Rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

const char *
rows_text(Rows *rows, int column)
{
	return (const char *)sqlite3_column_text(rows->statement, column);
}

const void *
rows_blob(Rows *rows, int column, size_t *length)
{
	const void *bytes = sqlite3_column_blob(rows->statement, column);
	*length = (size_t)sqlite3_column_bytes(rows->statement, column);
	return bytes;
}

bool
rows_end(Rows *rows, GError **error)
{
	bool fine = rows->status == SQLITE_ROW || rows->status == SQLITE_DONE || db_fault(error, "read");
	rows_free(rows);
	return fine;
}

void
rows_free(Rows *rows)
{
	if (!rows)
		return;
	give_back(rows->sql, rows->statement);
	g_free(rows);
}
