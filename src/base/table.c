/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry: which rows are in which table, and whose they are. */
#include "base/table.h"

#include "api/chat.h"
#include "api/cmd.h"
#include "api/e2ee.h"
#include "api/event.h"
#include "api/option.h"
#include "api/stanza.h"
#include "api/store.h"
#include "api/timer.h"
#include "api/window.h"

struct entry {
	const void *row;
	const char *owner; /* interned */
};

static const size_t row_size[TABLES] = {
	[TABLE_CMDS] = sizeof(struct cmd),
	[TABLE_OPTIONS] = sizeof(struct option),
	[TABLE_STANZAS] = sizeof(struct stanza_hook),
	[TABLE_FEATURES] = sizeof(struct feature),
	[TABLE_EVENTS] = sizeof(struct event_watch),
	[TABLE_FILTERS] = sizeof(struct filter),
	[TABLE_E2EE] = sizeof(struct e2ee_provider),
	[TABLE_BINDINGS] = sizeof(struct binding),
	[TABLE_WINDOWS] = sizeof(struct window_kind),
	[TABLE_TIMERS] = sizeof(struct timer),
	[TABLE_MIGRATIONS] = sizeof(struct migration),
};

static struct {
	GArray *entries; /* of struct entry */
	guint generation;
	void (*changed)(void);
} tables[TABLES];

static const char *
name_of(const void *row)
{
	return *(const char *const *)row;
}

static void
append(enum table table, const void *row, const char *owner)
{
	struct entry entry = { row, g_intern_string(owner) };

	if (!tables[table].entries)
		tables[table].entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	g_array_append_val(tables[table].entries, entry);
}

static void
tell(enum table table)
{
	tables[table].generation++;
	if (tables[table].changed)
		tables[table].changed();
}

void
table_add(enum table table, const void *rows, const char *owner)
{
	const char *row = rows;

	if (!rows || !name_of(rows))
		return;
	for (; name_of(row); row += row_size[table])
		append(table, row, owner);
	tell(table);
}

void
table_add_all(const struct table_rows *lists, guint n, const char *owner)
{
	for (guint i = 0; i < n; i++)
		table_add(lists[i].table, lists[i].rows, owner);
}

void
table_add_one(enum table table, const void *row, const char *owner)
{
	if (!row)
		return;
	append(table, row, owner);
	tell(table);
}

void
table_remove(const char *owner)
{
	for (int t = 0; t < TABLES; t++) {
		GArray *entries = tables[t].entries;
		guint kept = 0, before = entries ? entries->len : 0;

		for (guint i = 0; i < before; i++) {
			struct entry entry = g_array_index(entries, struct entry, i);

			if (g_str_equal(entry.owner, owner))
				continue;
			g_array_index(entries, struct entry, kept++) = entry;
		}
		if (kept == before)
			continue;
		g_array_set_size(entries, kept);
		tell(t);
	}
}

guint
table_generation(enum table table)
{
	return tables[table].generation;
}

void
table_on_change(enum table table, void (*changed)(void))
{
	tables[table].changed = changed;
}

const void *
table_row(enum table table, guint n)
{
	const GArray *entries = tables[table].entries;

	return entries && n < entries->len ? g_array_index(entries, struct entry, n).row : NULL;
}

const void *
table_find(enum table table, const char *name)
{
	const void *row;

	for (guint i = 0; (row = table_row(table, i)); i++)
		if (g_str_equal(name_of(row), name))
			return row;
	return NULL;
}

const char *
table_owner(enum table table, const void *row)
{
	const GArray *entries = tables[table].entries;

	for (guint i = 0; entries && i < entries->len; i++)
		if (g_array_index(entries, struct entry, i).row == row)
			return g_array_index(entries, struct entry, i).owner;
	return NULL;
}
