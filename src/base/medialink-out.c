/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames out of the link: each is a copy of its own that waits until the socket takes it. */
#define _GNU_SOURCE
#include "base/medialink-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/secret.h"

enum { BACKLOG = 16 * 1024 * 1024 /* who lets so much wait does not read */ };

/* A frame that waits to be written. */
struct out {
	enum media_kind kind;
	guint8 *bytes; /* head and body */
	size_t length, written;
	int fds[MEDIA_FDS]; /* our own copies */
	guint fds_n;
};

static void
out_free(struct out *out)
{
	if (media_kinds[out->kind].secret)
		secret_wipe(out->bytes, out->length);
	medialink_close_fds(out->fds);
	g_free(out->bytes);
	g_free(out);
}

void
medialink_drop_out(MediaLink *link)
{
	medialink_drop_source(&link->writer);
	g_queue_clear_full(link->out, (GDestroyNotify)out_free);
	link->waiting = 0;
}

/* It reads no more. Its last words, why it ended perhaps, are still to be read: reading comes to the end by itself. */
static void
fall_silent(MediaLink *link)
{
	link->mute = true;
	shutdown(link->fd, SHUT_RDWR);
	medialink_drop_out(link);
}

/* True when there may be room for more. */
static bool
write_some(MediaLink *link, struct out *out)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(MEDIA_FDS * sizeof(int))] = { 0 };
	struct iovec place = { out->bytes + out->written, out->length - out->written };
	struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1 };
	gssize n;

	if (out->fds_n && !out->written) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(out->fds_n * sizeof(int));
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){ CMSG_LEN(out->fds_n * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), out->fds, out->fds_n * sizeof(int));
	}
	n = TEMP_FAILURE_RETRY(sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		fall_silent(link);
		return false;
	}
	out->written += (size_t)n;
	link->waiting -= (size_t)n;
	return true;
}

static gboolean
on_writable(gint fd, GIOCondition condition, gpointer data)
{
	MediaLink *link = data;
	struct out *out;

	(void)fd, (void)condition;
	while ((out = g_queue_peek_head(link->out)) && write_some(link, out))
		if (out->written == out->length)
			out_free(g_queue_pop_head(link->out));
	if (link->out->length)
		return G_SOURCE_CONTINUE;
	medialink_drop_source(&link->writer);
	return G_SOURCE_REMOVE;
}

/* Its leaves, in whatever memory GLib keeps them. */
void
media_link_wipe(GVariant *body)
{
	if (!g_variant_is_container(body) || g_variant_is_of_type(body, G_VARIANT_TYPE_BYTESTRING)) {
		secret_wipe((gpointer)g_variant_get_data(body), g_variant_get_size(body));
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(body); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(body, i);

		media_link_wipe(child);
	}
}

static struct out *
out_new(enum media_kind kind, GVariant *body, const int *fds, guint n)
{
	struct out *out = g_new0(struct out, 1);
	gsize length = g_variant_get_size(body);
	g_autoptr(GVariant) wire = medialink_swapped(body);

	out->kind = kind;
	out->length = MEDIALINK_HEAD + length;
	out->bytes = g_malloc0(out->length);
	*(guint32 *)(gpointer)out->bytes = GUINT32_TO_BE((guint32)length);
	out->bytes[5] = (guint8)kind;
	g_variant_store(wire, out->bytes + MEDIALINK_HEAD);
	if (media_kinds[kind].secret)
		media_link_wipe(wire);
	for (guint i = 0; i < MEDIA_FDS; i++)
		out->fds[i] = i < n ? fcntl(fds[i], F_DUPFD_CLOEXEC, 0) : -1;
	out->fds_n = n;
	return out;
}

static bool
may_be_sent(const MediaLink *link, enum media_kind kind, GVariant *body, guint n)
{
	const struct media_kind_row *row = &media_kinds[kind];

	return link->fd >= 0 && !link->mute && medialink_may(link->to_media, kind) && n <= MEDIA_FDS &&
	       g_variant_is_of_type(body, G_VARIANT_TYPE(row->type)) && g_variant_get_size(body) <= row->max &&
	       medialink_is_sound(kind, body);
}

static void
queue(MediaLink *link, struct out *out)
{
	g_queue_push_tail(link->out, out);
	link->waiting += out->length;
	if (link->out->length == 1)
		on_writable(link->fd, G_IO_OUT, link);
	if (link->out->length && !link->writer)
		link->writer = medialink_watch(link, G_IO_OUT, on_writable);
}

bool
medialink_send_frame(MediaLink *link, enum media_kind kind, GVariant *floating, const int *fds, guint n)
{
	g_autoptr(GVariant) body = g_variant_ref_sink(floating);
	bool may = may_be_sent(link, kind, body, n);

	if (may && link->waiting + media_kinds[kind].max > BACKLOG)
		fall_silent(link);
	else if (may)
		queue(link, out_new(kind, body, fds, n));
	if (media_kinds[kind].secret)
		media_link_wipe(body);
	return may && !link->mute;
}

bool
media_link_send(MediaLink *link, enum media_kind kind, GVariant *body)
{
	return media_link_send_fds(link, kind, body, NULL, 0);
}

bool
media_link_send_fds(MediaLink *link, enum media_kind kind, GVariant *body, const int *fds, guint n)
{
	if (kind == MEDIA_HELLO || (n && kind != MEDIA_START && kind != MEDIA_SET)) {
		g_variant_unref(g_variant_ref_sink(body));
		return false;
	}
	return medialink_send_frame(link, kind, body, fds, n);
}

size_t
media_link_waiting(const MediaLink *link)
{
	return link->waiting;
}
