/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the archive share: how a row becomes a message, and the two indexes that are written behind. */
#pragma once

#include "api/store.h"
#include "store/archive.h"

enum {
	FLAG_EDITED = 1 << 0,
	FLAG_WANTS_RECEIPT = 1 << 1,
	FLAG_WANTS_MARKER = 1 << 2,
	FLAG_HIDDEN = 1 << 3,
	FLAG_NOTICE = 1 << 4,
	FLAG_ORIGIN_IS_WIRE = 1 << 5, /* origin_id equals wire_id and is not stored again */
};
#define NOT_HIDDEN "(m.flags & 8) = 0"

/* A SELECT over m (archive_message) and c (archive_conversation) that message_from() understands. */
#define SELECT_MESSAGE_OF(from)                                                                                                  \
	"SELECT m.id, c.account, c.peer, m.sent_at, m.direction, m.kind, m.origin, m.state, m.trust, m.device, m.flags, m.seal," \
	" m.sender, m.wire_id, m.origin_id, m.stanza_id, m.replaces, m.reason, m.body FROM " from
#define SELECT_MESSAGE SELECT_MESSAGE_OF("archive_message m JOIN archive_conversation c ON c.id = m.conversation ")

Message *message_from(Rows *rows);
/* Takes rows (NULL when the question failed); the first message, or NULL. */
Message *message_first(Rows *rows, GError **error);
GPtrArray *messages_from(Rows *rows, GError **error);
/* Without making it: 0 if there is none. */
gint64 conversation_find(const char *account, const char *peer, GError **error);

/* Messages of a conversation by time: after < sent_at <= up_to. */
struct span {
	gint64 conversation, after, up_to;
	bool spare_outbox; /* leave what waits to be sent */
};
#define IN_SPAN "conversation = ?1 AND sent_at > ?2 AND sent_at <= ?3 AND (?4 = 0 OR id NOT IN (SELECT message FROM outbox_row))"
#define SPAN_VALUES(span) (span)->conversation, (span)->after, (span)->up_to, (gint64)(span)->spare_outbox

/* Ids of senders and archives (archive-ids.c). */
void ids_learn(gint64 conversation, const Message *message);
bool ids_learn_late(gint64 conversation, const Message *message, GError **error);
bool ids_forget(const struct span *span, GError **error); /* before the rows go */
bool ids_write_some(bool *more, GError **error);          /* from memory to disk, when there is much */
Message *ids_find_stanza(gint64 conversation, const char *stanza_id, GError **error);
Message *ids_find_wire(gint64 conversation, enum message_direction direction, const char *wire_id, GError **error);

/* Words of bodies (archive-words.c): before and after a body or hidden changes. */
bool words_leave(gint64 row, GError **error);
bool words_enter(gint64 row, GError **error);
bool words_merge(GError **error);                           /* a little of the housekeeping of the index */
bool words_write(GError **error);                           /* index what was added */
bool words_forget(const struct span *span, GError **error); /* before the rows go */
bool words_clean(GError **error);                           /* no trace of what was forgotten stays in the index */

/* Both are written behind, when it is calm or when they are many (archive-behind.c). */
void behind_note_added(void);
