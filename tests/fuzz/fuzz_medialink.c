/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of the link to sotto-media: however the bytes are cut, the same frames come out and the same end; what was let through
 * keeps the rules and could be sent on. The first byte says which end, whether the other greeted, and how the bytes are cut. */
#include "base/medialink.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
	GString *seen;
	bool to_media, over;
};

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	struct end *end = owner;
	const struct media_kind_row *row = &media_kinds[kind];

	g_assert(!end->over);
	g_assert(end->to_media ? row->from_media : row->to_media);
	g_assert(g_variant_is_of_type(body, G_VARIANT_TYPE(row->type)) && g_variant_get_size(body) <= row->max);
	g_assert(end->seen->len || kind == MEDIA_HELLO);
	for (guint i = 0; i < MEDIA_FDS; i++)
		g_assert(fds[i] == -1);
	g_string_append_printf(end->seen, "%s ", row->name);
	if (kind != MEDIA_FRAME)
		g_variant_print_string(body, end->seen, TRUE);
}

static void
on_ended(gpointer owner, const GError *error)
{
	struct end *end = owner;

	g_assert(!end->over && error && *error->message);
	g_assert(g_utf8_validate(error->message, -1, NULL));
	g_string_append(end->seen, error->message);
	end->over = true;
}

static void
turn(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void
greet(int fd)
{
	static const char hello[] = "\0\0\0\x06\0\1\0\0\2\0\0\0x";

	g_assert(write(fd, hello, sizeof hello) == sizeof hello);
}

static char *
run(const uint8_t *data, size_t size, size_t piece, uint8_t how)
{
	static const struct media_link_hooks hooks = { on_frame, on_ended };
	struct end end = { g_string_new(NULL), how & 1, false };
	MediaLink *link;
	int fds[2];

	g_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	link = media_link_new(fds[0], end.to_media, &hooks, &end);
	if (how & 2)
		greet(fds[1]);
	for (size_t at = 0; at < size && !end.over; at += piece) {
		/* After the end nobody reads. */
		if (send(fds[1], data + at, MIN(piece, size - at), MSG_NOSIGNAL) < 0)
			break;
		turn();
	}
	close(fds[1]);
	turn();
	g_assert(end.over);
	media_link_free(link);
	return g_string_free(end.seen, FALSE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 60000)
		return 0;
	g_autofree char *whole = run(data + 1, size - 1, size, data[0]);
	g_autofree char *pieces = run(data + 1, size - 1, 1 + data[0] / 4, data[0]);

	g_assert_cmpstr(whole, ==, pieces);
	return 0;
}
