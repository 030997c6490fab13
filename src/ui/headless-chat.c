/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts and messages for scripts. */
#include "ui/headless-json.h"

#include "account/contact.h"
#include "base/text.h"
#include "chat/convo.h"
#include "ui/ui.h"

static void
print_contact(const char *account, const char *jid, const char *name, const char *const *groups, const char *subscription,
	const char *presence)
{
	JsonObject *object = json_begin("roster");
	json_put(object, "account", account);
	json_put(object, "jid", jid);
	json_put(object, "name", name);
	json_put_list(object, "groups", groups);
	json_put(object, "subscription", subscription);
	json_put(object, "presence", presence);
	json_print(object);
}

static void
on_roster(const Event *event)
{
	print_contact(event->account, event->roster.jid, event->roster.name, event->roster.groups, event->roster.subscription,
		event->roster.presence);
}

static void
show_contact(const Contact *contact, gpointer account)
{
	static const char *const words[] = {
		[SUBSCRIPTION_NONE] = "none", [SUBSCRIPTION_TO] = "to", [SUBSCRIPTION_FROM] = "from", [SUBSCRIPTION_BOTH] = "both"
	};
	print_contact(account, contact_jid(contact), contact_name(contact), contact_groups(contact),
		words[contact_subscription(contact)], contact_presence(contact));
}

static void
on_roster_loaded(const Event *event)
{
	const Account *account = account_find(event->account);
	if (account)
		contact_each(account, show_contact, (gpointer)event->account);
}

static void
on_subscription(const Event *event)
{
	JsonObject *object = json_begin("subscription");
	json_put(object, "account", event->account);
	json_put(object, "jid", event->subscription.jid);
	json_put(object, "kind", event->subscription.kind);
	json_print(object);
}

static void
on_chat_state(const Event *event)
{
	JsonObject *object = json_begin("chat-state");
	json_put(object, "account", event->account);
	json_put(object, "jid", event->chat_state.jid);
	json_put(object, "state", event->chat_state.state);
	json_print(object);
}

/* A line that nobody said is no message: scripts that count messages must not count it. */
static void
print_notice(const Message *message)
{
	JsonObject *object = json_begin("output");
	json_put(object, "text", message->body ? message->body : message->reason);
	json_put(object, "account", message->account);
	json_put(object, "conversation", message->conversation);
	json_put(object, "id", message->id);
	json_print(object);
}

/* Whether a message of ours will be sealed is unknown until keys or a yes have come; its states tell then. */
static bool
seal_is_open(const Message *message)
{
	Conversation *conv = convo_find(message->account, message->conversation);
	return message->direction == MESSAGE_OUT && message->state == MESSAGE_PENDING && !message->seal && conv &&
	       convo_seal_state(conv) == CONVO_SEAL_AUTO;
}

static void
print_message(const Message *message, const char *replaces)
{
	static const char *const directions[] = { [MESSAGE_IN] = "in", [MESSAGE_OUT] = "out" };
	static const char *const kinds[] = {
		[MESSAGE_CHAT] = "chat", [MESSAGE_GROUPCHAT] = "groupchat", [MESSAGE_PRIVATE] = "private"
	};
	static const char *const origins[] = {
		[MESSAGE_LIVE] = "live", [MESSAGE_CARBON] = "carbon", [MESSAGE_ARCHIVE] = "archive"
	};
	g_autofree char *sent_at = text_time(message->sent_at, true);
	JsonObject *object = json_begin("message");
	json_put(object, "account", message->account);
	json_put(object, "conversation", message->conversation);
	json_put(object, "from", message->from);
	json_put(object, "id", message->id);
	json_put(object, "stanza_id", message->stanza_id);
	json_put(object, "origin_id", message->origin_id);
	json_put(object, "body", message->body);
	json_put(object, "direction", directions[message->direction]);
	json_put(object, "kind", kinds[message->kind]);
	if (!seal_is_open(message)) {
		json_put(object, "seal", message->seal ? message->seal : "none");
		json_put(object, "trust", trust_word(message->trust));
	}
	json_put(object, "origin", origins[message->origin]);
	json_put(object, "sent_at", sent_at);
	json_put(object, "replaces", replaces);
	json_put(object, "reason", message->reason);
	json_print(object);
}

static void
on_message_added(const Event *event)
{
	const Message *message = event->message;
	if (message->hidden)
		return;
	if (message->notice)
		print_notice(message);
	else
		print_message(message, NULL);
	Conversation *conv = ui()->current();
	if (conv && message->direction == MESSAGE_IN && conv == convo_find(message->account, message->conversation))
		convo_seen(conv);
}

/* A correction, or a text that could be opened late, takes the place of what was there and keeps its id. */
static void
on_message_changed(const Event *event)
{
	if (event->message->edited || event->message->direction == MESSAGE_IN)
		print_message(event->message, event->message->id);
}

static void
on_message_state(const Event *event)
{
	JsonObject *object = json_begin("message-state");
	json_put(object, "id", event->message->id);
	json_put(object, "state", message_state_word(event->message->state));
	json_put(object, "reason", event->message->reason);
	if (!seal_is_open(event->message)) {
		json_put(object, "seal", event->message->seal ? event->message->seal : "none");
		json_put(object, "trust", trust_word(event->message->trust));
	}
	json_print(object);
}

static void
on_trust(const Event *event)
{
	JsonObject *object = json_begin("trust");
	json_put(object, "account", event->account);
	json_put(object, "peer", event->trust.peer);
	json_object_set_int_member(object, "device", event->trust.device);
	json_put(object, "fingerprint", event->trust.fingerprint);
	json_put(object, "trust", trust_word(event->trust.trust));
	json_object_set_boolean_member(object, "own", event->trust.own);
	json_print(object);
}

const struct event_watch headless_chat_rows[] = {
	{ "headless: roster", EVENT_ROSTER, on_roster },
	{ "headless: whole roster", EVENT_ROSTER_LOADED, on_roster_loaded },
	{ "headless: subscription", EVENT_SUBSCRIPTION, on_subscription },
	{ "headless: chat state", EVENT_CHAT_STATE, on_chat_state },
	{ "headless: message", EVENT_MESSAGE_ADDED, on_message_added },
	{ "headless: message changed", EVENT_MESSAGE_CHANGED, on_message_changed },
	{ "headless: message state", EVENT_MESSAGE_STATE, on_message_state },
	{ "headless: trust", EVENT_TRUST, on_trust },
	{ 0 },
};
