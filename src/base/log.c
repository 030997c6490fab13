/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log: a file in the cache folder when it was asked for, else nothing. The terminal belongs to the screen. */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/log.h"
#include "base/base.h"
#include "base/files.h"
#include "base/text.h"

static const char *const words[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

enum { LINE_MAX_BYTES = 2000, FILE_MAX_BYTES = 2 * 1024 * 1024 };

static int file = -1;
static char *file_path;
static off_t written;
static enum log_level highest = LOG_INFO;

bool
log_open(const char *path, int level, GError **error)
{
	int opened = files_open(path, O_WRONLY | O_CREAT | O_APPEND, error);

	if (opened < 0)
		return false;
	log_close();
	file = opened;
	file_path = g_strdup(path);
	written = lseek(file, 0, SEEK_END);
	highest = level;
	return true;
}

void
log_close(void)
{
	if (file >= 0)
		close(file);
	file = -1;
	g_clear_pointer(&file_path, g_free);
}

/* A log of years fills no disk. */
static void
begin_anew(void)
{
	g_autofree char *path = g_strdup(file_path), *old = g_strconcat(path, ".old", NULL);

	if (rename(path, old) == 0)
		log_open(path, highest, NULL);
	else
		log_close();
}

/* One entry is one line, whatever a remote name in it contains, and shown by a pager it commands no terminal. */
static GString *
make_one_line(const char *line)
{
	g_autofree char *valid = text_make_valid(line, -1);
	GString *safe = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);

		g_string_append_unichar(safe, text_turns(c) ? '?' : c);
	}
	return safe;
}

void
log_line(enum log_level level, const char *format, ...)
{
	g_autofree char *time = NULL, *text = NULL, *cut = NULL, *entry = NULL;
	g_autoptr(GString) line = NULL;
	va_list list;

	if (file < 0 || level > highest)
		return;
	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	cut = text_cut(text, LINE_MAX_BYTES);
	time = text_time(g_get_real_time(), true);
	entry = g_strdup_printf("%s %s %s", time, words[level], cut);
	line = make_one_line(entry);
	g_string_append_c(line, '\n');
	/* A full disk must not stop the program for the sake of its log. */
	if (write(file, line->str, line->len) > 0)
		written += (off_t)line->len;
	if (written > FILE_MAX_BYTES)
		begin_anew();
}

static GLogWriterOutput
take_glib(GLogLevelFlags flags, const GLogField *fields, gsize count, gpointer data)
{
	const char *text = "", *domain = "";

	(void)data;
	for (gsize i = 0; i < count; i++) {
		if (g_strcmp0(fields[i].key, "MESSAGE") == 0 && fields[i].length < 0)
			text = fields[i].value;
		if (g_strcmp0(fields[i].key, "GLIB_DOMAIN") == 0 && fields[i].length < 0)
			domain = fields[i].value;
	}
	log_line(flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? LOG_ERROR : LOG_WARNING, "%s: %s", domain, text);
	/* The last words of a program that ends here are worth the screen. */
	if (flags & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR))
		return g_log_writer_standard_streams(flags, fields, count, NULL);
	return G_LOG_WRITER_HANDLED;
}

void
log_catch_glib(void)
{
	static bool caught;

	if (caught)
		return;
	caught = true;
	g_log_set_writer_func(take_glib, NULL, NULL);
}
