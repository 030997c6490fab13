/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the database share among themselves: the connection, statements, the batch. */
#pragma once

#include "api/error.h"
#include "store/db.h"

#define SQLITE_HAS_CODEC 1 /* declares sqlite3_key() */
#include <sqlite3.h>

sqlite3 *db_sqlite(void); /* NULL while closed */

/* Sets "cannot VERB the store: why, what to do" from the connection's last error. Always false. */
bool db_fault(GError **error, const char *verb);
bool db_exec(const char *sql, const char *verb, GError **error);
bool db_need_open(GError **error);

/* A page failed its check: said once, and a copy is kept. */
void db_damaged(void);

bool file_lock(const char *path, GError **error); /* one process has the profile */
void file_unlock(void);
bool file_check(const char *path, bool *exists, GError **error); /* plain files of ours, the log too */
bool file_check_header(const char *path, GError **error);        /* not a readable one */
bool file_check_size(const char *path, GError **error);          /* not cut off */
bool file_create(const char *path, GError **error);
bool file_remove(const char *path, const char *suffix, GError **error);
char *file_quarantine(const char *path); /* copies; the name of the copy, NULL if it failed; may run in a thread */
bool file_refuse_damaged(const char *path, GError **error);

void statements_clear(void);

void batch_reset(void);             /* forget all: the connection is new or gone */
void batch_end(void);               /* before closing: commit what is finished, undo what is not */
bool batch_join(GError **error);    /* before a single statement: in a transaction from here on */
bool batch_joined(GError **error);  /* after it worked */
void batch_part(void);              /* after it failed */
bool batch_is_lost(GError **error); /* an open begin whose transaction is gone */
