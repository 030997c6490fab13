/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: opening, closing, migrations, batches. The statements for everybody are in api/store.h. */
#pragma once

#include "api/secret.h"
#include "api/store.h"

#define DB_NAME "sotto.db" /* in FOLDER_DATA */

/* One process has the profile: taken before the passphrase is asked for, kept until the process ends. FAULT_BUSY when another has
 * it. db_open() takes it for as long as it is open where nobody did. */
bool db_hold(const char *path, GError **error);

/* Open (or create) with the raw key of 32 bytes and run the migrations of TABLE_MIGRATIONS. Refuses when the library is not
 * SQLCipher, when another process holds the profile, when a page fails its check (the file is copied aside first and the
 * sentence says where). */
bool db_open(const char *path, const Secret *key, GError **error);
bool db_migrate(GError **error); /* again, for the rows that a plugin brought */
void db_close(void);             /* commits, checkpoints, wipes */
void db_flush(void);             /* make the running batch durable now */
bool db_is_pending(void);        /* something waits for its commit */
/* Called right after each durable commit, in order of registration: acknowledgements wait for it. */
void db_on_commit(void (*call)(void));
/* Called when changes that were already told "ok" (STORE_SOON) are undone because their commit failed: nothing of the batch may
 * be acknowledged, and what was remembered from it must be read again. */
void db_on_lost(void (*call)(void));
/* False from a failed commit until one works again. */
bool db_is_healthy(void);
/* Grows with every rollback: who keeps row numbers outside of the store compares it. */
guint db_rollbacks(void);
guint db_opens(void); /* how often it was opened */
/* Empty the write-ahead log into the file and cut it, so that overwritten rows are nowhere. */
bool db_checkpoint(GError **error);
