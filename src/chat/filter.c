/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters: rows that may change or refuse a text, in the order of the rows. */
#include "chat/filter.h"

#include "base/table.h"
#include "base/text.h"

bool
filter_text(Message *message, GError **error)
{
	const struct filter *row;

	for (guint i = 0; (row = table_row(TABLE_FILTERS, i)); i++) {
		g_autofree char *text = g_strdup(message->body);

		if (!row->filter(message, &text, error))
			return false;
		g_free(message->body);
		message->body = text ? text_make_valid(text, -1) : g_strdup("");
	}
	return true;
}
