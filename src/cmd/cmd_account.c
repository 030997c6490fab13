/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about our own accounts: adding, setting, listing, removing. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "api/ask.h"
#include "api/event.h"
#include "api/jid.h"
#include "cmd/cmd.h"
#include "cmd/names.h"
#include "ui/ui.h"

/* Half an account would only be in the way. */
static bool
set_all(Account *account, char **words, GError **error)
{
	for (; words && *words; words += 2) {
		if (!words[1])
			return fault(error, FAULT_INPUT, "the option %s has no value", words[0]);
		if (!account_set(account, words[0], words[1], error))
			return false;
	}
	return true;
}

static bool
split(const char *text, char ***words, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	if (!text || !*text || g_shell_parse_argv(text, NULL, words, &wrong))
		return true;
	return fault(error, FAULT_INPUT, "the quotes do not match: %s", wrong->message);
}

static bool
run_add(const struct cmd_call *call, GError **error)
{
	g_auto(GStrv) words = NULL;
	if (!split(call->args[1], &words, error))
		return false;
	Account *account = account_add(call->args[0], error);
	if (!account)
		return false;
	if (!set_all(account, words, error)) {
		account_remove(account, NULL);
		return false;
	}
	reply_print(call->reply, "%s is added: /connect logs in", account_jid(account));
	return true;
}

/* A value in quotes is what they hold; without quotes it is the rest of the line. */
static char *
unquote(const char *text)
{
	g_auto(GStrv) words = NULL;
	if (text && g_shell_parse_argv(text, NULL, &words, NULL) && words[0] && !words[1])
		return g_strdup(words[0]);
	return g_strdup(text);
}

static bool
run_set(const struct cmd_call *call, GError **error)
{
	Account *account = names_account(call->args[0], error);
	g_autofree char *value = unquote(call->args[2]);
	if (!account || !account_set(account, call->args[1], value, error))
		return false;
	reply_print(call->reply, "%s of %s is %s%s", call->args[1], account_jid(account), value && *value ? "set" : "unset",
		account_online(account) && strcmp(call->args[1], "presence") ? ", from the next /connect on" : "");
	return true;
}

static void
print_options(Reply *reply, const Account *account)
{
	for (const struct account_option *row = account_options; row->name; row++) {
		const char *value = account_get(account, row->name);
		bool secret = value && !strcmp(row->name, "proxy") && strchr(value, '@');
		g_autofree char *line = g_strdup_printf("  %-18s  %s - %s", row->name,
			secret  ? "(with a password)"
			: value ? value
				: "not set",
			row->summary);
		reply_print(reply, "%s", line);
	}
}

static bool
run_list(const struct cmd_call *call, GError **error)
{
	const GPtrArray *list = account_list();
	const Account *only = call->args[0] ? names_account(call->args[0], error) : NULL;
	if (call->args[0] && !only)
		return false;
	if (!list->len)
		reply_print(call->reply, "no account yet: /account add you@server, then /connect");
	for (guint i = 0; i < list->len; i++) {
		const Account *account = list->pdata[i];
		if (only && account != only)
			continue;
		const char *reason = account_reason(account);
		bool online = account_online(account);
		reply_print(call->reply, "%s: %s%s%s", account_jid(account), names_state(account),
			online    ? ", seen as "
			: *reason ? " - "
				  : "",
			online ? presence_show(account) : reason);
		if (only)
			print_options(call->reply, account);
	}
	return true;
}

static bool
remove_it(const char *jid, GError **error)
{
	Account *account = names_account(jid, error);
	return account && account_remove(account, error);
}

struct removal {
	Reply *reply;
	char *jid;
};

static void
removal_free(gpointer data)
{
	struct removal *removal = data;
	reply_unref(removal->reply);
	g_free(removal->jid);
	g_free(removal);
}

static void
remove_said(const char *choice, gpointer data)
{
	const struct removal *removal = data;
	g_autoptr(GError) error = NULL;
	if (g_strcmp0(choice, "yes"))
		return;
	if (remove_it(removal->jid, &error))
		reply_print(removal->reply, "%s is removed from here; the account on its server stays", removal->jid);
	else
		reply_fail(removal->reply, error);
}

/* In the chat that is seen, where there is one. */
static void
ask_to_remove(const struct cmd_call *call, const char *jid)
{
	static const char *const choices[] = { "no", "yes", NULL };
	Conversation *seen = call->conversation;
	struct removal *removal = g_new(struct removal, 1);
	*removal = (struct removal){ reply_ref(call->reply), g_strdup(jid) };
	g_autofree char *text =
		g_strdup_printf("remove %s from here? Its password, settings and contacts are forgotten; its messages "
				"and keys stay in the encrypted store, the account on its server stays, too",
			jid);
	ask(seen ? account_jid(convo_account(seen)) : jid, seen ? convo_peer(seen) : NULL, text, choices, remove_said, removal,
		removal_free);
}

/* Who cannot be asked is a script, and knows what it does. */
static bool
run_remove(const struct cmd_call *call, GError **error)
{
	if (ui()->can_ask) {
		if (!names_account(call->args[0], error))
			return false;
		ask_to_remove(call, call->args[0]);
		return true;
	}
	if (!remove_it(call->args[0], error))
		return false;
	reply_print(call->reply, "%s is removed from here; the account on its server stays", call->args[0]);
	return true;
}

static bool
run_reset_auth(const struct cmd_call *call, GError **error)
{
	Account *account = names_account(call->args[0], error);
	if (!account)
		return false;
	account_reset_auth(account);
	reply_print(call->reply, "the next login of %s may be weaker than the last one", account_jid(account));
	return true;
}

static void
complete_values(const char *option, void (*add)(const char *word, gpointer data), gpointer data)
{
	for (const struct account_option *row = account_options; row->name; row++)
		for (guint i = 0; !g_strcmp0(row->name, option) && row->choices && row->choices[i]; i++)
			add(row->choices[i], data);
}

/* Names and values in turn, behind the address. */
static void
complete_option(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)prefix;
	if (arg == 0)
		return;
	if (arg % 2 == 0) {
		complete_values(call->args[arg - 1], add, data);
		return;
	}
	for (const struct account_option *row = account_options; row->name; row++) {
		bool given = false;
		for (int i = 1; i < arg; i += 2)
			given |= !g_strcmp0(call->args[i], row->name);
		if (!given)
			add(row->name, data);
	}
}

static const struct arg add_args[] = {
	{ .name = "jid", .type = ARG_JID },
	{ .name = "option value ...", .type = ARG_TEXT, .optional = true },
	{ 0 },
};
static const struct arg set_args[] = {
	{ .name = "account", .type = ARG_ACCOUNT },
	{ .name = "option", .type = ARG_WORD },
	{ .name = "value", .type = ARG_TEXT, .optional = true },
	{ 0 },
};
static const struct arg account_args[] = { { .name = "account", .type = ARG_ACCOUNT }, { 0 } };
static const struct arg maybe_account_args[] = { { .name = "account", .type = ARG_ACCOUNT, .optional = true }, { 0 } };

const struct cmd cmd_account_rows[] = {
	{ .name = "account add",
		.args = add_args,
		.needs = NEEDS_STORE,
		.summary = "Use an address that you have at a server",
		.help = "Options, each followed by its value (in quotes if it has spaces): password_command, host, port, tls, "
			"ca_file, "
			"fingerprint, proxy, priority, presence, autoconnect. Without password_command the password is asked for "
			"unseen when you connect.",
		.examples = (const char *const[]){ "/account add alice@example.org",
			"/account add alice@example.org password_command \"pass show chat\" proxy socks5://127.0.0.1:9050", NULL },
		.run = run_add,
		.complete = complete_option },
	{ .name = "account set",
		.args = set_args,
		.needs = NEEDS_STORE,
		.summary = "Set an option of an account; without value, take it back",
		.examples = (const char *const[]){ "/account set alice@example.org host xmpp.example.org", NULL },
		.run = run_set,
		.complete = complete_option },
	{ .name = "account list",
		.aliases = "accounts,account,account show",
		.args = maybe_account_args,
		.needs = NEEDS_STORE,
		.summary = "Show your accounts, or the options of one",
		.run = run_list },
	{ .name = "account remove",
		.args = account_args,
		.needs = NEEDS_STORE,
		.summary = "Forget an account here, with its password and contacts; the server keeps it",
		.help = "Gone are its password, its options, its copy of the contacts and what is remembered of its server. Its "
			"messages, what waits to be sent and its keys stay in the encrypted store, for the day when the account is "
			"added again; /forget deletes the messages of a chat. The terminal asks first; without a terminal it is "
			"done "
			"at once.",
		.run = run_remove },
	{ .name = "account reset-auth",
		.args = account_args,
		.needs = NEEDS_STORE,
		.summary = "Let the next login be weaker than the last one",
		.help = "The strongest login that a server has offered is remembered, and less is refused: somebody in between may "
			"have "
			"taken it away. Use this when the people who run the server say that they changed it.",
		.run = run_reset_auth },
	{ 0 },
};
