/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hello: the tutorial. A setting, a command, and a look at what happens; doc/plugins.md explains it line by line. */
#include "plugin.h"

static struct {
	char *greeting;
	bool online;
} set;

static const struct option options[] = {
	{ "hello.greeting", OPTION_TEXT, &set.greeting, "Hello", .summary = "The word that greets" },
	{ "hello.online", OPTION_BOOL, &set.online, "off", .summary = "Tell when an account comes online" },
	{ 0 },
};

static bool
run_hello(const struct cmd_call *call, GError **error)
{
	g_autofree char *text = g_strdup_printf("%s, %s!", set.greeting, call->args[0] ? call->args[0] : "world");

	/* In a conversation it is said, sealed or not as everything there; elsewhere it is only shown. */
	if (call->conversation)
		return convo_say(call->conversation, text, error) != NULL;
	reply_print(call->reply, "%s", text);
	return true;
}

static const struct arg hello_args[] = { { "name", ARG_TEXT, .optional = true }, { 0 } };
static const char *const hello_examples[] = { "/hello", "/hello Ada", NULL };
static const struct cmd cmds[] = {
	{ .name = "hello", .args = hello_args, .summary = "Say hello", .examples = hello_examples, .run = run_hello },
	{ 0 },
};

static void
greet(const Event *event)
{
	if (set.online && event->connection.state == CONNECTION_ONLINE)
		alert(event->account, NULL, "hello", "%s, %s is online", set.greeting, event->account);
}

static const struct event_watch events[] = { { "hello: online", EVENT_CONNECTION, greet }, { 0 } };

PLUGIN = { PLUGIN_HEAD, .name = "hello", .summary = "Says hello", .options = options, .cmds = cmds, .events = events };
