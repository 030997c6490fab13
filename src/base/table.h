/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry: typed lists of rows, from the core and from plugins alike. The first member of every row is
 * const char *name, and a row without a name ends the list. Layers walk the lists that they own. */
#pragma once

#include "api/public.h"

enum table {
	TABLE_CMDS,       /* struct cmd */
	TABLE_OPTIONS,    /* struct option */
	TABLE_STANZAS,    /* struct stanza_hook */
	TABLE_FEATURES,   /* struct feature */
	TABLE_EVENTS,     /* struct event_watch */
	TABLE_FILTERS,    /* struct filter */
	TABLE_E2EE,       /* struct e2ee_provider */
	TABLE_BINDINGS,   /* struct binding (key is its name) */
	TABLE_WINDOWS,    /* struct window_kind */
	TABLE_TIMERS,     /* struct timer */
	TABLE_MIGRATIONS, /* struct migration */
	TABLES,
};

/* Rows stay the caller's and must outlive their stay in the table. owner: "core" or the plugin's name. */
void table_add(enum table table, const void *rows, const char *owner);
/* Lists of rows of several tables, the usual case of a layer. */
struct table_rows {
	enum table table;
	const void *rows;
};
void table_add_all(const struct table_rows *lists, guint n, const char *owner);
void table_add_one(enum table table, const void *row, const char *owner);
void table_remove(const char *owner); /* all its rows in all tables */
/* Grows with every change of that table: who caches an index over rows compares it. */
guint table_generation(enum table table);
/* For the one layer that owns the table: called after each change of it. */
void table_on_change(enum table table, void (*changed)(void));
/* The n-th row in order of adding, NULL past the end: for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++). Rows
 * may be removed while walking. */
const void *table_row(enum table table, guint n);
const void *table_find(enum table table, const char *name); /* NULL if there is none */
const char *table_owner(enum table table, const void *row); /* NULL when the row is in no table (any more) */
