/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to one line typed: lines of output, errors, and the end when nobody holds it any more. */
#include "cmd/reply.h"

#include <string.h>

#include "api/error.h"
#include "api/event.h"
#include "api/store.h"
#include "ui/ui.h"

struct Reply {
	guint refs;
	guint64 seq;
	char *command;
	bool failed;
	int written; /* what the store had been given before */
};

Reply *
reply_new(guint64 seq)
{
	Reply *reply = g_new0(Reply, 1);

	reply->refs = 1;
	reply->seq = seq;
	reply->written = store_written();
	return reply;
}

void
reply_set_command(Reply *reply, const char *name)
{
	g_free(reply->command);
	reply->command = g_strdup(name);
}

Reply *
reply_ref(Reply *reply)
{
	reply->refs++;
	return reply;
}

/* What is answered with "ok" is on the disk. */
static void
settle(Reply *reply)
{
	g_autoptr(GError) error = NULL;

	if (!reply->failed && store_written() != reply->written && !store_flush(&error))
		reply_fail(reply, error);
}

void
reply_unref(Reply *reply)
{
	if (!reply || --reply->refs > 0)
		return;
	settle(reply);
	event_emit(&(Event){ .kind = EVENT_DONE, .done = { .seq = reply->seq, .ok = !reply->failed } });
	g_free(reply->command);
	g_free(reply);
}

static void
put(const Reply *reply, const char *text, bool plain, const GError *error)
{
	event_emit(&(Event){ .kind = EVENT_OUTPUT,
		.output = { .seq = reply->seq, .text = text, .command = reply->command, .error = error, .plain = plain } });
}

/* One event a line; a newline at the end begins none. */
static void
put_lines(const Reply *reply, const char *text, bool plain)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	guint count = g_strv_length(lines);

	if (count > 1 && !*lines[count - 1])
		count--;
	for (guint i = 0; i < count; i++) {
		/* What others wrote may hold line breaks: it does not begin a line like ours (G05). */
		g_autofree char *goes_on = i && !plain ? g_strconcat("  │ ", lines[i], NULL) : NULL;
		put(reply, goes_on ? goes_on : lines[i], plain, NULL);
	}
	if (count == 0)
		put(reply, "", plain, NULL);
}

void
reply_print(Reply *reply, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	put_lines(reply, text, false);
}

void
reply_print_plain(Reply *reply, const char *text)
{
	put_lines(reply, text, true);
}

int
reply_columns(const Reply *reply)
{
	(void)reply;
	return ui()->columns ? ui()->columns() : 0;
}

void
reply_fail(Reply *reply, const GError *error)
{
	reply->failed = true;
	put(reply, error->message, false, error);
}

void
reply_take_error(Reply *reply, GError *error)
{
	g_autoptr(GError) taken = error;

	if (!taken)
		fault(&taken, FAULT_BUSY, "that did not work, and the command gave no reason");
	reply_fail(reply, taken);
}
