/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about how we are seen. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "cmd/cmd.h"

static bool
set_presence(const struct cmd_call *call, const char *show, const char *status, GError **error)
{
	const GPtrArray *list = account_list();
	if (!list->len)
		return fault(error, FAULT_INPUT, "there is no account yet: /account add you@server");
	for (guint i = 0; i < list->len; i++)
		if (!presence_set(list->pdata[i], show, status, error))
			return false;
	reply_print(call->reply, "you are %s%s%s", show, status && *status ? ": " : "", status ? status : "");
	return true;
}

static bool
run_status(const struct cmd_call *call, GError **error)
{
	return set_presence(call, call->args[0], call->args[1], error);
}

static bool
run_show_to(const struct cmd_call *call, GError **error)
{
	bool on = !call->args[1] || !strcmp(call->args[1], "on");
	if (!presence_show_to(call->account, call->args[0], on, error))
		return false;
	reply_print(call->reply, on ? "%s sees that you are here, until you leave" : "%s sees you no longer", call->args[0]);
	return true;
}

static bool
run_away(const struct cmd_call *call, GError **error)
{
	return set_presence(call, "away", call->args[0], error);
}

static bool
run_back(const struct cmd_call *call, GError **error)
{
	return set_presence(call, "online", NULL, error);
}

static const char *const show_words[] = { "online", "chat", "away", "xa", "dnd", "invisible", NULL };
static const struct arg status_args[] = {
	{ .name = "presence", .type = ARG_CHOICE, .choices = show_words },
	{ .name = "text", .type = ARG_TEXT, .optional = true },
	{ 0 },
};
static const char *const on_off[] = { "on", "off", NULL };
static const struct arg show_to_args[] = {
	{ .name = "contact", .type = ARG_CONTACT },
	{ .name = "on or off", .type = ARG_CHOICE, .choices = on_off, .optional = true },
	{ 0 },
};
static const struct arg away_args[] = { { .name = "text", .type = ARG_TEXT, .optional = true }, { 0 } };

const struct cmd cmd_presence_rows[] = {
	{ .name = "status",
		.aliases = "presence",
		.args = status_args,
		.needs = NEEDS_STORE,
		.summary = "Choose how your contacts see you",
		.help = "invisible: connected without presence. Nobody sees that you are there, and you see nobody; the server "
			"keeps "
			"messages to your plain address until you are seen again or fetch them from the archive.",
		.run = run_status },
	{ .name = "presence to",
		.aliases = "status to",
		.args = show_to_args,
		.needs = NEEDS_ONLINE,
		.summary = "Show one contact that you are here, while you are invisible to others",
		.help = "It lasts until you leave, or until off takes it back. Until then this contact gets receipts and answers, "
			"too.",
		.examples = (const char *const[]){ "/presence to bob", "/presence to bob off", NULL },
		.run = run_show_to },
	{ .name = "away", .args = away_args, .needs = NEEDS_STORE, .summary = "You are seen as away", .run = run_away },
	{ .name = "back", .needs = NEEDS_STORE, .summary = "You are seen as online", .run = run_back },
	{ 0 },
};
