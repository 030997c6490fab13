/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a conversation for a window: pages, search, and what was said before a correction. */
#include "chat/convo.h"

#include "api/error.h"
#include "api/log.h"
#include "store/archive.h"

static GPtrArray *
page_or_nothing(GPtrArray *page, const GError *error)
{
	if (page)
		return page;
	log_warning("history cannot be read: %s", error ? error->message : "no reason given");
	return g_ptr_array_new_with_free_func((GDestroyNotify)message_unref);
}

GPtrArray *
convo_page(Conversation *conv, const Message *before, guint limit)
{
	g_autoptr(GError) error = NULL;
	gint64 at = before ? before->sent_at : G_MAXINT64, row = before ? before->row : G_MAXINT64;

	return page_or_nothing(archive_page(convo_row(conv), at, row, limit, &error), error);
}

GPtrArray *
convo_page_after(Conversation *conv, const Message *after, guint limit)
{
	g_autoptr(GError) error = NULL;

	return page_or_nothing(archive_page_after(convo_row(conv), after->sent_at, after->row, limit, &error), error);
}

GPtrArray *
convo_search(Conversation *conv, const char *words, guint limit)
{
	g_autoptr(GError) error = NULL;

	return page_or_nothing(archive_search(conv ? convo_row(conv) : 0, words, limit, &error), error);
}

GPtrArray *
convo_old_bodies(const char *id, GError **error)
{
	g_autoptr(Message) message = archive_find_id(id, error);

	if (message)
		return archive_old_bodies(message->row, error);
	return error && *error ? NULL : fault_null(error, FAULT_GONE, "there is no message %s", id);
}
