/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The archive: conversations and their messages, in order of sent_at and row. */
#pragma once

#include "api/message.h"

typedef struct ArchivedConversation {
	gint64 row;
	char *account, *peer;
	int seal;            /* enum convo_seal */
	char *seal_provider; /* who sealed it, NULL */
	char *draft;
	gint64 read_up_to; /* sent_at of the last line seen by the user */
	gint64 last_at;    /* sent_at of its newest message */
	guint unread;
} ArchivedConversation;
void archived_conversation_free(ArchivedConversation *conv);

GPtrArray *archive_conversations(const char *account, GError **error); /* of ArchivedConversation *, newest first */
gint64 archive_last_at(const char *account); /* sent_at of the newest message of all of them; G_MININT64 if there is none */
/* What is said now comes last in its conversation, whatever the clock says meanwhile. */
gint64 archive_next_at(const char *account, const char *peer);
/* At the start: messages that are years ahead of the clock are of a time when it was wrong. They keep their order. */
void archive_mend_times(void);
gint64 archive_conversation(const char *account, const char *peer, GError **error); /* its row, made if new; 0 on error */
bool archive_set_seal(gint64 conversation, int seal, const char *provider, GError **error);
bool archive_set_draft(gint64 conversation, const char *draft, GError **error);
bool archive_set_read(gint64 conversation, gint64 up_to, GError **error);

/* Adds and sets message->row and id. Join a transaction first if it belongs to one. */
bool archive_add(Message *message, GError **error);
bool archive_set_state(const Message *message, GError **error);                     /* state, reason, stanza_id */
bool archive_correct(const Message *message, const char *old_body, GError **error); /* body, edited; keeps the old text */
GPtrArray *archive_old_bodies(gint64 row, GError **error);                          /* of char *, oldest first */

/* What could not be opened at first was opened now: body, seal, device, trust, reason, hidden. */
bool archive_set_opened(const Message *message, GError **error);
/* The newest archive id (by sent_at, which is returned where wanted) among the rows kept before this one, where a catch-up may
 * start. Caller frees; NULL if none.
 */
char *archive_stanza_id_before(const char *account, gint64 row, gint64 *sent_at, GError **error);

/* Pages, search, last_sent and unread counts leave hidden rows out; the three find functions and get do not. */
Message *archive_get(gint64 row, GError **error);
Message *archive_find_id(const char *id, GError **error);
Message *archive_find_stanza_id(const char *account, const char *conversation, const char *stanza_id, GError **error);
/* By the sender's id (origin_id or id attribute) and the sender's direction. */
Message *archive_find_wire_id(
	const char *account, const char *conversation, const char *wire_id, enum message_direction direction, GError **error);
Message *archive_last_sent(const char *account, const char *conversation, GError **error);
gint64 archive_last_heard(gint64 conversation); /* sent_at of the newest that the peer said; G_MININT64 if there is none */

/* At most limit messages before (sent_at, row), newest of them last; before_at G_MAXINT64 starts at the end. */
GPtrArray *archive_page(gint64 conversation, gint64 before_at, gint64 before_row, guint limit, GError **error);
GPtrArray *archive_page_after(gint64 conversation, gint64 after_at, gint64 after_row, guint limit, GError **error);
/* Full text; conversation 0 searches all. Newest first. */
GPtrArray *archive_search(gint64 conversation, const char *words, guint limit, GError **error);
bool archive_forget(gint64 conversation, GError **error);

/* Holes in what we know of the server's archive (XEP-0313): between two archive ids, either may be NULL for an open end.
 * conversation is NULL for the account's catch-up. */
typedef struct Gap {
	gint64 row;
	char *after_id, *before_id; /* stanza ids at the borders */
	gint64 at;                  /* where the line is drawn: sent_at of the newer border */
} Gap;
void gap_free(Gap *gap);
GPtrArray *archive_gaps(const char *account, GError **error);
bool archive_gap_add(const char *account, const char *after_id, const char *before_id, gint64 at, GError **error);
bool archive_gap_remove(gint64 row, GError **error);
