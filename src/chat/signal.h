/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receipts, markers and chat states: what chat sends by itself. The table of kinds is behind message_signal(). */
#pragma once

#include "api/chat.h"

/* The peer wants to know that this message arrived: goes out once it is durable, if it may. */
void signal_delivered(Conversation *conv, const Message *message, const char *to);
void signal_displayed(Conversation *conv, const char *wire_id, bool sealed);
void signal_flush(void);                /* after a durable commit */
void signal_lost(void);                 /* after a batch was lost */
void signal_forget(Conversation *conv); /* before it is freed */
