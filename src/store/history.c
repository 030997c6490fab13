/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting: a conversation when asked to, all of them by age. */
#include "store/archive-private.h"

#include "api/log.h"
#include "store/db.h"

/* Messages go with their old bodies and outbox rows; overwritten on disk, since secure_delete is on. */
static bool
delete_up_to(gint64 conversation, gint64 up_to, GError **error)
{
	return store_run(error,
		       "UPDATE archive_progress SET given_up_to = max(given_up_to, (SELECT ifnull(max(id), 0) FROM "
		       "archive_message))",
		       NULL) &&
	       words_forget(conversation, up_to, error) && ids_forget(conversation, up_to, error) &&
	       store_run(error, "DELETE FROM archive_message WHERE conversation = ? AND sent_at <= ?", "ii", conversation, up_to);
}

/* The row of the conversation stays: that it was sealed must not be forgotten, or the next message could go readable. */
bool
archive_forget(gint64 conversation, GError **error)
{
	if (!store_begin(error))
		return false;
	if (!delete_up_to(conversation, G_MAXINT64, error) ||
		!store_run(error, "UPDATE archive_conversation SET draft = NULL, last_at = 0, unread = 0 WHERE id = ?", "i",
			conversation) ||
		!words_clean(error)) {
		store_rollback();
		return false;
	}
	return store_commit(STORE_NOW, error) && db_checkpoint(error);
}
