/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of sealed messages that wait for a provider: a plugin may be loaded later. */
#include "chat/sealedtable.h"

#include "api/log.h"

#include <string.h>

#define KEPT_MAX 1000 /* at most so many wait; older ones stay lines with a reason */

const struct migration sealed_table_migrations[] = {
	{ "chat", 1,
		"CREATE TABLE chat_sealed (message INTEGER PRIMARY KEY REFERENCES archive_message (id) ON DELETE CASCADE,"
		" stanza TEXT NOT NULL)" },
	{ 0 },
};

bool
sealed_table_add(gint64 message, const Element *stanza, GError **error)
{
	g_autofree char *xml = element_to_xml(stanza);

	return store_run(error, "INSERT OR REPLACE INTO chat_sealed (message, stanza) VALUES (?, ?)", "is", message, xml) &&
	       store_run(error,
		       "DELETE FROM chat_sealed WHERE message <= (SELECT message FROM chat_sealed "
		       "ORDER BY message DESC LIMIT 1 OFFSET ?)",
		       "i", (gint64)KEPT_MAX);
}

bool
sealed_table_remove(gint64 message, GError **error)
{
	return store_run(error, "DELETE FROM chat_sealed WHERE message = ?", "i", message);
}

struct waiting {
	gint64 message;
	char *xml;
};

static void
waiting_free(gpointer data)
{
	struct waiting *waiting = data;

	g_free(waiting->xml);
	g_free(waiting);
}

/* All are read first: the visitor writes to the table. */
void
sealed_table_each(void (*visit)(gint64 message, const char *xml))
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(waiting_free);
	g_autoptr(GError) error = NULL;
	Rows *rows = store_select(&error, "SELECT message, stanza FROM chat_sealed ORDER BY message", "");

	while (rows && rows_next(rows)) {
		struct waiting *waiting = g_new0(struct waiting, 1);

		waiting->message = rows_int(rows, 0);
		waiting->xml = g_strdup(rows_text(rows, 1));
		g_ptr_array_add(all, waiting);
	}
	if (!rows || !rows_end(rows, &error))
		log_warning("messages that wait to be decrypted cannot be read: %s", error->message);
	for (guint i = 0; i < all->len; i++) {
		const struct waiting *waiting = g_ptr_array_index(all, i);

		visit(waiting->message, waiting->xml);
	}
}
