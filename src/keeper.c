/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person decides about the store: another passphrase, the keyring, how long it keeps messages. It stands beside app, since
 * no layer sees both the vault and the front end.
 */
#include "keeper.h"

#include <string.h>

#include "api/ask.h"
#include "api/cmd.h"
#include "api/error.h"
#include "api/event.h"
#include "base/table.h"
#include "conf/settings.h"
#include "store/history.h"
#include "store/vault.h"
#include "ui/ui.h"

/* ---- another passphrase ---- */

/* One change: three questions, one after the other, then the work. */
struct change {
	Reply *reply;
	Secret *old, *fresh;
};

static bool changing;

static void
change_end(struct change *change, const GError *error)
{
	if (error)
		reply_fail(change->reply, error);
	changing = false;
	secret_free(change->old);
	secret_free(change->fresh);
	reply_unref(change->reply);
	g_free(change);
}

static void
change_refuse(struct change *change, const char *why)
{
	g_autoptr(GError) error = NULL;
	fault(&error, FAULT_INPUT, "the passphrase was not changed: %s", why);
	change_end(change, error);
}

static void
keyring_told(Secret *passphrase, const GError *error, gpointer data)
{
	struct change *change = data;
	secret_free(passphrase);
	if (error)
		reply_print(change->reply, "the keyring still has the old one (%s): /passphrase keyring on gives it the new one",
			error->message);
	else
		reply_print(change->reply, "the keyring has the new one, too");
	change_end(change, NULL);
}

/* Whoever gave the old one must not give it at the next start. */
static void
keyring_looked(Secret *passphrase, const GError *error, gpointer data)
{
	struct change *change = data;
	(void)error;
	if (passphrase)
		vault_tell_service(change->fresh, keyring_told, change);
	else
		change_end(change, NULL);
	secret_free(passphrase);
}

static void
changed(const GError *error, gpointer data)
{
	struct change *change = data;
	g_autofree char *command = settings_get("store.passphrase_command");
	if (error) {
		change_end(change, error);
		return;
	}
	reply_print(change->reply,
		"the store has a new passphrase; copies of the file \"vault\" in backups still open with the old one");
	if (command && *command) {
		reply_print(change->reply, "store.passphrase_command must print the new one from now on: %s", command);
		change_end(change, NULL);
		return;
	}
	vault_ask_service(keyring_looked, change);
}

static void
repeated(Secret *text, gpointer data)
{
	struct change *change = data;
	g_autoptr(Secret) again = text;
	if (!again)
		change_refuse(change, "you gave up");
	else if (!secret_equal(again, change->fresh))
		change_refuse(change, "the second was not the same as the first");
	else
		vault_change(change->old, change->fresh, changed, change);
}

static void
chosen(Secret *text, gpointer data)
{
	struct change *change = data;
	change->fresh = text;
	if (text && !ui_passphrase_is_good(text))
		change_refuse(change, UI_PASSPHRASE_BAD);
	else if (text)
		ui()->ask_secret("The new passphrase once more:", repeated, change);
	else
		change_refuse(change, "you gave up");
}

/* A wrong one is told before two more are typed. */
static void
opened(Secret *key, const GError *error, gpointer data)
{
	struct change *change = data;
	secret_free(key);
	if (error)
		change_end(change, error);
	else
		ui()->ask_secret("The new passphrase:", chosen, change);
}

static void
old_given(Secret *text, gpointer data)
{
	struct change *change = data;
	change->old = text;
	if (text)
		vault_unlock(text, opened, change);
	else
		change_refuse(change, "you gave up");
}

static bool
has_person(GError **error)
{
	if (!ui()->can_ask)
		return fault(error, FAULT_INPUT,
			"nobody can type a passphrase unseen here - start sotto in a terminal and use /passphrase there");
	return !changing || fault(error, FAULT_BUSY, "the passphrase is being changed already");
}

static struct change *
change_new(const struct cmd_call *call)
{
	struct change *change = g_new0(struct change, 1);
	change->reply = reply_ref(call->reply);
	changing = true;
	return change;
}

static bool
run_passphrase(const struct cmd_call *call, GError **error)
{
	if (!has_person(error))
		return false;
	ui()->ask_secret("The passphrase of the store as it is now:", old_given, change_new(call));
	return true;
}

/* ---- the keyring ---- */

static void
keyring_has_it(Secret *passphrase, const GError *error, gpointer data)
{
	struct change *change = data;
	secret_free(passphrase);
	if (!error)
		reply_print(change->reply, "the keyring of your desktop gives the passphrase from the next start on");
	change_end(change, error);
}

static void
keyring_may(Secret *key, const GError *error, gpointer data)
{
	struct change *change = data;
	secret_free(key);
	if (error)
		change_end(change, error);
	else
		vault_tell_service(change->old, keyring_has_it, change);
}

static void
keyring_given(Secret *text, gpointer data)
{
	struct change *change = data;
	change->old = text;
	if (text)
		vault_unlock(text, keyring_may, change);
	else
		change_refuse(change, "you gave up");
}

static void
keyring_forgot(Secret *passphrase, const GError *error, gpointer data)
{
	struct change *change = data;
	secret_free(passphrase);
	if (!error)
		reply_print(change->reply, "the keyring does not have the passphrase any more: it is asked for at the next start");
	change_end(change, error);
}

static bool
run_keyring(const struct cmd_call *call, GError **error)
{
	if (!strcmp(call->args[0], "off")) {
		if (changing)
			return fault(error, FAULT_BUSY, "the passphrase is being changed already");
		vault_forget_service(keyring_forgot, change_new(call));
		return true;
	}
	if (!has_person(error))
		return false;
	ui()->ask_secret("The passphrase of the store, for the keyring:", keyring_given, change_new(call));
	return true;
}

/* ---- how long messages are kept ---- */

static guint keep_question;
static bool keep_waits; /* for the first account to be online: the welcome and the login come first */

static void
keep_answered(const char *choice, gpointer data)
{
	g_autoptr(GError) error = NULL;
	(void)data;
	keep_question = 0;
	if (choice && (!settings_set("history.keep", choice, &error) || !settings_save(&error)))
		alert(NULL, NULL, "settings", "%s", error->message);
}

/* Nothing is deleted while a person who could be asked has not been. */
static void
begin_keep(const Event *event)
{
	(void)event;
	keep_waits = !history_is_chosen() && ui()->can_ask;
	if (!keep_waits)
		history_prune();
}

static void
ask_keep(const Event *event)
{
	static const char *const choices[] = { "90-days", "30-days", "none", "all", NULL };
	if (!keep_waits || event->connection.state != CONNECTION_ONLINE)
		return;
	keep_waits = false;
	keep_question = ask(NULL, NULL, "How long shall messages be kept on this machine? /set history.keep changes it later",
		choices, keep_answered, NULL, NULL);
}

static void
withdraw_keep(const Event *event)
{
	if (strcmp(event->option.name, "history.keep") != 0)
		return;
	keep_waits = false;
	if (keep_question)
		ask_withdraw(keep_question);
}

static const struct event_watch watches[] = {
	{ "history: at the start", EVENT_READY, begin_keep },
	{ "history: online", EVENT_CONNECTION, ask_keep },
	{ "history: chosen", EVENT_OPTION, withdraw_keep },
	{ 0 },
};

static const char *const switch_words[] = { "on", "off", NULL };
static const struct arg keyring_args[] = { { .name = "on or off", .type = ARG_CHOICE, .choices = switch_words }, { 0 } };

static const struct cmd commands[] = {
	{ .name = "passphrase",
		.needs = NEEDS_STORE,
		.summary = "Choose another passphrase for the store",
		.help = "Asks for the present one and twice for the new one, unseen. The key of the store stays and is wrapped "
			"anew, "
			"in one step: whatever happens meanwhile, either the old passphrase or the new one opens it. Where the "
			"keyring of the desktop had the old one it gets the new one. Copies of the file \"vault\" in backups still "
			"open with the old one.",
		.run = run_passphrase },
	{ .name = "passphrase keyring",
		.args = keyring_args,
		.needs = NEEDS_STORE,
		.summary = "Let the keyring of the desktop give the passphrase at the start, or not any more",
		.help = "The passphrase itself goes on working. A command can give it, too: /set store.passphrase_command.",
		.run = run_keyring },
	{ 0 },
};

void
keeper_init(void)
{
	table_add(TABLE_CMDS, commands, "core");
	table_add(TABLE_EVENTS, watches, "core");
}
