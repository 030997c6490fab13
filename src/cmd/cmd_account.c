/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about our own accounts: adding, setting, connecting, how we are seen. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "api/ask.h"
#include "api/event.h"
#include "api/jid.h"
#include "cmd/cmd.h"
#include "ui/ui.h"

static const char *const states[] = {
	[CONNECTION_OFFLINE] = "offline",
	[CONNECTION_CONNECTING] = "connecting",
	[CONNECTION_ONLINE] = "online",
	[CONNECTION_FAILED] = "failed",
};

/* Between our goodbye and the server's it is neither. */
static const char *
state_word(const Account *account)
{
	bool leaving = account_state(account) == CONNECTION_ONLINE && !account_online(account);
	return leaving ? "leaving" : states[account_state(account)];
}

static Account *
named(const char *jid, GError **error)
{
	Account *account = account_find(jid);
	if (!account)
		return fault_null(error, FAULT_GONE, "%s is no account: /account add %s makes it one", jid, jid);
	return account;
}

/* The account that was named, else the only or default one, also while it is offline. */
static Account *
named_or_default(const struct cmd_call *call, const char *jid, GError **error)
{
	if (jid)
		return named(jid, error);
	if (call->account)
		return call->account;
	if (account_default())
		return account_default();
	if (account_list()->len)
		return fault_null(error, FAULT_INPUT, "say which account: /account list shows them");
	return fault_null(error, FAULT_INPUT, "there is no account yet: /account add you@server, then /connect");
}

/* ---- /account ---- */

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
	Account *account = named(call->args[0], error);
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
	const Account *only = call->args[0] ? named(call->args[0], error) : NULL;
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
		reply_print(call->reply, "%s: %s%s%s", account_jid(account), state_word(account),
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
	Account *account = named(jid, error);
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
		if (!named(call->args[0], error))
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
	Account *account = named(call->args[0], error);
	if (!account)
		return false;
	account_reset_auth(account);
	reply_print(call->reply, "the next login of %s may be weaker than the last one", account_jid(account));
	return true;
}

/* ---- connecting ---- */

static bool
each(const struct cmd_call *call, void (*act)(Account *account), GError **error)
{
	const GPtrArray *list = account_list();
	if (call->args[0] || list->len == 1) {
		Account *account = named_or_default(call, call->args[0], error);
		if (!account)
			return false;
		act(account);
		return true;
	}
	if (!list->len)
		return fault(error, FAULT_INPUT, "there is no account yet: /account add you@server, then /connect");
	for (guint i = 0; i < list->len; i++)
		act(list->pdata[i]);
	return true;
}

static void
connect_one(Account *account)
{
	if (!account_online(account))
		account_connect(account);
}

static bool
run_connect(const struct cmd_call *call, GError **error)
{
	return each(call, connect_one, error);
}

static bool
run_disconnect(const struct cmd_call *call, GError **error)
{
	return each(call, account_disconnect, error);
}

static void
reconnect_one(Account *account)
{
	account_disconnect(account);
	account_connect(account);
}

static bool
run_reconnect(const struct cmd_call *call, GError **error)
{
	return each(call, reconnect_one, error);
}

static bool
run_tls(const struct cmd_call *call, GError **error)
{
	const Account *account = named_or_default(call, call->args[0], error);
	if (!account)
		return false;
	g_auto(GStrv) lines = account_tls(account);
	reply_print(call->reply, "%s: %s", account_jid(account), state_word(account));
	for (char **line = lines; line && *line; line++)
		reply_print(call->reply, "%s", *line);
	return true;
}

/* ---- how we are seen ---- */

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

/* ---- rows ---- */

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

static const char *const show_words[] = { "online", "chat", "away", "xa", "dnd", "invisible", NULL };
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
	{ .name = "connect",
		.aliases = "login",
		.args = maybe_account_args,
		.needs = NEEDS_STORE,
		.summary = "Log in: one account, or all",
		.run = run_connect },
	{ .name = "disconnect",
		.aliases = "logout",
		.args = maybe_account_args,
		.needs = NEEDS_STORE,
		.summary = "Log out: one account, or all",
		.run = run_disconnect },
	{ .name = "reconnect",
		.args = maybe_account_args,
		.needs = NEEDS_STORE,
		.summary = "Log out and in again",
		.run = run_reconnect },
	{ .name = "tls",
		.aliases = "tls cert",
		.args = maybe_account_args,
		.needs = NEEDS_STORE,
		.summary = "Show how the connection is secured: TLS, certificate, login",
		.run = run_tls },
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

/* ---- the password, unseen ---- */

static void
typed(Secret *text, gpointer data)
{
	g_autofree char *jid = data;
	g_autoptr(Secret) password = text;
	Account *account = account_find(jid);
	if (account)
		account_give_password(account, password, false);
}

static void
ask_password(Account *account, bool refused)
{
	if (!ui()->can_ask) {
		alert(account_jid(account), NULL, "password-needed", "%s %s - set its password_command",
			refused ? "the server refused the password of" : "nobody can type a password here for",
			account_jid(account));
		account_give_password(account, NULL, false);
		return;
	}
	g_autofree char *prompt = g_strdup_printf(
		refused ? "The server refused that password. Password of %s: " : "Password of %s: ", account_jid(account));
	ui()->ask_secret(prompt, typed, g_strdup(account_jid(account)));
}

void
cmd_account_init(void)
{
	account_on_password(ask_password);
}
