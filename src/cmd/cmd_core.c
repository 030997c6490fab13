/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for the program itself: help, leaving, locking, and answers to its questions. */
#include "api/ask.h"
#include "api/error.h"
#include "api/plugin.h"
#include "cmd/cmd.h"
#include "cmd/help.h"

static const struct cmd_app *app;

void
cmd_set_app(const struct cmd_app *given)
{
	app = given;
}

static bool
run_quit(const struct cmd_call *call, GError **error)
{
	(void)call;
	if (!app || !app->quit)
		return fault(error, FAULT_BUSY, "this program cannot be left by a command");
	app->quit(0);
	return true;
}

static bool
run_lock(const struct cmd_call *call, GError **error)
{
	(void)call;
	if (!app || !app->lock)
		return fault(error, FAULT_BUSY, "the store cannot be locked here");
	return app->lock(error);
}

static bool
run_version(const struct cmd_call *call, GError **error)
{
	(void)error;
	reply_print(call->reply, "sotto %s", SOTTO_VERSION);
	reply_print(call->reply, "GLib %u.%u.%u, plugin interface %d", glib_major_version, glib_minor_version, glib_micro_version,
		PLUGIN_ABI);
	return true;
}

static bool
run_answer(const struct cmd_call *call, GError **error)
{
	return ask_answer((guint)g_ascii_strtoull(call->args[0], NULL, 10), call->args[1], error);
}

/* The question of this conversation, else one that is about nobody; without a conversation the oldest of all. One that knows this
 * answer comes first. What another chat asks is not answered by a yes that was meant for here, and perhaps came too late. */
static bool
answer_open(const struct cmd_call *call, const char *choice, GError **error)
{
	const char *const here[] = { call->conversation ? convo_peer(call->conversation) : NULL, "" };
	const char *const words[] = { choice, NULL };
	guint id = 0;

	for (guint i = 0; i < 4 && !id; i++)
		id = ask_open(here[i % 2], words[i / 2]);
	if (!id && ask_open(NULL, NULL))
		return fault(error, FAULT_GONE, "nothing is asked here: the question that is open is in another window");
	return id ? ask_answer(id, choice, error) : fault(error, FAULT_GONE, "no question is open");
}

static bool
run_yes(const struct cmd_call *call, GError **error)
{
	return answer_open(call, "yes", error);
}

static bool
run_no(const struct cmd_call *call, GError **error)
{
	return answer_open(call, "no", error);
}

static bool
run_choice(const struct cmd_call *call, GError **error)
{
	return answer_open(call, call->args[0], error);
}

static const struct arg choice_args[] = { { "choice", ARG_WORD, false, NULL }, { 0 } };
static const struct arg answer_args[] = { { "question", ARG_NUMBER, false, NULL }, { "choice", ARG_WORD, false, NULL }, { 0 } };
static const struct arg help_args[] = { { "command, setting, keys or all", ARG_COMMAND, true, NULL }, { 0 } };
static const char *const help_examples[] = { "/help", "/help set", "/help keys", NULL };

const struct cmd cmd_core_rows[] = {
	{ .name = "help",
		.aliases = "h,?",
		.args = help_args,
		.summary = "List the commands, or explain one, a setting, or the keys",
		.help = "/help all lists every command with its summary. The manual pages sotto(1), sotto-commands(7) and "
			"sotto-options(5) say the same.",
		.examples = help_examples,
		.run = help_run,
		.complete = help_complete },
	{ .name = "quit", .aliases = "exit", .summary = "Leave; what is on its way is sent first", .run = run_quit },
	{ .name = "lock",
		.needs = NEEDS_STORE,
		.summary = "Go offline, close the store and wait for the passphrase",
		.help = "Calls end, and the keys are wiped from memory by starting the program anew. The server keeps what arrives "
			"meanwhile.",
		.run = run_lock },
	{ .name = "version", .summary = "Tell which program this is", .run = run_version },
	{ .name = "yes", .summary = "Answer the open question with yes", .run = run_yes },
	{ .name = "no", .summary = "Answer the open question with no", .run = run_no },
	{ .name = "choose", .args = choice_args, .summary = "Answer the open question with one of its words", .run = run_choice },
	{ .name = "answer-ask", .args = answer_args, .summary = "Answer a question by its number", .run = run_answer },
	{ 0 },
};
