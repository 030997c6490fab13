/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a line to the row that it names: finds it, checks what it needs, reads its arguments and runs it. */
#include "cmd/run.h"

#include <string.h>

#include "account/account.h"
#include "api/error.h"
#include "api/store.h"
#include "base/table.h"
#include "cmd/alias.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/reply.h"
#include "cmd/suggest.h"
#include "ui/ui.h"

enum { ALIAS_DEPTH = 8 };

/* ---- finding ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Where words goes on behind name (length bytes of it), or NULL. A blank of the name fits any number of them. */
static const char *
match(const char *name, size_t length, const char *words)
{
	for (size_t i = 0; i < length; i++) {
		if (name[i] == ' ') {
			if (!is_blank(*words))
				return NULL;
			words = args_skip_blanks(words);
		} else if (g_ascii_tolower(*words++) != name[i]) {
			return NULL;
		}
	}
	return !*words || is_blank(*words) ? words : NULL;
}

/* The longest of the names, separated by commas, that fits; 0 if none does. */
static size_t
match_list(const char *names, const char *words, const char **rest)
{
	size_t best = 0;

	while (names && *names) {
		size_t length = strcspn(names, ",");
		const char *after = length > best ? match(names, length, words) : NULL;

		if (after) {
			best = length;
			*rest = after;
		}
		names += length + (names[length] == ',');
	}
	return best;
}

const struct cmd *
cmd_find(const char *words, const char **rest)
{
	const struct cmd *row, *found = NULL;
	const char *after = NULL;
	size_t best = 0;

	words = args_skip_blanks(words);
	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++) {
		const char *by_name = NULL, *by_alias = NULL;
		size_t name = match_list(row->name, words, &by_name), alias = match_list(row->aliases, words, &by_alias);

		if (MAX(name, alias) <= best)
			continue;
		best = MAX(name, alias);
		after = name >= alias ? by_name : by_alias;
		found = row;
	}
	if (rest)
		*rest = found ? after : words;
	return found;
}

char *
cmd_usage(const struct cmd *cmd)
{
	GString *usage = g_string_new("/");

	g_string_append(usage, cmd->name);
	for (guint i = 0; i < args_count(cmd); i++) {
		const struct arg *arg = &cmd->args[i];
		g_autofree char *choices = arg->type == ARG_CHOICE ? g_strjoinv("|", (char **)arg->choices) : NULL;
		const char *more = arg->type == ARG_WORDS ? "..." : "";

		if (arg->optional)
			g_string_append_printf(usage, " [%s%s]", choices ? choices : arg->name, more);
		else if (choices)
			g_string_append_printf(usage, " %s", choices);
		else
			g_string_append_printf(usage, " <%s>%s", arg->name, more);
	}
	return g_string_free(usage, FALSE);
}

/* ---- running ---- */

static bool
has_what_it_needs(const struct cmd_call *call, GError **error)
{
	unsigned needs = call->cmd->needs;

	if (needs && !store_is_open())
		return fault(error, FAULT_BUSY, "/%s works when the store is open: type the passphrase first", call->cmd->name);
	if ((needs & (NEEDS_ACCOUNT | NEEDS_ONLINE)) && !call->account)
		return fault(error, FAULT_GONE, "there is no account yet: /account add name@server makes one");
	if ((needs & NEEDS_CONVERSATION) && !call->conversation)
		return fault(error, FAULT_GONE, "/%s works in a conversation: open one with /msg", call->cmd->name);
	return true;
}

static bool
run_row(struct cmd_call *call, const char *rest, GError **error)
{
	char **args;
	bool done;

	if (!has_what_it_needs(call, error))
		return false;
	args = args_parse(call->cmd, rest, &call->account, error);
	if (!args)
		return false;
	call->args = (const char *const *)args;
	if ((call->cmd->needs & NEEDS_ONLINE) && !account_online(call->account))
		done = fault(error, FAULT_OFFLINE, "%s is not connected: /connect does it", account_jid(call->account));
	else
		done = call->cmd->run(call, error);
	args_free(call->cmd, args);
	return done;
}

/* Of the conversation in view; else the one that could act now; else the first. */
static Account *
account_for(Conversation *current)
{
	const GPtrArray *accounts;
	Account *account;

	if (current)
		return convo_account(current);
	if (!store_is_open())
		return NULL;
	account = account_default();
	accounts = account_list();
	return account || accounts->len == 0 ? account : g_ptr_array_index(accounts, 0);
}

static bool
run_command(const char *words, Reply *reply, int depth, GError **error)
{
	Conversation *current = ui()->current ? ui()->current() : NULL;
	struct cmd_call call = { .conversation = current, .reply = reply };
	const char *rest;
	g_autofree char *expanded = NULL;

	call.cmd = cmd_find(words, &rest);
	if (call.cmd) {
		reply_set_command(reply, call.cmd->name);
		call.account = account_for(current);
		return run_row(&call, rest, error);
	}
	expanded = depth < ALIAS_DEPTH ? alias_expand(words) : NULL;
	if (expanded)
		return run_command(expanded, reply, depth + 1, error);
	return suggest_fault(words, error);
}

static bool
say(const char *text, GError **error)
{
	Conversation *current = ui()->current ? ui()->current() : NULL;

	if (!current)
		return fault(error, FAULT_GONE, "nobody would read that here: open a conversation with /msg, or see /help");
	return convo_say(current, text, error) != NULL;
}

static bool
run_line(const char *line, Reply *reply, GError **error)
{
	const char *start = args_skip_blanks(line);

	if (!g_utf8_validate(line, -1, NULL))
		return fault(error, FAULT_INPUT, "that is not valid UTF-8 text: nothing was sent");
	if (!*start)
		return true;
	if (line[0] == '/' && line[1] == '/')
		return say(line + 1, error);
	if (line[0] == '/')
		return run_command(line + 1, reply, 0, error);
	/* A command with a blank in front would be read by the peer. */
	if (cmd_slash_guard && start[0] == '/')
		return fault(error, FAULT_INPUT,
			"a blank before the / makes this text, not a command: nothing was sent; /say sends such a line");
	return say(line, error);
}

void
cmd_run(const char *line, guint64 seq)
{
	Reply *reply = reply_new(seq);
	GError *error = NULL;

	if (!run_line(line, reply, &error))
		reply_take_error(reply, error);
	reply_unref(reply);
}
