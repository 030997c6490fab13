/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: the one way of a message out, as an array of stages (filter, keep, encode, prepare, seal, send). */
#pragma once

#include "api/chat.h"

/* Takes message: the filter and keep stages run at once, the others follow, one message at a time per conversation. */
bool outbox_put(Message *message, GError **error);
bool outbox_is_empty(void);         /* nothing that could still leave now (offline ones do not count) */
void outbox_load(Account *account); /* rows of an earlier process */
/* Messages that wait for keys or for a person are tried again (a provider came, a person decided, trust changed). */
void outbox_retry(const char *account, const char *peer); /* peer NULL: all */
