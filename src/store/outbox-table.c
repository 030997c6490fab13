/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the outbox. */
#include "store/outbox-table.h"

#include "api/store.h"

void
outbox_row_free(OutboxRow *row)
{
	if (!row)
		return;
	g_free(row->stanza);
	g_free(row->session);
	g_free(row);
}

gint64
outbox_table_add(const char *account, gint64 message, GError **error)
{
	bool added = store_run(error, "INSERT INTO outbox_row (account, message) VALUES (?, ?)", "si", account, message);
	return added ? store_last_id() : 0;
}

bool
outbox_table_set_stanza(gint64 row, const char *stanza, guint64 sequence, const char *session, GError **error)
{
	return store_run(error, "UPDATE outbox_row SET stanza = ?, sequence = ?, session = ? WHERE id = ?", "sisi", stanza,
		(gint64)sequence, session, row);
}

GPtrArray *
outbox_table_list(const char *account, GError **error)
{
	Rows *rows = store_select(
		error, "SELECT id, message, stanza, sequence, session FROM outbox_row WHERE account = ? ORDER BY id", "s", account);
	if (!rows)
		return NULL;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)outbox_row_free);
	while (rows_next(rows)) {
		OutboxRow *row = g_new0(OutboxRow, 1);
		row->row = rows_int(rows, 0);
		row->message = rows_int(rows, 1);
		row->stanza = g_strdup(rows_text(rows, 2));
		row->sequence = (guint64)rows_int(rows, 3);
		row->session = g_strdup(rows_text(rows, 4));
		g_ptr_array_add(list, row);
	}
	return rows_end(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool
outbox_table_remove(gint64 row, GError **error)
{
	return store_run(error, "DELETE FROM outbox_row WHERE id = ?", "i", row);
}
