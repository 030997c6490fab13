/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a conversation, for the files that it is made of. */
#pragma once

#include "chat/convo.h"

struct Conversation {
	gint64 row;
	char *account, *peer;
	enum convo_seal seal;
	char *provider; /* who sealed it */
	char *draft;
	gint64 read_up_to, read_line, last_at;
	guint unread;
	char *peer_state;
	char *markable;     /* wire id of the newest message that wants a displayed marker */
	bool markable_seal; /* and whether that one was sealed */
	GHashTable *told;   /* words of convo_first_time */
	Message *said;      /* keeps what convo_say returned alive */
};
