/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: one thing said, counted, and the one function that moves its state. */
#include "chat/message.h"

#include "api/event.h"
#include "api/log.h"
#include "store/archive.h"

static const char *const state_words[] = {
	[MESSAGE_PENDING] = "pending",
	[MESSAGE_SENT] = "sent",
	[MESSAGE_DELIVERED] = "delivered",
	[MESSAGE_READ] = "read",
	[MESSAGE_FAILED] = "failed",
};

/* May a message go from the row's state to the column's? Failed is not the end: a receipt that comes after all is true. */
static const bool may_reach[][MESSAGE_FAILED + 1] = {
	/*                       pending sent  delivered read  failed */
	[MESSAGE_PENDING] = { false, true, true, true, true },
	[MESSAGE_SENT] = { false, false, true, true, true },
	[MESSAGE_DELIVERED] = { false, false, false, true, false },
	[MESSAGE_READ] = { false, false, false, false, false },
	[MESSAGE_FAILED] = { false, false, true, true, false },
};

const char *
message_state_word(enum message_state state)
{
	return state_words[state];
}

Message *
message_new(const char *account, const char *conversation, enum message_direction direction)
{
	Message *message = g_new0(Message, 1);

	message->refs = 1;
	message->account = g_strdup(account);
	message->conversation = g_strdup(conversation);
	message->direction = direction;
	return message;
}

/* A message is counted but otherwise constant for its readers, so a reference may be taken through const. */
Message *
message_ref(const Message *message)
{
	Message *counted = (Message *)message;

	counted->refs++;
	return counted;
}

void
message_unref(Message *message)
{
	if (!message || --message->refs)
		return;
	g_free(message->id);
	g_free(message->account);
	g_free(message->conversation);
	g_free(message->from);
	g_free(message->wire_id);
	g_free(message->origin_id);
	g_free(message->stanza_id);
	g_free(message->body);
	g_free(message->replaces);
	g_free(message->reason);
	g_free(message->seal);
	g_free(message);
}

void
message_emit(int event_kind, Message *message)
{
	event_emit(&(Event){ .kind = event_kind, .account = message->account, .message = message });
}

static bool
is_new_wait(const Message *message, enum message_state state, const char *reason)
{
	return state == MESSAGE_PENDING && message->state == MESSAGE_PENDING && g_strcmp0(message->reason, reason) != 0;
}

bool
message_reach(Message *message, enum message_state state, const char *reason)
{
	g_autoptr(GError) error = NULL;

	if (!may_reach[message->state][state] && !is_new_wait(message, state, reason))
		return false;
	message->state = state;
	g_free(message->reason);
	message->reason = g_strdup(reason);
	if (message->row && !archive_set_state(message, &error))
		log_warning("state of a message is not kept: %s", error->message);
	message_emit(EVENT_MESSAGE_STATE, message);
	return true;
}
