/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines in and lines out of the headless front end: a slow reader fills a queue, never stops the program. */
#include "ui/pipe.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A line as long as the longest message and then some; a queue that holds minutes of a busy server. */
enum { LINE_MAX_BYTES = 1 << 20, QUEUE_MAX_BYTES = 32 << 20, READ_BYTES = 64 << 10, LAST_WAIT_MS = 2000 };

static struct {
	pipe_line line;
	GString *partial; /* of input */
	bool skipping;    /* the rest of a line that is too long */
	guint input;
	GString *queue;
	size_t sent; /* of the queue */
	guint output;
	guint lost;
	bool broken; /* the reader is gone */
} io;

/* ---- out ---- */

/* One look, never a wait: poll says that a pipe takes PIPE_BUF bytes, so a write of that size cannot block,
 * and the descriptor's flags, which others may share, stay as they are. */
static bool
write_some(int patience_ms)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	if (poll(&out, 1, patience_ms) <= 0 || !(out.revents & POLLOUT)) {
		io.broken |= (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
		return false;
	}
	ssize_t n = write(STDOUT_FILENO, io.queue->str + io.sent, MIN(io.queue->len - io.sent, (size_t)PIPE_BUF));
	if (n < 0) {
		io.broken |= errno != EINTR && errno != EAGAIN;
		return false;
	}
	io.sent += (size_t)n;
	if (io.sent == io.queue->len) {
		g_string_truncate(io.queue, 0);
		io.sent = 0;
	} else if (io.sent > READ_BYTES && io.sent > io.queue->len / 2) {
		g_string_erase(io.queue, 0, (gssize)io.sent);
		io.sent = 0;
	}
	return true;
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer data)
{
	(void)fd, (void)condition, (void)data;
	while (!io.broken && io.queue->len && write_some(0))
		;
	if (io.queue->len && !io.broken)
		return G_SOURCE_CONTINUE;
	io.output = 0;
	return G_SOURCE_REMOVE;
}

static void
write_rest(void)
{
	while (!io.broken && io.queue->len && write_some(LAST_WAIT_MS))
		;
	g_string_free(g_steal_pointer(&io.queue), TRUE);
}

void
pipe_write(const char *text, size_t length)
{
	if (io.broken)
		return;
	/* Before pipe_start() and after pipe_stop(): a start may fail early, and the store, which closes last, have something to
	 * say. */
	if (!io.queue) {
		io.queue = g_string_new_len(text, (gssize)length);
		g_string_append_c(io.queue, '\n');
		io.sent = 0;
		write_rest();
		return;
	}
	if (io.queue->len - io.sent + length > QUEUE_MAX_BYTES) {
		io.lost++;
		return;
	}
	g_string_append_len(io.queue, text, (gssize)length);
	g_string_append_c(io.queue, '\n');
	if (!io.output)
		while (!io.broken && io.queue->len && write_some(0))
			;
	if (io.queue->len && !io.broken && !io.output)
		io.output = g_unix_fd_add(STDOUT_FILENO, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_writable, NULL);
}

guint
pipe_lost(void)
{
	guint lost = io.lost;
	if (!io.queue || io.queue->len - io.sent > QUEUE_MAX_BYTES / 2)
		return 0;
	io.lost = 0;
	return lost;
}

bool
pipe_is_open(void)
{
	return !io.broken;
}

/* ---- in ---- */

static void
finish_line(void)
{
	if (io.partial->len && io.partial->str[io.partial->len - 1] == '\r')
		g_string_truncate(io.partial, io.partial->len - 1);
	/* A NUL would end the line for whoever reads it: as a byte that is not UTF-8 it is refused. */
	for (gsize i = 0; i < io.partial->len; i++)
		if (!io.partial->str[i])
			io.partial->str[i] = '\xff';
	g_autofree char *line = g_string_free(g_steal_pointer(&io.partial), FALSE);
	bool too_long = io.skipping;
	io.partial = g_string_new(NULL);
	io.skipping = false;
	io.line(line, too_long);
}

static void
take_bytes(const char *bytes, size_t length)
{
	while (length) {
		const char *end = memchr(bytes, '\n', length);
		size_t part = end ? (size_t)(end - bytes) : length;
		if (io.partial->len + part > LINE_MAX_BYTES)
			io.skipping = true;
		if (!io.skipping)
			g_string_append_len(io.partial, bytes, (gssize)part);
		if (!end)
			return;
		finish_line();
		bytes += part + 1;
		length -= part + 1;
	}
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer data)
{
	(void)condition, (void)data;
	char bytes[READ_BYTES];
	ssize_t n = read(fd, bytes, sizeof bytes);
	if (n > 0) {
		take_bytes(bytes, (size_t)n);
		return G_SOURCE_CONTINUE;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return G_SOURCE_CONTINUE;
	if (io.partial->len || io.skipping)
		finish_line();
	io.input = 0;
	io.line(NULL, false);
	return G_SOURCE_REMOVE;
}

void
pipe_start(pipe_line line)
{
	io.line = line;
	io.partial = g_string_new(NULL);
	io.queue = g_string_new(NULL);
}

void
pipe_read(void)
{
	if (!io.input)
		io.input = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR | G_IO_NVAL, on_readable, NULL);
}

void
pipe_stop(void)
{
	g_clear_handle_id(&io.input, g_source_remove);
	g_clear_handle_id(&io.output, g_source_remove);
	write_rest();
	g_string_free(g_steal_pointer(&io.partial), TRUE);
}
