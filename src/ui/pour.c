/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The descriptor of the terminal stays blocking, since the shell shares it: here is one of our own that is not. Between us and a
 * terminal at the end of ssh lie megabytes of buffers that take everything: there the terminal itself is asked whether a picture
 * has arrived, before the next one leaves, so that what a key brings onto the screen never waits behind more than one. */
#define _GNU_SOURCE
#include "ui/pour.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "api/timer.h"
#include "ui/screen.h"

#define SLICE 256      /* where writing may block */
#define SETTLE_MS 200  /* what a key waits for at most */
#define ANSWER_MS 4000 /* a terminal that does not answer in this time is not asked any more, until it does */
#define HAVE_YOU "\033[5n"

static struct {
	int fd;        /* -1: not open */
	bool blocking; /* no descriptor of our own could be had */
	GString *rest;
	gsize at;
	guint source;
	bool asked, mute;
	gint64 asked_at;
} line = { .fd = -1 };

static bool
is_far(void)
{
	static const char *const near[] = { "screen", "tmux" };
	const char *term = g_getenv("TERM");
	/* A multiplexer answers itself, and leaves out what its terminal does not take. */
	for (guint i = 0; i < G_N_ELEMENTS(near); i++)
		if (!term || g_str_has_prefix(term, near[i]))
			return false;
	return g_getenv("SSH_CONNECTION") != NULL;
}

static bool
open_line(void)
{
	if (line.fd >= 0)
		return true;
	if (screen_fd() < 0)
		return false;
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", screen_fd());
	line.fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	line.blocking = line.fd < 0;
	if (line.blocking)
		line.fd = fcntl(screen_fd(), F_DUPFD_CLOEXEC, 3);
	line.rest = g_string_new(NULL);
	return line.fd >= 0;
}

static void
write_rest(void)
{
	while (line.at < line.rest->len) {
		gsize left = line.rest->len - line.at;
		struct pollfd room = { .fd = line.fd, .events = POLLOUT };
		if (line.blocking && poll(&room, 1, 0) <= 0)
			return;
		ssize_t done = write(line.fd, line.rest->str + line.at, line.blocking ? MIN(left, SLICE) : left);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN)
			return;
		/* A terminal that is gone says so elsewhere. */
		line.at = done < 0 ? line.rest->len : line.at + done;
	}
	g_string_truncate(line.rest, 0);
	line.at = 0;
}

bool
pour_rest(void)
{
	if (line.fd < 0 || !line.rest->len)
		return true;
	write_rest();
	if (line.rest->len)
		return false;
	g_clear_handle_id(&line.source, g_source_remove);
	return true;
}

static gboolean
on_room(gint fd, GIOCondition condition, gpointer data)
{
	(void)fd;
	(void)condition;
	(void)data;
	write_rest();
	if (line.rest->len)
		return G_SOURCE_CONTINUE;
	line.source = 0;
	return G_SOURCE_REMOVE;
}

bool
pour_can(void)
{
	if (!open_line() || !pour_rest())
		return false;
	if (line.asked && clock_monotonic() - line.asked_at > ANSWER_MS * G_TIME_SPAN_MILLISECOND) {
		line.asked = false;
		line.mute = true;
	}
	return !line.asked;
}

void
pour(const char *bytes, size_t length)
{
	g_string_append_len(line.rest, bytes, length);
	if (is_far() && !line.mute) {
		g_string_append(line.rest, HAVE_YOU);
		line.asked = true;
		line.asked_at = clock_monotonic();
	}
	if (!pour_rest() && !line.source)
		line.source = g_unix_fd_add(line.fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_room, NULL);
}

void
pour_settle(void)
{
	gint64 end = g_get_monotonic_time() + SETTLE_MS * G_TIME_SPAN_MILLISECOND;
	while (!pour_rest() && g_get_monotonic_time() < end)
		poll(&(struct pollfd){ .fd = line.fd, .events = POLLOUT }, 1, 10);
}

void
pour_answer(void)
{
	line.asked = line.mute = false;
}

/* Its answer would otherwise be read by the shell as if it had been typed. */
static void
hear_answer(void)
{
	char bytes[256];
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	for (int i = 0; line.asked && i < 4 && poll(&input, 1, SETTLE_MS) > 0; i++) {
		ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
		line.asked = got > 0 && !memmem(bytes, got, "\033[0n", 4);
	}
	line.asked = false;
}

void
pour_stop(void)
{
	if (line.fd < 0)
		return;
	pour_settle();
	hear_answer();
	g_clear_handle_id(&line.source, g_source_remove);
	close(line.fd);
	line.fd = -1;
	g_string_free(line.rest, TRUE);
	line.rest = NULL;
	line.at = 0;
}
