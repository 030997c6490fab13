/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A passphrase from a command: an argument vector, the first line it prints, 30 seconds. */
#include "store/vault.h"

#include "api/error.h"
#include "api/timer.h"
#include "base/environment.h"

#include <gio/gio.h>
#include <string.h>

enum { TIME_MS = 30000, LINE_MAX_BYTES = 4096 };

struct command {
	GSubprocess *process;
	GInputStream *output; /* the process's */
	Secret *line;         /* LINE_MAX_BYTES, filled up to used */
	size_t used;
	bool ended; /* the line; the rest is read and dropped, so that the command is not stopped by a full pipe */
	bool timed_out;
	guint timer;
	GError *error; /* it did not start */
	vault_passphrase_done done;
	gpointer data;
};

static void
finish(struct command *command, GError *error)
{
	g_autoptr(Secret) passphrase = error ? NULL : secret_copy(secret_bytes(command->line), command->used);
	if (command->timer)
		clock_cancel(command->timer);
	command->done(g_steal_pointer(&passphrase), error, command->data);
	g_clear_error(&error);
	secret_free(command->line);
	g_clear_object(&command->process);
	g_free(command);
}

static void
on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	struct command *command = data;
	GError *error = NULL;
	bool fine = g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, NULL);
	if (command->timed_out)
		fault(&error, FAULT_INPUT, "the passphrase command took longer than 30 seconds and was stopped");
	else if (!fine)
		fault(&error, FAULT_INPUT, "the passphrase command failed - run it in a terminal to see why");
	else if (!command->used)
		fault(&error, FAULT_INPUT, "the passphrase command printed nothing");
	else if (!command->ended && command->used == LINE_MAX_BYTES)
		fault(&error, FAULT_INPUT, "the passphrase command printed a line of more than %d bytes", LINE_MAX_BYTES);
	finish(command, error);
}

static void
on_time(gpointer data)
{
	struct command *command = data;
	command->timer = 0;
	command->timed_out = true;
	g_subprocess_force_exit(command->process);
}

static void
take_line(struct command *command, size_t length)
{
	char *text = secret_fill(command->line);
	char *end = memchr(text + command->used, '\n', length);
	command->ended = end;
	command->used = end ? (size_t)(end - text) : command->used + length;
	if (command->ended && command->used && text[command->used - 1] == '\r')
		command->used--;
}

static void read_on(struct command *command);

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	struct command *command = data;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
	if (length <= 0) {
		g_subprocess_wait_check_async(command->process, NULL, on_ended, command);
		return;
	}
	if (!command->ended && command->used < LINE_MAX_BYTES)
		take_line(command, (size_t)length);
	read_on(command);
}

/* After the line, or when it is too long, what follows falls into the unused end of the buffer. */
static void
read_on(struct command *command)
{
	static char dropped[512];
	char *room = (char *)secret_fill(command->line) + command->used;
	size_t left = LINE_MAX_BYTES - command->used;
	if (command->ended || !left) {
		room = dropped;
		left = sizeof dropped;
	}
	g_input_stream_read_async(command->output, room, left, G_PRIORITY_DEFAULT, NULL, on_read, command);
}

static gboolean
on_failed_start(gpointer data)
{
	struct command *command = data;
	finish(command, g_steal_pointer(&command->error));
	return G_SOURCE_REMOVE;
}

static GSubprocess *
start(char **words, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
	g_subprocess_launcher_set_environ(launcher, environment_of_user());
	return g_subprocess_launcher_spawnv(launcher, (const char *const *)words, error);
}

void
vault_run_command(const char *command_line, vault_passphrase_done done, gpointer data)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GError) why = NULL;
	struct command *command = g_new0(struct command, 1);
	command->done = done;
	command->data = data;
	command->line = secret_new(LINE_MAX_BYTES);
	if (g_shell_parse_argv(command_line, NULL, &words, &why))
		command->process = start(words, &why);
	if (!command->process) {
		fault(&command->error, FAULT_INPUT, "cannot run the passphrase command: %s", why->message);
		g_idle_add(on_failed_start, command);
		return;
	}
	command->output = g_subprocess_get_stdout_pipe(command->process);
	command->timer = clock_after(TIME_MS, on_time, command, NULL);
	read_on(command);
}
