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

/* Set once by db.c: called on the first page that fails its check. */
void db_damaged(void);

void statements_clear(void);

void batch_reset(void);             /* forget all: the connection is new or gone */
void batch_end(void);               /* before closing: commit what is finished, undo what is not */
bool batch_join(GError **error);    /* before a single statement: in a transaction from here on */
bool batch_joined(GError **error);  /* after it worked */
void batch_part(void);              /* after it failed */
bool batch_is_lost(GError **error); /* an open begin whose transaction is gone */
