/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Echo: a bot that says back what it hears, sealed to who speaks sealed, and accepts who asks. What
 * already bears the prefix is not answered, so that two bots who meet fall silent; nor is what comes from the archive. */
#include "plugin.h"

#include <string.h>

static struct {
	bool accept;
	char *prefix;
} set;

static const struct option options[] = {
	{ "echo.accept", OPTION_BOOL, &set.accept, "off", .summary = "Let everybody who asks see the bot's presence" },
	{ "echo.prefix", OPTION_TEXT, &set.prefix,
		"You said: ", .summary = "What stands before the words that come back; empty: the bot only listens" },
	{ 0 },
};

static void
answer(const Event *event)
{
	const Message *heard = event->message;
	if (heard->direction != MESSAGE_IN || heard->kind != MESSAGE_CHAT || heard->origin != MESSAGE_LIVE || !heard->body ||
		heard->notice)
		return;
	if (g_str_has_prefix(heard->body, set.prefix))
		return;
	Conversation *conv = convo_find(heard->account, heard->conversation);
	g_autofree char *words = g_strconcat(set.prefix, heard->body, NULL);
	g_autoptr(GError) error = NULL;
	if (!conv || !convo_say(conv, words, &error))
		log_warning("echo: no answer to %s: %s", heard->conversation, error ? error->message : "no such conversation");
}

static void
accept_request(const Event *event)
{
	if (!set.accept || strcmp(event->subscription.kind, "request") != 0)
		return;
	g_autoptr(GError) error = NULL;
	Account *account = account_find(event->account);
	if (!account || !contact_accept(account, event->subscription.jid, &error))
		log_warning("echo: %s was not accepted: %s", event->subscription.jid, error ? error->message : "no such account");
}

static const struct event_watch events[] = {
	{ "echo: answer", EVENT_MESSAGE_ADDED, answer },
	{ "echo: accept", EVENT_SUBSCRIPTION, accept_request },
	{ 0 },
};

PLUGIN = {
	PLUGIN_HEAD,
	.name = "echo",
	.summary = "A bot that says back what it hears",
	.options = options,
	.events = events,
};
