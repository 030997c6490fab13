/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inbox: the one way of a message in, live, by carbon or from the archive. */
#pragma once

#include "api/chat.h"

/* True when it was for the inbox, also when it was refused. */
bool inbox_take(Stream *stream, const Element *stanza, enum message_origin origin);
void inbox_skipped(Stream *stream, const char *kind, const char *from, const char *id, const char *why);
void inbox_open_late(void);        /* a provider came: what was kept sealed is opened */
void inbox_lost(Account *account); /* what came could not be kept */
