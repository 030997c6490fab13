/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of a conversation: saying, correcting, sealing, searching, forgetting. */
#include <string.h>

#include "account/contact.h"
#include "api/ask.h"
#include "api/error.h"
#include "api/event.h"
#include "base/text.h"
#include "chat/convo.h"
#include "cmd/cmd.h"
#include "ui/layout.h"
#include "ui/ui.h"

#define SEARCH_MAX 50
#define HISTORY_LINES 20
#define HISTORY_MAX 1000

/* The conversation that an argument names, else the one in view. */
static Conversation *
meant(const struct cmd_call *call, const char *peer, GError **error)
{
	Conversation *conv = call->conversation;

	if (peer && !call->account)
		return fault_null(error, FAULT_GONE, "there is no account - /account add you@example.org");
	if (peer)
		conv = convo_get(call->account, peer);
	if (!conv && peer)
		return fault_null(error, FAULT_STORE, "the chat with %s cannot be opened", peer);
	if (!conv)
		return fault_null(error, FAULT_INPUT, "no chat is open: name the contact, or open one with /msg");
	return conv;
}

/* ---- saying ---- */

static bool
run_msg(const struct cmd_call *call, GError **error)
{
	Conversation *conv = meant(call, call->args[0], error);

	if (!conv)
		return false;
	if (ui()->show)
		ui()->show(conv);
	return !call->args[1] || convo_say(conv, call->args[1], error);
}

static bool
run_say(const struct cmd_call *call, GError **error)
{
	return convo_say(call->conversation, call->args[0], error) != NULL;
}

static bool
run_me(const struct cmd_call *call, GError **error)
{
	g_autofree char *text = g_strconcat("/me ", call->args[0], NULL);

	return convo_say(call->conversation, text, error) != NULL;
}

static bool
correct_in_editor(Conversation *conv, GError **error)
{
	g_autoptr(Message) message = NULL;

	if (!windows())
		return fault(error, FAULT_INPUT, "the new text is missing: /correct TEXT");
	message = convo_correctable(conv, NULL, error);
	if (!message)
		return false;
	g_autofree char *line = g_strconcat("/correct ", message->body, NULL);
	editor_set(window_current()->editor, line);
	layout_dirty(PART_INPUT);
	return true;
}

static bool
run_correct(const struct cmd_call *call, GError **error)
{
	if (!call->args[0])
		return correct_in_editor(call->conversation, error);
	return convo_correct(call->conversation, NULL, call->args[0], error) != NULL;
}

static bool
run_correct_id(const struct cmd_call *call, GError **error)
{
	return convo_correct(call->conversation, call->args[0], call->args[1], error) != NULL;
}

static bool
run_resend(const struct cmd_call *call, GError **error)
{
	if (!call->args[0] && !call->conversation)
		return fault(error, FAULT_INPUT, "no chat is open: name the message, or open the chat with /msg");
	return convo_resend(call->conversation, call->args[0], error) != NULL;
}

/* ---- sealing ---- */

static void
switched_off(const char *choice, gpointer data)
{
	char **names = data;
	Conversation *conv = convo_find(names[0], names[1]);
	g_autoptr(GError) error = NULL;

	if (g_strcmp0(choice, "yes") != 0 || !conv)
		return;
	if (!convo_set_seal(conv, CONVO_READABLE, &error))
		alert(names[0], names[1], "store-failed", "%s", error->message);
}

static void
ask_to_switch_off(Conversation *conv)
{
	static const char *const choices[] = { "no", "yes", NULL };
	const char *account = account_jid(convo_account(conv));
	const char *names[] = { account, convo_peer(conv), NULL };
	g_autofree char *text = g_strdup_printf(
		"switch encryption off in the chat with %s? Both servers can read what is written from then on", convo_peer(conv));

	ask(account, convo_peer(conv), text, choices, switched_off, g_strdupv((char **)names), (GDestroyNotify)g_strfreev);
}

static void
print_seal(Reply *reply, const Conversation *conv)
{
	static const char *const words[] = {
		[CONVO_SEAL_AUTO] = "is encrypted as soon as they have keys",
		[CONVO_SEALED] = "is encrypted",
		[CONVO_READABLE] = "is readable by both servers",
	};

	reply_print(reply, "the chat with %s %s", convo_title(conv), words[convo_seal_state(conv)]);
}

static bool
run_encrypt(const struct cmd_call *call, GError **error)
{
	Conversation *conv = meant(call, call->args[1], error);

	if (!conv)
		return false;
	if (!g_strcmp0(call->args[0], "on") && !convo_set_seal(conv, CONVO_SEALED, error))
		return false;
	if (!g_strcmp0(call->args[0], "off") && convo_seal_state(conv) != CONVO_READABLE)
		ask_to_switch_off(conv);
	else
		print_seal(call->reply, conv);
	return true;
}

/* ---- looking back ---- */

static void
print_message(Reply *reply, const Message *message, bool with_peer)
{
	g_autofree char *time = text_local_time(message->sent_at);
	const char *who = message->direction == MESSAGE_OUT ? "me" : message->from;
	const char *text = message->body ? message->body : message->reason ? message->reason : "";

	if (message->notice)
		reply_print(reply, "%s  - %s", time, text);
	else
		reply_print(reply, "%s  %s%s%s: %s%s", time, with_peer ? message->conversation : "", with_peer ? "  " : "", who,
			text, message->edited ? "  (edited)" : "");
}

static void
print_messages(Reply *reply, const GPtrArray *messages, bool with_peer)
{
	for (guint i = 0; i < messages->len; i++)
		print_message(reply, g_ptr_array_index(messages, i), with_peer);
}

static bool
search(const struct cmd_call *call, Conversation *conv, const char *words, GError **error)
{
	g_autoptr(GPtrArray) found = convo_search(conv, words, SEARCH_MAX);

	if (!found->len)
		return fault(error, FAULT_GONE, "nothing was said with \"%s\"%s", words,
			conv ? " here: /search all looks everywhere" : "");
	print_messages(call->reply, found, !conv);
	if (found->len == SEARCH_MAX)
		reply_print(call->reply, "these are the newest %d", SEARCH_MAX);
	return true;
}

static bool
run_search(const struct cmd_call *call, GError **error)
{
	return search(call, call->conversation, call->args[0], error);
}

static bool
run_search_all(const struct cmd_call *call, GError **error)
{
	return search(call, NULL, call->args[0], error);
}

static bool
run_history(const struct cmd_call *call, GError **error)
{
	gint64 count = call->args[0] ? g_ascii_strtoll(call->args[0], NULL, 10) : HISTORY_LINES;
	g_autoptr(GPtrArray) page = NULL;

	if (count < 1 || count > HISTORY_MAX)
		return fault(error, FAULT_INPUT, "a number of lines from 1 to %d is wanted", HISTORY_MAX);
	page = convo_page(call->conversation, NULL, (guint)count);
	print_messages(call->reply, page, false);
	return true;
}

static bool
run_older(const struct cmd_call *call, GError **error)
{
	if (!convo_fetch_older(call->conversation))
		return fault(error, FAULT_GONE, "the server's archive has nothing older");
	reply_print(call->reply, "asking the server's archive for older messages");
	return true;
}

static bool
run_versions(const struct cmd_call *call, GError **error)
{
	g_autoptr(GPtrArray) bodies = convo_old_bodies(call->args[0], error);

	if (!bodies)
		return false;
	for (guint i = 0; i < bodies->len; i++)
		reply_print(call->reply, "%u: %s", i + 1, (const char *)g_ptr_array_index(bodies, i));
	return true;
}

static void
forget_it(const char *choice, gpointer data)
{
	char **names = data;
	Conversation *conv = convo_find(names[0], names[1]);
	g_autoptr(GError) error = NULL;

	if (g_strcmp0(choice, "yes") != 0 || !conv)
		return;
	if (!convo_forget(conv, &error))
		alert(names[0], names[1], "store-failed", "%s", error->message);
}

static bool
run_forget(const struct cmd_call *call, GError **error)
{
	static const char *const choices[] = { "no", "yes", NULL };
	Conversation *conv = meant(call, call->args[0], error);
	const char *names[3] = { NULL };
	g_autofree char *text = NULL;

	if (!conv)
		return false;
	names[0] = account_jid(convo_account(conv));
	names[1] = convo_peer(conv);
	text = g_strdup_printf("delete all messages with %s from this device? Servers and others keep theirs", convo_peer(conv));
	ask(names[0], names[1], text, choices, forget_it, g_strdupv((char **)names), (GDestroyNotify)g_strfreev);
	return true;
}

/* ---- about somebody ---- */

static void
print_contact(Reply *reply, const Contact *contact)
{
	static const char *const words[] = {
		[SUBSCRIPTION_NONE] = "neither of you sees the other",
		[SUBSCRIPTION_TO] = "you see them, they do not see you",
		[SUBSCRIPTION_FROM] = "they see you, you do not see them",
		[SUBSCRIPTION_BOTH] = "you see each other",
	};
	const char *status = contact_status(contact);

	reply_print(reply, "%s%s%s, %s", contact_presence(contact), status && *status ? ": " : "", status ? status : "",
		words[contact_subscription(contact)]);
}

static void
print_identities(Reply *reply, const Conversation *conv)
{
	g_autoptr(GPtrArray) identities = e2ee_identities(convo_account(conv), convo_peer(conv));

	for (guint i = 0; i < identities->len; i++) {
		const Identity *identity = g_ptr_array_index(identities, i);

		reply_print(reply, "device %u: %s, %s%s", identity->device, identity->fingerprint, trust_word(identity->trust),
			identity->active ? "" : ", gone");
	}
}

static bool
run_info(const struct cmd_call *call, GError **error)
{
	Conversation *conv = meant(call, call->args[0], error);
	const Contact *contact;

	if (!conv)
		return false;
	contact = contact_find(convo_account(conv), convo_peer(conv));
	reply_print(call->reply, "%s <%s>", convo_title(conv), convo_peer(conv));
	if (contact)
		print_contact(call->reply, contact);
	else
		reply_print(call->reply, "not on your roster: /add %s", convo_peer(conv));
	print_seal(call->reply, conv);
	print_identities(call->reply, conv);
	return true;
}

/* ---- rows ---- */

static const char *const on_off[] = { "on", "off", NULL };
static const struct arg text_args[] = { { "text", ARG_TEXT, false, NULL }, { 0 } };
static const struct arg words_args[] = { { "words", ARG_TEXT, false, NULL }, { 0 } };
static const struct arg contact_args[] = { { "contact", ARG_CONTACT, true, NULL }, { 0 } };

const struct cmd cmd_chat_rows[] = {
	{ .name = "msg",
		.aliases = "query,q,chat",
		.args = (const struct arg[]){ { "contact", ARG_CONTACT, false, NULL }, { "text", ARG_TEXT, true, NULL }, { 0 } },
		.needs = NEEDS_ACCOUNT,
		.summary = "Open the chat with somebody, and say something",
		.help = "The message appears at once and turns solid when the server has it. Offline it waits and leaves with the "
			"next "
			"connection.",
		.examples = (const char *const[]){ "/msg bob@example.org", "/msg bob see you at eight", NULL },
		.run = run_msg },
	{ .name = "say",
		.args = text_args,
		.needs = NEEDS_CONVERSATION,
		.summary = "Say a text as it is, also one that begins with /",
		.run = run_say },
	{ .name = "me",
		.aliases = "action",
		.args = text_args,
		.needs = NEEDS_CONVERSATION,
		.summary = "Say what you do: * alice waves",
		.run = run_me },
	{ .name = "correct",
		.args = (const struct arg[]){ { "text", ARG_TEXT, true, NULL }, { 0 } },
		.needs = NEEDS_CONVERSATION,
		.summary = "Replace your last message",
		.help = "Without a text the last one comes into the input line, to be changed there. Others see the new text "
			"marked as edited; their clients may keep the old one.",
		.run = run_correct },
	{ .name = "correct message",
		.args = (const struct arg[]){ { "message", ARG_MESSAGE, false, NULL }, { "text", ARG_TEXT, false, NULL }, { 0 } },
		.needs = NEEDS_CONVERSATION,
		.summary = "Replace an earlier message of yours",
		.run = run_correct_id },
	{ .name = "resend",
		.args = (const struct arg[]){ { "message", ARG_MESSAGE, true, NULL }, { 0 } },
		.needs = NEEDS_ACCOUNT,
		.summary = "Send a message that failed once more, the last one of this chat or that of an id",
		.help = "The same text leaves as a new message, sealed anew. What was sent again is not offered a second time.",
		.examples = (const char *const[]){ "/resend", NULL },
		.run = run_resend },
	{ .name = "versions",
		.args = (const struct arg[]){ { "message", ARG_MESSAGE, false, NULL }, { 0 } },
		.needs = NEEDS_STORE,
		.summary = "Show what an edited message said before",
		.run = run_versions },
	{ .name = "encrypt",
		.args = (const struct arg[]){ { "on|off", ARG_CHOICE, true, on_off }, { "contact", ARG_CONTACT, true, NULL },
			{ 0 } },
		.needs = NEEDS_ACCOUNT,
		.summary = "Show or switch whether a chat is encrypted",
		.help = "Chats are encrypted by themselves as soon as the other side has keys, and then stay so. Switching it off "
			"asks "
			"once and leaves a line in the chat.",
		.examples = (const char *const[]){ "/encrypt", "/encrypt on", "/encrypt off bob@example.org", NULL },
		.run = run_encrypt },
	{ .name = "search",
		.aliases = "lastlog",
		.args = words_args,
		.needs = NEEDS_STORE,
		.summary = "Find messages with all these words in this chat, or in all if none is open",
		.run = run_search },
	{ .name = "search all",
		.args = words_args,
		.needs = NEEDS_STORE,
		.summary = "Find messages with all these words in every chat",
		.run = run_search_all },
	{ .name = "history",
		.args = (const struct arg[]){ { "lines", ARG_NUMBER, true, NULL }, { 0 } },
		.needs = NEEDS_CONVERSATION,
		.summary = "Print the last lines of this chat",
		.run = run_history },
	{ .name = "older",
		.needs = NEEDS_CONVERSATION | NEEDS_ONLINE,
		.summary = "Fetch older messages from the server's archive",
		.run = run_older },
	{ .name = "forget",
		.args = contact_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Delete the messages of a chat from this device, after a question",
		.run = run_forget },
	{ .name = "info",
		.aliases = "whois",
		.args = contact_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "What is known of a contact: presence, encryption, devices",
		.run = run_info },
	{ 0 },
};
