/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: the one way of a message out, as an array of stages (filter, keep, encode, prepare, seal, send). */
#pragma once

#include "api/chat.h"

/* Takes message: the filter and keep stages run at once, the others follow, one message at a time per conversation. */
bool outbox_put(Message *message, GError **error);
bool outbox_is_empty(void);              /* nothing that could still leave now (offline ones do not count) */
void outbox_load(Account *account);      /* rows of an earlier process */
void outbox_unload(const char *account); /* drops what is in memory; NULL: all */
/* Messages that wait for keys or for a person are tried again (a provider came, a person decided, trust changed). */
void outbox_retry(const char *account, const char *peer); /* peer NULL: all */
/* The archive or a carbon showed our own message of this id: the server has it. True if it was in the outbox. */
bool outbox_found(const char *account, const char *wire_id, const char *stanza_id);
/* The peer has it: if it was in doubt, it is not sent again. */
void outbox_arrived(const char *account, const char *wire_id);
/* An error came back for it. True if it was in the outbox. */
bool outbox_refused(const char *account, const char *wire_id, const char *reason);
/* The archive row of the oldest message that may or may not have reached the server; 0: none. */
gint64 outbox_oldest_doubt(const char *account);
/* What it holds of this id, to be changed there and not in a copy from the archive; NULL if nothing. Caller unrefs. */
Message *outbox_message(const char *account, const char *wire_id);
void outbox_connected(Account *account, bool resumed);
void outbox_acknowledged(const char *account, guint64 sequence);
void outbox_caught_up(const char *account);
