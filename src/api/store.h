/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encrypted store, for those who keep tables of their own. One connection, one thread; every write is
 * part of a transaction that is durable when store_commit(STORE_NOW) returns, or within 5 ms otherwise.
 * Parameters are given by a format, one letter each: s text or NULL, i gint64, b const void * and size_t
 * (two arguments), d double. */
#pragma once

#include "public.h"

/* A change of the schema; rows run once each, in order, inside one transaction. */
struct migration {
	const char *name; /* whose tables: the plugin or layer; tables are called NAME_something */
	int version;      /* 1, 2, ... */
	const char *sql;
};

/* Transactions nest: begin opens a savepoint in the running batch. Exactly one of commit and rollback ends it.
 * STORE_SOON joins the batch, which becomes durable after 5 ms or 50 of them; STORE_NOW makes the whole batch durable
 * before it returns. When commit fails everything of this begin is undone. */
enum store_when { STORE_SOON, STORE_NOW };
PUBLIC bool store_begin(GError **error);
PUBLIC bool store_commit(enum store_when when, GError **error);
PUBLIC void store_rollback(void);
/* The batch as it is becomes durable before this returns; within a begin, when that ends. When it fails all of it is undone. */
PUBLIC bool store_flush(GError **error);
PUBLIC int store_written(void); /* grows with each row that is changed */

/* One statement without result, inside or outside of begin. */
PUBLIC bool store_run(GError **error, const char *sql, const char *format, ...);
PUBLIC gint64 store_last_id(void); /* the rowid that the last insert made */
PUBLIC int store_changes(void);    /* rows that the last statement changed */

/* A question: sql must be a string that lives as long as the program (its compiled form is kept). */
typedef struct Rows Rows;
PUBLIC Rows *store_select(GError **error, const char *sql, const char *format, ...);
PUBLIC bool rows_next(Rows *rows); /* false at the end or on error */
PUBLIC gint64 rows_int(Rows *rows, int column);
PUBLIC const char *rows_text(Rows *rows, int column); /* borrowed until the next row; NULL for NULL */
PUBLIC const void *rows_blob(Rows *rows, int column, size_t *length);
PUBLIC bool rows_end(Rows *rows, GError **error); /* frees; false if reading failed before the end */
PUBLIC void rows_free(Rows *rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)

PUBLIC bool store_is_open(void);
