/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the connections of our accounts, and the password that one may need. */
#include "account/account.h"
#include "api/event.h"
#include "cmd/cmd.h"
#include "cmd/names.h"
#include "ui/ui.h"

static bool
each(const struct cmd_call *call, void (*act)(Account *account), GError **error)
{
	const GPtrArray *list = account_list();
	if (call->args[0] || list->len == 1) {
		Account *account = names_account_or_default(call->args[0], call->account, error);
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
	const Account *account = names_account_or_default(call->args[0], call->account, error);
	if (!account)
		return false;
	g_auto(GStrv) lines = account_tls(account);
	reply_print(call->reply, "%s: %s", account_jid(account), names_state(account));
	for (char **line = lines; line && *line; line++)
		reply_print(call->reply, "%s", *line);
	return true;
}

static const struct arg maybe_account_args[] = { { .name = "account", .type = ARG_ACCOUNT, .optional = true }, { 0 } };

const struct cmd cmd_connect_rows[] = {
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
	{ 0 },
};

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
cmd_connect_init(void)
{
	account_on_password(ask_password);
}
