/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Migrations: the rows of TABLE_MIGRATIONS, each run once, in order of their versions; there is no way back. */
#include "store/db-private.h"

#include "api/log.h"
#include "base/table.h"

static gint64
stored_version(const char *name, GError **error)
{
	gint64 version = 0;
	Rows *rows = store_select(error, "SELECT version FROM schema_version WHERE name = ?", "s", name);
	if (!rows)
		return -1;
	if (rows_next(rows))
		version = rows_int(rows, 0);
	return rows_end(rows, error) ? version : -1;
}

static int
known_version(const char *name)
{
	const struct migration *row;
	int version = 0;
	for (guint i = 0; (row = table_row(TABLE_MIGRATIONS, i)); i++)
		if (g_str_equal(row->name, name))
			version = MAX(version, row->version);
	return version;
}

/* A newer program may have meant things by its tables that we would break. */
static bool
refuse_newer(GError **error)
{
	const struct migration *row;
	for (guint i = 0; (row = table_row(TABLE_MIGRATIONS, i)); i++) {
		gint64 stored = stored_version(row->name, error);
		if (stored < 0)
			return false;
		if (stored > known_version(row->name))
			return fault(error, FAULT_STORE,
				"the store was written by a newer sotto (%s is at version %" G_GINT64_FORMAT
				", this program knows %d) - use the newer program",
				row->name, stored, known_version(row->name));
	}
	return true;
}

static bool
run(const struct migration *row, gint64 stored, GError **error)
{
	if (row->version <= stored)
		return true;
	if (row->version != stored + 1)
		return fault(error, FAULT_STORE, "the store lacks the step to version %d of %s", row->version - 1, row->name);
	if (!db_exec(row->sql, "bring up to date", error))
		return false;
	log_info("store: %s is at version %d", row->name, row->version);
	return store_run(error, "INSERT OR REPLACE INTO schema_version (name, version) VALUES (?, ?)", "si", row->name,
		(gint64)row->version);
}

static bool
run_all(GError **error)
{
	const struct migration *row;
	if (!db_exec("CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
		    "bring up to date", error) ||
		!refuse_newer(error))
		return false;
	for (guint i = 0; (row = table_row(TABLE_MIGRATIONS, i)); i++) {
		gint64 stored = stored_version(row->name, error);
		if (stored < 0 || !run(row, stored, error))
			return false;
	}
	return true;
}

bool
db_migrate(GError **error)
{
	if (!store_begin(error))
		return false;
	if (run_all(error))
		return store_commit(STORE_NOW, error);
	store_rollback();
	return false;
}
