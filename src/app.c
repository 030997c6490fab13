/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: the list of subsystems, the unlocking of the store between the first screen and the first account,
 * and the way out. */
#include "app.h"

#include "account/account.h"
#include "api/error.h"
#include "api/event.h"
#include "api/log.h"
#include "api/timer.h"
#include "base/base.h"
#include "base/environment.h"
#include "base/files.h"
#include "call/calls.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "chat/outbox.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "conf/conf.h"
#include "conf/settings.h"
#include "keeper.h"
#include "plugin/plugin.h"
#include "plugin/registry.h"
#include "store/db.h"
#include "store/store.h"
#include "store/vault.h"
#include "ui/term.h"
#include "ui/ui.h"
#include "xmpp/stream.h"
#include "xmpp/xmpp.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long what is on its way may hold up the end (design: /quit and end of input wait up to 5 s). */
enum { QUIT_PATIENCE_MS = 5000, QUIT_LOOK_MS = 20, CLOSE_PATIENCE_MS = 2000, REAP_LOOKS = 60 };

static struct {
	const struct app_options *options;
	GMainLoop *loop;
	int status;
	bool open;     /* the store is open, accounts are loaded */
	bool quitting; /* asked to end; again ends at once */
	bool relock;   /* re-execute into the unlock screen instead of ending */
	gint64 quit_by;
} app;

/* ---- the way out ---- */

static bool
anybody_online(void)
{
	const GPtrArray *accounts = account_list();
	for (guint i = 0; i < accounts->len; i++)
		if (account_online(accounts->pdata[i]) || stream_leaving(account_stream(accounts->pdata[i])))
			return true;
	return false;
}

static void
disconnect_all(void)
{
	const GPtrArray *accounts = account_list();
	for (guint i = 0; i < accounts->len; i++)
		account_disconnect(accounts->pdata[i]);
}

static void
leave_when_closed(gpointer data)
{
	(void)data;
	if (anybody_online() && clock_monotonic() < app.quit_by)
		clock_after(QUIT_LOOK_MS, leave_when_closed, NULL, NULL);
	else
		g_main_loop_quit(app.loop);
}

static void
close_when_sent(gpointer data)
{
	if (app.open && !outbox_is_empty() && clock_monotonic() < app.quit_by) {
		clock_after(QUIT_LOOK_MS, close_when_sent, NULL, NULL);
		return;
	}
	app.quit_by = clock_monotonic() + CLOSE_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
	if (app.open)
		disconnect_all();
	leave_when_closed(data);
}

static void
app_quit(int status)
{
	if (app.quitting) {
		g_main_loop_quit(app.loop);
		return;
	}
	app.quitting = true;
	calls_end_all("gone");
	app.status = status;
	app.quit_by = clock_monotonic() + QUIT_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
	close_when_sent(NULL);
}

static gboolean
on_signal(gpointer data)
{
	(void)data;
	app_quit(0);
	return G_SOURCE_CONTINUE;
}

/* Only a fresh process has surely forgotten the keys. */
static bool
app_lock(GError **error)
{
	if (app.options->headless)
		return fault(error, FAULT_INPUT, "there is no unlock screen without a terminal - use /quit");
	app.relock = true;
	ui()->lock();
	app_quit(0);
	return true;
}

/* What ended with this run is nobody's child to mourn in the next. */
static void
reap_children(void)
{
	for (int i = 0; i < REAP_LOOKS && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		g_usleep(QUIT_LOOK_MS * 1000);
}

static void
execute_again(void)
{
	const char *argv[8];
	int n = 0;
	argv[n++] = "sotto";
	argv[n++] = "--locked";
	if (app.options->config_dir) {
		argv[n++] = "--config-dir";
		argv[n++] = app.options->config_dir;
	}
	argv[n] = NULL;
	reap_children();
	/* A passphrase may be typed while nobody listens. */
	term_hush();
	execve("/proc/self/exe", (char **)argv, environment_of_user());
	fprintf(stderr, "sotto: locked and closed; start it again to unlock (%s)\n", g_strerror(errno));
}

/* ---- unlocking ---- */

static void
quit_failed(gpointer data)
{
	(void)data;
	app_quit(1);
}

static void
fail_start(const GError *error)
{
	if (!app.options->headless) {
		alert(NULL, NULL, fault_word(error), "%s", error->message);
		return;
	}
	event_emit(&(Event){ .kind = EVENT_OUTPUT, .output = { .text = error->message, .error = error } });
	/* The loop may not run yet, and forgets what quits it earlier. */
	clock_after(0, quit_failed, NULL, NULL);
}

static gboolean
go_online(gpointer data)
{
	(void)data;
	if (app.quitting)
		return G_SOURCE_REMOVE;
	accounts_autoconnect();
	for (char **command = app.options->commands; command && *command; command++)
		cmd_run(*command, 0);
	return G_SOURCE_REMOVE;
}

/* had_vault: so there should be a store. Who moved it away to start anew knows; anybody else must not take an empty one for theirs.
 */
static void
open_store(Secret *key, bool had_vault)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = files_path(FOLDER_DATA, DB_NAME, &error);
	bool missing = had_vault && path && !g_file_test(path, G_FILE_TEST_EXISTS);
	if (!path || !db_open(path, key, &error) || !accounts_load(&error)) {
		fail_start(error);
		return;
	}
	convos_load();
	app.open = true;
	event_emit(&(Event){ .kind = EVENT_READY });
	if (missing)
		alert(NULL, NULL, "store-missing",
			"the store %s was not there although its vault is: an empty one was made, without accounts and keys - if "
			"you did "
			"not move it away, quit and put a backup in its place",
			path);
	/* What the store knows is drawn before the network begins: the frame waits in the same queue, and came first. */
	if (app.options->headless)
		go_online(NULL);
	else
		g_idle_add_full(G_PRIORITY_DEFAULT, go_online, NULL, NULL);
}

static void
on_key(Secret *key, const GError *error, gpointer data)
{
	G_GNUC_UNUSED g_autoptr(Secret) owned = key;
	if (app.quitting)
		return;
	if (key) {
		open_store(key, data != NULL);
		return;
	}
	/* A person may try again; a script is told once. */
	if (!app.options->headless && g_error_matches(error, FAULT, FAULT_TRUST)) {
		alert(NULL, NULL, "locked", "%s", error->message);
		ui()->show_unlock(false);
		return;
	}
	fail_start(error);
}

static void
use_passphrase(Secret *passphrase)
{
	if (vault_state() == VAULT_NEW)
		vault_create(passphrase, on_key, NULL);
	else
		vault_unlock(passphrase, on_key, &app);
	secret_free(passphrase);
}

static void
on_source(Secret *passphrase, const GError *error, gpointer data)
{
	bool from_service = GPOINTER_TO_INT(data);
	if (passphrase) {
		use_passphrase(passphrase);
		return;
	}
	if (app.options->headless) {
		g_autoptr(GError) words = NULL;
		fault(&words, FAULT_TRUST,
			from_service ? "the store needs its passphrase: give it with --passphrase-fd or store.passphrase_command"
				     : "%s",
			error ? error->message : "");
		fail_start(words);
		return;
	}
	if (!from_service)
		alert(NULL, NULL, "locked", "%s", error->message);
	ui()->show_unlock(vault_state() == VAULT_NEW);
}

static Secret *
read_passphrase(int fd, GError **error)
{
	g_autoptr(Secret) line = secret_new(1024);
	char *bytes = secret_fill(line);
	size_t length = 0;
	while (length < secret_length(line)) {
		ssize_t got = read(fd, bytes + length, 1);
		if (got <= 0 || bytes[length] == '\n')
			break;
		length++;
	}
	if (length == 0)
		return fault_null(error, FAULT_INPUT, "no passphrase came on descriptor %d", fd);
	return secret_copy(bytes, length);
}

static void
find_passphrase(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *command = settings_get("store.passphrase_command");
	if (app.options->passphrase_fd >= 0) {
		Secret *passphrase = read_passphrase(app.options->passphrase_fd, &error);
		if (passphrase)
			use_passphrase(passphrase);
		else
			fail_start(error);
	} else if (app.options->locked || (!app.options->headless && vault_state() == VAULT_NEW)) {
		ui()->show_unlock(vault_state() == VAULT_NEW);
	} else if (command && *command) {
		vault_run_command(command, on_source, GINT_TO_POINTER(false));
	} else {
		vault_ask_service(on_source, GINT_TO_POINTER(true));
	}
}

/* Before anybody types a passphrase or anything is derived from it. */
static bool
hold_profile(GError **error)
{
	g_autofree char *path = files_path(FOLDER_DATA, DB_NAME, error);
	return path && db_hold(path, error);
}

/* ---- down the list and back up ---- */

void
app_fill_tables(void)
{
	conf_init();
	store_init();
	xmpp_init();
	account_init();
	call_init();
	chat_init();
	ui_init();
	cmd_init();
	keeper_init();
	plugin_init();
}

static bool
start(GError **error)
{
	g_autoptr(GError) bad_line = NULL;
	if (!base_init(error) || !files_init(app.options->config_dir, error))
		return false;
	app_fill_tables();
	if (!settings_load(&bad_line))
		log_warning("settings: %s", bad_line->message);
	app.loop = g_main_loop_new(NULL, FALSE);
	ui_use(app.options->headless ? &ui_headless : &ui_terminal);
	static struct ui_calls calls = {
		.run_line = cmd_run, .complete = cmd_complete, .unlock = use_passphrase, .quit = app_quit
	};
	calls.stay = app.options->stay;
	g_autoptr(GError) in_use = NULL;
	if (!hold_profile(&in_use) && !app.options->headless) {
		g_propagate_error(error, g_steal_pointer(&in_use));
		return false;
	}
	if (!ui()->start(&calls, error))
		return false;
	if (in_use) {
		fail_start(in_use);
		return true;
	}
	if (bad_line)
		alert(NULL, NULL, "settings", "%s", bad_line->message);
	static const struct cmd_app doors = { .lock = app_lock, .quit = app_quit };
	cmd_set_app(&doors);
	plugins_set_migrate(db_migrate);
	/* The key is derived in threads while plugins and the parts of a connection are loaded here. */
	find_passphrase();
	plugins_load_all();
	xmpp_warm_up();
	g_unix_signal_add(SIGTERM, on_signal, NULL);
	g_unix_signal_add(SIGHUP, on_signal, NULL);
	if (app.options->headless)
		g_unix_signal_add(SIGINT, on_signal, NULL);
	return true;
}

static void
stop(void)
{
	/* First, since its windows hold conversations and keep their drafts. */
	ui()->stop();
	if (app.open) {
		convos_unload();
		accounts_unload();
	}
	plugins_unload_all();
	store_close();
	g_clear_pointer(&app.loop, g_main_loop_unref);
}

int
app_main(const struct app_options *options)
{
	app.options = options;
	g_autoptr(GError) error = NULL;
	if (!start(&error)) {
		if (options->headless)
			headless_fatal(error);
		else
			fprintf(stderr, "sotto: %s\n", error->message);
		return 1;
	}
	g_main_loop_run(app.loop);
	stop();
	if (app.relock)
		execute_again();
	return app.status;
}

int
app_print_manual(const char *which)
{
	g_autoptr(GError) error = NULL;
	if (!base_init(&error)) {
		fprintf(stderr, "sotto: %s\n", error->message);
		return 1;
	}
	app_fill_tables();
	plugins_load_rows();
	return manual_print(which);
}
