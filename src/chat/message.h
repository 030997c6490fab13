/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages, as chat makes and changes them; what everybody may see is api/message.h. */
#pragma once

#include "api/message.h"

/* Empty but for its place; state pending. */
Message *message_new(const char *account, const char *conversation, enum message_direction direction);
/* The only writer of states: forward only (pending, sent, delivered, read; failed from pending or sent), kept and told.
 * A pending message may be given another reason why it waits. False when nothing changed. */
bool message_reach(Message *message, enum message_state state, const char *reason);
void message_emit(int event_kind, Message *message); /* EVENT_MESSAGE_... */
