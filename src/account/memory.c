/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered per account in the store: small texts by key, among them what the stream needs to resume. */
#include "account/internal.h"
#include "api/log.h"
#include "api/store.h"
#include "store/db.h"
#include "xmpp/stream.h"

char *
memory_get(const char *account, const char *key)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT value FROM account_memory WHERE account = ? AND key = ?", "ss", account, key);
	return rows && rows_next(rows) ? g_strdup(rows_text(rows, 0)) : NULL;
}

void
memory_put(const char *account, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;
	bool kept = value ? store_run(&error, "INSERT OR REPLACE INTO account_memory (account, key, value) VALUES (?, ?, ?)", "sss",
				    account, key, value)
			  : store_run(&error, "DELETE FROM account_memory WHERE account = ? AND key = ?", "ss", account, key);
	if (kept)
		return;
	log_error("%s: %s is not remembered: %s", account, key, error->message);
	/* Then what arrived before it was not kept either: nothing of it may be acknowledged. */
	stream_batch_lost();
}

const struct stream_memory account_memory = {
	.get = memory_get,
	.put = memory_put,
	.flush = db_flush,
};
