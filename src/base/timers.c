/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers of rows: one running clock for each row that is in the table. */
#include "base/timers.h"

#include "api/timer.h"
#include "base/table.h"

static GHashTable *running; /* const struct timer * -> clock id */

static void start(const struct timer *row);

static void
tick(gpointer data)
{
	const struct timer *row = data;

	/* Started again before the row speaks: it may well unload itself. */
	start(row);
	row->tick();
}

static void
start(const struct timer *row)
{
	guint id = clock_after((guint)row->seconds * 1000, tick, (gpointer)row, NULL);

	g_hash_table_insert(running, (gpointer)row, GUINT_TO_POINTER(id));
}

static void
update(void)
{
	const struct timer *row;
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, running);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		if (table_owner(TABLE_TIMERS, key))
			continue;
		clock_cancel(GPOINTER_TO_UINT(value));
		g_hash_table_iter_remove(&iter);
	}
	for (guint i = 0; (row = table_row(TABLE_TIMERS, i)); i++)
		if (row->seconds > 0 && !g_hash_table_contains(running, row))
			start(row);
}

void
timers_init(void)
{
	if (running)
		return;
	running = g_hash_table_new(NULL, NULL);
	table_on_change(TABLE_TIMERS, update);
	update();
}
