/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link between sotto and sotto-media: frames out of a socket, and the rules that the other end must keep. */
#define _GNU_SOURCE
#include "base/medialink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/error.h"
#include "api/secret.h"
#include "base/medialink-private.h"

/* Then others on the main loop have their turn; so much of a large frame counts as one more. */
enum { FRAMES_AT_ONCE = 64, LARGE = 64 * 1024 };

/* ---- the end ---- */

void
medialink_close_fds(int *fds)
{
	for (guint i = 0; i < MEDIA_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

void
medialink_drop_source(GSource **source)
{
	if (*source)
		g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static void
drop_in(MediaLink *link)
{
	if (link->body)
		secret_wipe(link->body, link->length);
	g_clear_pointer(&link->body, g_free);
	medialink_close_fds(link->fds);
	link->got = 0;
}

static void
shut(MediaLink *link)
{
	medialink_drop_source(&link->reader);
	medialink_drop_out(link);
	drop_in(link);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static void
end(MediaLink *link, const GError *why)
{
	if (link->fd < 0)
		return;
	shut(link);
	link->hooks->ended(link->owner, why);
}

static bool G_GNUC_PRINTF(2, 3) broken(MediaLink *link, const char *format, ...)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *what = NULL;
	va_list list;

	va_start(list, format);
	what = g_strdup_vprintf(format, list);
	va_end(list);
	fault(&why, FAULT_PEER, "%s broke the rules of the link: %s", link->to_media ? "sotto-media" : "sotto", what);
	end(link, why);
	return false;
}

static bool
gone(MediaLink *link, const char *reason)
{
	g_autoptr(GError) why = NULL;

	fault(&why, FAULT_GONE, "%s is gone%s%s", link->to_media ? "sotto-media" : "sotto", reason ? ": " : "",
		reason ? reason : "");
	end(link, why);
	return false;
}

/* ---- reading ---- */

struct wiped {
	guint8 *bytes;
	size_t length;
	bool secret;
};

static void
wiped_free(gpointer data)
{
	struct wiped *wiped = data;

	if (wiped->secret)
		secret_wipe(wiped->bytes, wiped->length);
	g_free(wiped->bytes);
	g_free(wiped);
}

static GVariant *
take_body(MediaLink *link)
{
	struct wiped *wiped = g_new(struct wiped, 1);
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GVariant) wire = NULL;

	*wiped = (struct wiped){ g_steal_pointer(&link->body), link->length, media_kinds[link->kind].secret };
	bytes = g_bytes_new_with_free_func(wiped->bytes, wiped->length, wiped_free, wiped);
	wire = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(media_kinds[link->kind].type), bytes, FALSE));
	return medialink_swapped(wire);
}

static bool
greet(MediaLink *link, GVariant *body)
{
	const char *program;
	guint version;

	g_variant_get(body, "(u&s)", &version, &program);
	if (version != MEDIA_LINK_VERSION)
		return broken(
			link, "it speaks version %u of it, not %d - both must come from one build", version, MEDIA_LINK_VERSION);
	link->greeted = true;
	return true;
}

static bool
deliver(MediaLink *link)
{
	g_autoptr(GVariant) body = take_body(link);
	const char *name = media_kinds[link->kind].name;
	int fds[MEDIA_FDS];

	if (!medialink_is_sound(link->kind, body))
		return broken(link, "a frame \"%s\" holds what it may not", name);
	if (link->kind == MEDIA_HELLO && link->greeted)
		return broken(link, "a second hello");
	if (link->kind == MEDIA_HELLO && !greet(link, body))
		return false;
	memcpy(fds, link->fds, sizeof fds);
	for (guint i = 0; i < MEDIA_FDS; i++)
		link->fds[i] = -1;
	link->got = 0;
	link->hooks->frame(link->owner, link->kind, body, fds);
	medialink_close_fds(fds);
	return link->fd >= 0;
}

static bool
read_head(MediaLink *link)
{
	const guint8 *head = link->head;
	guint length = (guint)head[0] << 24 | (guint)head[1] << 16 | (guint)head[2] << 8 | head[3];
	guint kind = (guint)head[4] << 8 | head[5];
	bool fds = false;

	for (guint i = 0; i < MEDIA_FDS; i++)
		fds = fds || link->fds[i] >= 0;
	if (kind == MEDIA_NONE || kind >= MEDIA_KINDS || head[6] || head[7])
		return broken(link, "a frame of no known kind");
	if (!medialink_may(!link->to_media, kind))
		return broken(link, "a frame \"%s\" in the wrong direction", media_kinds[kind].name);
	if (length > media_kinds[kind].max)
		return broken(link, "a frame \"%s\" of %u bytes", media_kinds[kind].name, length);
	if (!link->greeted && kind != MEDIA_HELLO)
		return broken(link, "a frame \"%s\" before hello", media_kinds[kind].name);
	if (fds && kind != MEDIA_START && kind != MEDIA_SET)
		return broken(link, "descriptors with a frame \"%s\"", media_kinds[kind].name);
	link->kind = kind;
	link->length = length;
	link->body = g_malloc(MAX(length, 1));
	return true;
}

/* Descriptors belong to the frame that begins with the bytes they came with. */
static bool
take_fds(MediaLink *link, struct msghdr *message)
{
	bool first = link->got == 0, good = !(message->msg_flags & MSG_CTRUNC);
	guint n = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
			if (first && n < MEDIA_FDS)
				link->fds[n++] = fd;
			else
				good = (close(fd), false);
		}
	}
	return good || broken(link, "descriptors that do not belong there");
}

/* Some bytes of the head or of the body, never beyond: > 0 when there were some. */
static gssize
read_some(MediaLink *link)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(MEDIA_FDS * sizeof(int))];
	bool head = link->got < MEDIALINK_HEAD;
	struct iovec place = { head ? link->head + link->got : link->body + link->got - MEDIALINK_HEAD,
		(head ? MEDIALINK_HEAD : MEDIALINK_HEAD + link->length) - link->got };
	struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	gssize n = TEMP_FAILURE_RETRY(recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		gone(link, n < 0 && errno != ECONNRESET ? g_strerror(errno) : NULL);
		return -1;
	}
	if (!take_fds(link, &message))
		return -1;
	link->got += (size_t)n;
	return n;
}

static void
read_frames(MediaLink *link)
{
	for (guint frames = 0; frames < FRAMES_AT_ONCE;) {
		if (link->got < MEDIALINK_HEAD + (link->body ? link->length : 0) && read_some(link) <= 0)
			return;
		if (link->got == MEDIALINK_HEAD && !link->body && !read_head(link))
			return;
		if (link->body && link->got == MEDIALINK_HEAD + link->length) {
			frames += 1 + link->length / LARGE;
			if (!deliver(link))
				return;
		}
	}
}

static gboolean
on_readable(gint fd, GIOCondition condition, gpointer data)
{
	MediaLink *link = data;

	(void)fd, (void)condition;
	link->busy++;
	read_frames(link);
	link->busy--;
	if (link->freed)
		media_link_free(link);
	return G_SOURCE_CONTINUE; /* destroyed when it is over */
}

/* ---- life ---- */

GSource *
medialink_watch(MediaLink *link, GIOCondition condition, GUnixFDSourceFunc call)
{
	GSource *source = g_unix_fd_source_new(link->fd, condition);

	g_source_set_callback(source, G_SOURCE_FUNC(call), link, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

MediaLink *
media_link_new(int fd, bool to_media, const struct media_link_hooks *hooks, gpointer owner)
{
	MediaLink *link = g_new0(MediaLink, 1);

	link->fd = fd;
	link->to_media = to_media;
	link->hooks = hooks;
	link->owner = owner;
	link->out = g_queue_new();
	for (guint i = 0; i < MEDIA_FDS; i++)
		link->fds[i] = -1;
	link->reader = medialink_watch(link, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable);
	medialink_send_frame(link, MEDIA_HELLO, g_variant_new("(us)", (guint32)MEDIA_LINK_VERSION, SOTTO_VERSION), NULL, 0);
	return link;
}

void
media_link_free(MediaLink *link)
{
	if (!link)
		return;
	shut(link);
	if (link->busy) {
		link->freed = true;
		return;
	}
	g_queue_free(link->out);
	g_free(link);
}
