/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ncurses writes a frame in several pieces, each of which wakes the terminal, and says some things at length. So its descriptor
 * leads into memory for the time of a refresh. */
#define _GNU_SOURCE
#include "ui/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int memory = -1, terminal = -1;

bool
frame_begin(int fd)
{
	if (memory < 0)
		memory = memfd_create("frame", MFD_CLOEXEC);
	if (memory < 0)
		return false;
	terminal = dup(fd);
	if (terminal < 0 || dup2(memory, fd) < 0) {
		if (terminal >= 0)
			close(terminal);
		terminal = -1;
		return false;
	}
	return true;
}

/* What says the same in fewer bytes. No text holds an escape (screen.c), so these are all ours. The other set of characters
 * is never used, and what resets all attributes resets the colour too. */
size_t
frame_shorten(char *bytes, size_t length, int rows)
{
	g_autofree char *whole_screen = g_strdup_printf("\033[1;%dr", rows);
	const struct {
		const char *from, *to;
	} shorter[] = {
		{ "\033[39m\033(B\033[m", "\033[m" },
		{ "\033[39;49m\033(B\033[m", "\033[m" },
		{ "\033(B\033[", "\033[" },
		{ whole_screen, "\033[r" },
	};
	size_t out = 0;

	for (size_t at = 0; at < length;) {
		const char *to = NULL;
		size_t taken = 1;
		for (guint i = 0; bytes[at] == '\033' && i < G_N_ELEMENTS(shorter) && !to; i++) {
			taken = strlen(shorter[i].from);
			if (length - at >= taken && !memcmp(bytes + at, shorter[i].from, taken))
				to = shorter[i].to;
		}
		if (!to) {
			bytes[out++] = bytes[at++];
			continue;
		}
		memmove(bytes + out, to, strlen(to));
		out += strlen(to);
		at += taken;
	}
	return out;
}

static void
write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(fd, bytes, length);
		/* Somebody else may have made the terminal non-blocking. */
		if (done < 0 && errno == EAGAIN)
			done = poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1) < 0 ? -1 : 0;
		if (done < 0 && errno != EINTR)
			return;
		if (done > 0) {
			bytes += done;
			length -= done;
		}
	}
}

void
frame_end(int fd, int rows, bool exact)
{
	off_t length = lseek(memory, 0, SEEK_CUR);

	dup2(terminal, fd);
	close(terminal);
	terminal = -1;
	if (length <= 0)
		return;
	g_autofree char *bytes = g_malloc(length);
	ssize_t got = pread(memory, bytes, length, 0);
	lseek(memory, 0, SEEK_SET);
	if (got > 0)
		write_all(fd, bytes, exact ? (size_t)got : frame_shorten(bytes, got, rows));
}

void
frame_stop(void)
{
	if (memory >= 0)
		close(memory);
	memory = -1;
}
