/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of the input line in an editor of the user's choice. The terminal is the editor's meanwhile; the network goes
 * on, drawing waits. The text is kept in memory, never on a disk. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/files.h"
#include "base/text.h"
#include "ui/front.h"
#include "ui/layout.h"
#include "ui/term.h"

#define TEXT_MAX (256 * 1024)

static struct {
	char *path; /* NULL: no editor runs */
	guint window;
} external;

static void
take_text(void)
{
	g_autofree char *bytes = NULL;
	g_autoptr(GError) error = NULL;
	size_t length;
	Window *window = window_number(external.window);
	if (!window)
		return;
	if (!files_read(external.path, TEXT_MAX, &bytes, &length, &error)) {
		layout_hint(STYLE_STATUS_WARNING, error->message);
		return;
	}
	g_autofree char *text = g_utf8_make_valid(bytes, length);
	/* Editors end the last line; a message does not. */
	g_strchomp(text);
	editor_set(window->editor, text);
}

static void
forget(void)
{
	g_unlink(external.path);
	g_clear_pointer(&external.path, g_free);
}

static void
on_exit_of_editor(GPid pid, gint status, gpointer data)
{
	(void)data;
	g_spawn_close_pid(pid);
	signal(SIGINT, SIG_DFL);
	term_take_back();
	layout_resume();
	if (g_spawn_check_wait_status(status, NULL))
		take_text();
	else
		layout_hint(STYLE_STATUS_WARNING, "the editor failed: the text is as it was");
	forget();
}

static void
in_child(gpointer data)
{
	(void)data;
	signal(SIGINT, SIG_DFL);
}

static bool
spawn(GPid *pid, GError **error)
{
	const char *name = g_getenv("VISUAL") ? g_getenv("VISUAL") : g_getenv("EDITOR");
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	if (!g_shell_parse_argv(name && *name ? name : "editor", NULL, &words, error))
		return false;
	for (char **word = words; *word; word++)
		g_ptr_array_add(argv, *word);
	g_ptr_array_add(argv, external.path);
	g_ptr_array_add(argv, NULL);
	return g_spawn_async(NULL, (char **)argv->pdata, environment_of_user(),
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN, in_child, NULL, pid, error);
}

/* In a file system of memory; only its owner may read it. */
static bool
write_text(const char *text)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *id = text_random_id();
	external.path = g_strdup_printf("%s/sotto-%s.txt", runtime && *runtime ? runtime : "/dev/shm", id);
	int file = open(external.path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0) {
		g_clear_pointer(&external.path, g_free);
		return false;
	}
	bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
	close(file);
	if (!written)
		forget();
	return written;
}

void
external_edit(void)
{
	const Window *window = window_current();
	g_autoptr(GError) error = NULL;
	GPid pid;
	if (external.path)
		return;
	if (!write_text(editor_text(window->editor))) {
		layout_hint(STYLE_STATUS_WARNING, "no file for the editor can be made in memory - set XDG_RUNTIME_DIR");
		return;
	}
	external.window = window->number;
	layout_pause();
	term_give_away();
	/* Ctrl+C in the editor is meant for the editor. */
	signal(SIGINT, SIG_IGN);
	if (spawn(&pid, &error)) {
		g_child_watch_add(pid, on_exit_of_editor, NULL);
		return;
	}
	signal(SIGINT, SIG_DFL);
	term_take_back();
	layout_resume();
	forget();
	layout_hint(STYLE_STATUS_WARNING, error->message);
}
