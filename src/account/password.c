/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the password of an account comes from: this run's memory, a command, the store, or a person who types it unseen. */
#include "account/internal.h"
#include "api/ask.h"
#include "api/store.h"
#include "store/vault.h"

static void (*ask_person)(Account *account, bool refused);

void
account_on_password(void (*asker)(Account *account, bool refused))
{
	ask_person = asker;
}

static Secret *
load(const Account *account)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT password FROM account_list WHERE jid = ?", "s", account->jid);
	if (!rows || !rows_next(rows))
		return NULL;
	size_t length = 0;
	const void *bytes = rows_blob(rows, 0, &length);
	return bytes && length ? secret_copy(bytes, length) : NULL;
}

static void
keep(Account *account)
{
	g_autoptr(GError) error = NULL;
	if (!store_run(&error, "UPDATE account_list SET password = ? WHERE jid = ?", "bs", secret_bytes(account->password),
		    secret_length(account->password), account->jid))
		alert(account->jid, NULL, "password-not-kept", "the password of %s is not kept: %s", account->jid, error->message);
	account->password_typed = false;
}

static void
give(Account *account, const Secret *password)
{
	account->password_step = PASSWORD_IDLE;
	account->password_given = password != NULL;
	stream_password(account->stream, password);
}

static void
command_done(Secret *password, const GError *error, gpointer data)
{
	g_autofree char *jid = data;
	g_autoptr(Secret) owned = password;
	Account *account = account_find(jid);
	if (!account || account->password_step != PASSWORD_RUNNING)
		return;
	if (!owned)
		alert(jid, NULL, "password-command", "no password for %s: %s", jid, error->message);
	give(account, owned);
}

/* The stream keeps what it was given until the server refuses it: wanting it again without a login in between says so. */
static void
note_refusal(Account *account)
{
	if (!account->password_given)
		return;
	g_clear_pointer(&account->password, secret_free);
	account->password_given = false;
	account->password_refused = true;
}

void
password_wanted(Stream *stream)
{
	Account *account = account_of(stream);
	if (account->password_step == PASSWORD_AGAIN)
		account->password_step = PASSWORD_RUNNING;
	if (account->password_step == PASSWORD_RUNNING)
		return;
	note_refusal(account);
	if (account->password) {
		give(account, account->password);
		return;
	}
	const char *command = account_get(account, "password_command");
	if (command) {
		account->password_step = PASSWORD_RUNNING;
		vault_run_command(command, command_done, g_strdup(account->jid));
		return;
	}
	g_autoptr(Secret) kept = account->password_refused ? NULL : load(account);
	if (kept || !ask_person) {
		give(account, kept);
		return;
	}
	account->password_step = PASSWORD_RUNNING;
	ask_person(account, account->password_refused);
}

void
account_give_password(Account *account, const Secret *password, bool keep_it)
{
	enum password_step step = account->password_step;
	secret_free(account->password);
	account->password = password ? secret_copy(secret_bytes(password), secret_length(password)) : NULL;
	account->password_typed = password != NULL;
	account->password_keep = keep_it;
	if (step == PASSWORD_RUNNING)
		give(account, account->password);
	account->password_step = PASSWORD_IDLE;
	if (step == PASSWORD_AGAIN && password)
		account_connect(account);
}

/* Who mistyped is asked at once. A command is not run again: it would say the same. */
void
password_failed(Account *account)
{
	if (!account->password_given || stream_has_password(account->stream))
		return;
	note_refusal(account);
	if (!ask_person || account_get(account, "password_command"))
		return;
	account->password_step = PASSWORD_AGAIN;
	ask_person(account, true);
}

static void
keep_answered(const char *choice, gpointer data)
{
	Account *account = account_find(data);
	if (account && account->password && account->password_typed && !g_strcmp0(choice, "yes"))
		keep(account);
}

void
password_taken(Account *account)
{
	static const char *const choices[] = { "no", "yes", NULL };
	account->password_refused = account->password_given = false;
	if (!account->password || !account->password_typed)
		return;
	if (account->password_keep) {
		keep(account);
		return;
	}
	g_autofree char *text = g_strdup_printf("Keep the password of %s in the encrypted store?", account->jid);
	ask_withdraw(account->password_question);
	account->password_question = ask(account->jid, NULL, text, choices, keep_answered, g_strdup(account->jid), g_free);
}

void
password_forget(Account *account)
{
	account->password_step = PASSWORD_IDLE;
}
