/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saying: from a text of the user to the outbox, corrections, and lines that nobody said. */
#include "api/error.h"
#include "api/event.h"
#include "api/log.h"
#include "api/timer.h"
#include "chat/convo-private.h"
#include "chat/message.h"
#include "chat/outbox.h"
#include "store/archive.h"

#include <string.h>

#define TEXT_MAX 60000    /* what common servers relay, with room for sealing */
#define FAILED_WITHIN 200 /* lines in which the last failed message is looked for */

static bool
is_sayable(const char *text, GError **error)
{
	if (!g_utf8_validate(text, -1, NULL))
		return fault(error, FAULT_INPUT, "the text is not valid UTF-8");
	if (!*text)
		return fault(error, FAULT_INPUT, "there is no text to send");
	if (strlen(text) > TEXT_MAX)
		return fault(error, FAULT_INPUT, "the text has %zu bytes, servers relay at most about %d - send it in parts",
			strlen(text), TEXT_MAX);
	return true;
}

static const Message *
say(Conversation *conv, const char *text, const char *replaces, GError **error)
{
	g_autoptr(Message) message = NULL;

	if (!is_sayable(text, error))
		return NULL;
	if (!convo_account(conv))
		return fault_null(error, FAULT_GONE, "the account %s is gone", conv->account);
	message = message_new(conv->account, conv->peer, MESSAGE_OUT);
	message->from = g_strdup(conv->account);
	message->body = g_strdup(text);
	message->replaces = g_strdup(replaces);
	message->sent_at = archive_next_at(conv->account, conv->peer);
	if (!outbox_put(message_ref(message), error))
		return NULL;
	message_unref(conv->said);
	conv->said = message_ref(message);
	return conv->said;
}

const Message *
convo_say(Conversation *conv, const char *text, GError **error)
{
	return say(conv, text, NULL, error);
}

Message *
convo_correctable(Conversation *conv, const char *id, GError **error)
{
	g_autoptr(Message) old = id ? archive_find_id(id, error) : archive_last_sent(conv->account, conv->peer, error);

	if (!old && error && *error)
		return NULL;
	if (!old || old->direction != MESSAGE_OUT || old->notice || old->hidden || !old->wire_id ||
		strcmp(old->conversation, conv->peer) != 0 || strcmp(old->account, conv->account) != 0)
		return fault_null(
			error, FAULT_GONE, "there is no message of yours to correct in the chat with %s", convo_title(conv));
	if (old->state == MESSAGE_FAILED)
		return fault_null(error, FAULT_GONE, "that message was never sent - /resend sends it again");
	return g_steal_pointer(&old);
}

const Message *
convo_correct(Conversation *conv, const char *id, const char *text, GError **error)
{
	g_autoptr(Message) old = convo_correctable(conv, id, error);

	return old ? say(conv, text, old->wire_id, error) : NULL;
}

/* ---- once more ---- */

/* Kept as the reason of what failed: it is not offered a second time. */
static const char said_again[] = "it was sent again, see below";

static bool
can_go_again(const Message *message)
{
	return message->direction == MESSAGE_OUT && message->state == MESSAGE_FAILED && message->body && !message->notice &&
	       !message->hidden && g_strcmp0(message->reason, said_again) != 0;
}

static Message *
last_failed(Conversation *conv, GError **error)
{
	g_autoptr(GPtrArray) page = convo_page(conv, NULL, FAILED_WITHIN);

	for (guint i = page->len; i-- > 0;)
		if (can_go_again(g_ptr_array_index(page, i)))
			return message_ref(g_ptr_array_index(page, i));
	return fault_null(error, FAULT_GONE, "no message to %s failed that was not sent again", convo_title(conv));
}

static Message *
failed_by_id(const char *id, GError **error)
{
	g_autoptr(Message) message = archive_find_id(id, error);

	if (!message && error && *error)
		return NULL;
	if (!message || !can_go_again(message))
		return fault_null(error, FAULT_GONE, "%s is no message that failed and was not sent again yet", id);
	return g_steal_pointer(&message);
}

static void
mark_said_again(Message *message)
{
	g_autoptr(GError) error = NULL;

	g_free(message->reason);
	message->reason = g_strdup(said_again);
	if (!archive_set_state(message, &error))
		log_warning("state of a message is not kept: %s", error->message);
	message_emit(EVENT_MESSAGE_STATE, message);
}

const Message *
convo_resend(Conversation *conv, const char *id, GError **error)
{
	g_autoptr(Message) failed = id ? failed_by_id(id, error) : last_failed(conv, error);
	const Message *again;

	conv = failed ? convo_find(failed->account, failed->conversation) : NULL;
	if (!conv)
		return failed ? fault_null(error, FAULT_GONE, "the account %s is gone", failed->account) : NULL;
	again = say(conv, failed->body, failed->replaces, error);
	if (again)
		mark_said_again(failed);
	return again;
}

void
convo_note_unread(Conversation *conv, const char *text)
{
	convo_note(conv, text);
	conv->unread++;
	convo_changed(conv);
}

void
convo_note(Conversation *conv, const char *text)
{
	g_autoptr(Message) note = message_new(conv->account, conv->peer, MESSAGE_OUT);
	g_autoptr(GError) error = NULL;

	note->from = g_strdup(conv->account);
	note->body = g_strdup(text);
	note->notice = true;
	note->state = MESSAGE_SENT;
	note->sent_at = archive_next_at(conv->account, conv->peer);
	if (!archive_add(note, &error))
		log_warning("a note is not kept: %s", error->message);
	message_emit(EVENT_MESSAGE_ADDED, note);
}
