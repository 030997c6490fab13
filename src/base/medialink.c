/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link between sotto and sotto-media: frames out of a socket and into it, and the rules that each must keep. */
#define _GNU_SOURCE
#include "base/medialink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/error.h"
#include "api/secret.h"

enum {
	HEAD = 8,
	KEY = 32,                   /* bytes of a context, a secret, a fingerprint */
	SIDE = 4096,                /* longest side of a picture */
	BACKLOG = 16 * 1024 * 1024, /* who lets so much wait does not read */
	FRAMES_AT_ONCE = 64,        /* then others on the main loop have their turn */
};

#define BOTH .to_media = true, .from_media = true
#define DOWN .to_media = true
#define UP .from_media = true

const struct media_kind_row media_kinds[MEDIA_KINDS] = {
	[MEDIA_NONE] = { "none", "()", 0 },
	[MEDIA_HELLO] = { "hello", "(us)", 64, BOTH },
	[MEDIA_CANDIDATE] = { "candidate", MEDIA_CANDIDATE_TYPE, 512, BOTH },
	[MEDIA_START] = { "start", MEDIA_START_TYPE, 32 * 1024, DOWN, .secret = true },
	[MEDIA_REMOTE] = { "remote", MEDIA_REMOTE_TYPE, 8 * 1024, DOWN, .secret = true },
	[MEDIA_KEYS] = { "keys", "(bayayay)", 256, DOWN, .secret = true },
	[MEDIA_CONSENT] = { "consent", "()", 1, DOWN },
	[MEDIA_SET] = { "set", "(ss)", 1024, DOWN, .secret = true }, /* digits of DTMF may be a PIN */
	[MEDIA_PICTURE] = { "picture", "(suuu)", 64, DOWN },
	[MEDIA_RESTART] = { "restart", "()", 1, DOWN },
	[MEDIA_ADD] = { "add", "(ss)", 256, DOWN },
	[MEDIA_REMOVE] = { "remove", "(s)", 256, DOWN },
	[MEDIA_ASK] = { "ask", "(s)", 64, DOWN },
	[MEDIA_LOCAL] = { "local", MEDIA_LOCAL_TYPE, 1024, UP, .secret = true },
	[MEDIA_GATHERED] = { "gathered", "(s)", 256, UP },
	[MEDIA_STATE] = { "state", "(sss)", 512, UP },
	[MEDIA_FAILED] = { "failed", "(ss)", 1024, UP },
	[MEDIA_STATS] = { "stats", MEDIA_STATS_TYPE, 128, UP },
	[MEDIA_FRAME] = { "frame", "(suuay)", 4 * 1024 * 1024, UP },
	[MEDIA_DEVICES] = { "devices", "a(sssb)", 64 * 1024, UP },
	[MEDIA_REPORT] = { "report", "(sbs)", 2048, UP },
};

/* A frame that waits to be written. */
struct out {
	enum media_kind kind;
	guint8 *bytes; /* head and body */
	size_t length, written;
	int fds[MEDIA_FDS]; /* our own copies */
	guint fds_n;
};

struct MediaLink {
	int fd; /* -1: over */
	bool to_media, greeted;
	const struct media_link_hooks *hooks;
	gpointer owner;
	GSource *reader, *writer;
	guint busy; /* hooks are running: who frees now frees later */
	bool freed;

	GQueue *out;
	size_t waiting;
	bool mute; /* the other end reads no more: what it said is still read */

	guint8 head[HEAD], *body;
	size_t got, length; /* of head and body together; of the body */
	enum media_kind kind;
	int fds[MEDIA_FDS];
};

/* ---- what a body must keep beyond its type ---- */

static bool
is_key(GVariant *body, gsize child, gsize length)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(body, child);

	return g_variant_get_size(bytes) == length;
}

static bool
are_keys(GVariant *body)
{
	gboolean mixed;
	gsize length;

	g_variant_get_child(body, 0, "b", &mixed);
	length = mixed ? KEY : 0;
	return is_key(body, 1, length) && is_key(body, 2, length) && is_key(body, 3, length);
}

static bool
is_remote(GVariant *body)
{
	g_autoptr(GVariant) contents = g_variant_get_child_value(body, 1);

	for (gsize i = 0; i < g_variant_n_children(contents); i++) {
		g_autoptr(GVariant) content = g_variant_get_child_value(contents, i);

		if (!is_key(content, 3, KEY))
			return false;
	}
	return true;
}

static bool
is_picture(GVariant *body)
{
	g_autoptr(GVariant) bytes = g_variant_get_child_value(body, 3);
	guint width, height;
	const char *whose;

	g_variant_get_child(body, 0, "&s", &whose);
	g_variant_get_child(body, 1, "u", &width);
	g_variant_get_child(body, 2, "u", &height);
	return (g_str_equal(whose, "remote") || g_str_equal(whose, "own")) && width && height && width <= SIDE && height <= SIDE &&
	       g_variant_get_size(bytes) == (gsize)width * height * 3;
}

static bool
is_sound(enum media_kind kind, GVariant *body)
{
	if (kind == MEDIA_FRAME) /* GLib would walk its bytes one by one, 20 ns each: its fields say enough */
		return is_picture(body);
	if (!g_variant_is_normal_form(body))
		return false;
	if (kind == MEDIA_KEYS)
		return are_keys(body);
	if (kind == MEDIA_REMOTE)
		return is_remote(body);
	return kind != MEDIA_LOCAL || is_key(body, 4, KEY);
}

static bool
may(bool to_media, enum media_kind kind)
{
	return to_media ? media_kinds[kind].to_media : media_kinds[kind].from_media;
}

/* The bytes of a body are little-endian on the wire. */
static GVariant *
swapped(GVariant *body)
{
	return G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap(body) : g_variant_ref(body);
}

/* ---- the end ---- */

static void
close_fds(int *fds)
{
	for (guint i = 0; i < MEDIA_FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static void
out_free(struct out *out)
{
	if (media_kinds[out->kind].secret)
		secret_wipe(out->bytes, out->length);
	close_fds(out->fds);
	g_free(out->bytes);
	g_free(out);
}

static void
drop_source(GSource **source)
{
	if (*source)
		g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static void
drop_out(MediaLink *link)
{
	drop_source(&link->writer);
	g_queue_clear_full(link->out, (GDestroyNotify)out_free);
	link->waiting = 0;
}

static void
drop_in(MediaLink *link)
{
	if (link->body)
		secret_wipe(link->body, link->length);
	g_clear_pointer(&link->body, g_free);
	close_fds(link->fds);
	link->got = 0;
}

static void
shut(MediaLink *link)
{
	drop_source(&link->reader);
	drop_out(link);
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
	return swapped(wire);
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

	if (!is_sound(link->kind, body))
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
	close_fds(fds);
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
	if (!may(!link->to_media, kind))
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
	char control[CMSG_SPACE(MEDIA_FDS * sizeof(int))];
	bool head = link->got < HEAD;
	struct iovec place = { head ? link->head + link->got : link->body + link->got - HEAD,
		(head ? HEAD : HEAD + link->length) - link->got };
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
		if (link->got < HEAD + (link->body ? link->length : 0) && read_some(link) <= 0)
			return;
		if (link->got == HEAD && !link->body && !read_head(link))
			return;
		if (link->body && link->got == HEAD + link->length) {
			frames++;
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

/* ---- writing ---- */

/* True when there may be room for more. */
static bool
write_some(MediaLink *link, struct out *out)
{
	char control[CMSG_SPACE(MEDIA_FDS * sizeof(int))] = { 0 };
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
		/* Its last words, why it ended perhaps, are still to be read: reading comes to the end by itself. */
		link->mute = true;
		shutdown(link->fd, SHUT_RDWR);
		drop_out(link);
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
	drop_source(&link->writer);
	return G_SOURCE_REMOVE;
}

static GSource *
watch(MediaLink *link, GIOCondition condition, GUnixFDSourceFunc call)
{
	GSource *source = g_unix_fd_source_new(link->fd, condition);

	g_source_set_callback(source, G_SOURCE_FUNC(call), link, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

/* The leaves of a body, in whatever memory GLib keeps them. */
static void
wipe(GVariant *body)
{
	if (!g_variant_is_container(body) || g_variant_is_of_type(body, G_VARIANT_TYPE_BYTESTRING)) {
		secret_wipe((gpointer)g_variant_get_data(body), g_variant_get_size(body));
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(body); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(body, i);

		wipe(child);
	}
}

static struct out *
out_new(enum media_kind kind, GVariant *body, const int *fds, guint n)
{
	struct out *out = g_new0(struct out, 1);
	gsize length = g_variant_get_size(body);
	g_autoptr(GVariant) wire = swapped(body);

	out->kind = kind;
	out->length = HEAD + length;
	out->bytes = g_malloc0(out->length);
	*(guint32 *)(gpointer)out->bytes = GUINT32_TO_BE((guint32)length);
	out->bytes[5] = (guint8)kind;
	g_variant_store(wire, out->bytes + HEAD);
	if (media_kinds[kind].secret)
		wipe(body), wipe(wire);
	for (guint i = 0; i < MEDIA_FDS; i++)
		out->fds[i] = i < n ? fcntl(fds[i], F_DUPFD_CLOEXEC, 0) : -1;
	out->fds_n = n;
	return out;
}

static bool
send_frame(MediaLink *link, enum media_kind kind, GVariant *floating, const int *fds, guint n)
{
	g_autoptr(GVariant) body = g_variant_ref_sink(floating);
	const struct media_kind_row *row = &media_kinds[kind];
	struct out *out;

	if (link->fd < 0 || link->mute || !may(link->to_media, kind) || n > MEDIA_FDS)
		return false;
	if (!g_variant_is_of_type(body, G_VARIANT_TYPE(row->type)) || g_variant_get_size(body) > row->max || !is_sound(kind, body))
		return false;
	if (link->waiting + row->max > BACKLOG) { /* a reader that stopped: it counts as gone */
		link->mute = true;
		shutdown(link->fd, SHUT_RDWR);
		drop_out(link);
		return false;
	}
	out = out_new(kind, body, fds, n);
	g_queue_push_tail(link->out, out);
	link->waiting += out->length;
	if (link->out->length == 1)
		on_writable(link->fd, G_IO_OUT, link);
	if (link->out->length && !link->writer)
		link->writer = watch(link, G_IO_OUT, on_writable);
	return !link->mute;
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
	return send_frame(link, kind, body, fds, n);
}

size_t
media_link_waiting(const MediaLink *link)
{
	return link->waiting;
}

/* ---- life ---- */

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
	link->reader = watch(link, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable);
	send_frame(link, MEDIA_HELLO, g_variant_new("(us)", (guint32)MEDIA_LINK_VERSION, SOTTO_VERSION), NULL, 0);
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
