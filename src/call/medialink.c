/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto's way to the media of one call: the link, the child behind it or the socket it came by, and one sentence when it is over.
 */
#define _GNU_SOURCE
#include "call/medialink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/error.h"
#include "api/log.h"
#include "api/timer.h"
#include "call/medialink-private.h"

enum {
	HELLO_MS = 10000, /* a program that loads, or ssh on a slow line */
	STATUS_MS = 500,  /* between the end of the link and that of the child, in whichever order */
};
enum { AUDIO_SOURCE = 7, AUDIO_SINK = 8, VIDEO_SOURCE = 9 };

/* What waits for START, which waits for names. */
struct held {
	enum media_kind kind;
	GVariant *body;
	int fds[MEDIA_FDS];
	guint n;
};

struct Media {
	MediaLink *link; /* NULL: over */
	MediaChild *child;
	char *socket; /* far: where it was reached */
	const struct media_link_hooks *hooks;
	gpointer owner;
	bool greeted, told, stopped;
	guint busy, timer;
	GError *end;         /* of the link */
	char *child_end;     /* how the child ended, when not well */
	GQueue *held;        /* struct held; NULL: nothing has to wait */
	GCancellable *names; /* of START under way */
	int fds[MEDIA_FDS];  /* of START under way */
	guint fds_n;
};

/* ---- the end ---- */

static void
held_free(struct held *held)
{
	for (guint i = 0; i < held->n; i++)
		close(held->fds[i]);
	if (media_kinds[held->kind].secret)
		media_link_wipe(held->body);
	g_variant_unref(held->body);
	g_free(held);
}

static void
drop_held(Media *media)
{
	if (media->held)
		g_queue_free_full(g_steal_pointer(&media->held), (GDestroyNotify)held_free);
	if (media->names)
		g_cancellable_cancel(media->names);
	g_clear_object(&media->names);
	for (guint i = 0; i < media->fds_n; i++)
		close(media->fds[i]);
	media->fds_n = 0;
}

static void
drop_timer(Media *media)
{
	if (media->timer)
		clock_cancel(media->timer);
	media->timer = 0;
}

static void
media_free(Media *media)
{
	g_clear_pointer(&media->link, media_link_free);
	g_clear_error(&media->end);
	g_free(media->child_end);
	g_free(media->socket);
	g_free(media);
}

static GError *
sentence(const Media *media)
{
	bool plain = !media->end || g_error_matches(media->end, FAULT, FAULT_GONE);

	if (!plain)
		return g_error_copy(media->end);
	if (media->socket && !media->greeted)
		return g_error_new(FAULT, FAULT_GONE, "nobody answers at %s: is sotto-media --listen running at the other end?",
			media->socket);
	if (media->socket)
		return g_error_new(FAULT, FAULT_GONE, "the connection by %s was closed", media->socket);
	return g_error_new_literal(FAULT, FAULT_GONE, media->child_end ? media->child_end : "sotto-media ended");
}

static void
tell(Media *media)
{
	g_autoptr(GError) why = sentence(media);

	if (media->told || media->stopped)
		return;
	media->told = true;
	drop_timer(media);
	drop_held(media);
	g_clear_pointer(&media->link, media_link_free);
	log_info("media: %s", why->message);
	media->busy++;
	media->hooks->ended(media->owner, why);
	if (!--media->busy && media->stopped)
		media_free(media);
}

static void
on_status_late(gpointer data)
{
	Media *media = data;

	media->timer = 0;
	tell(media);
}

/* The link and the child end together: the one has the last words, the other the status. What broke the rules says enough. */
static void
wait_for_other_half(Media *media)
{
	bool broken = media->end && !g_error_matches(media->end, FAULT, FAULT_GONE);

	drop_timer(media);
	if (broken || (media->end && (!media->child || media_child_ended(media->child))))
		tell(media);
	else
		media->timer = clock_after(STATUS_MS, on_status_late, media, NULL);
}

static void
on_child_ended(gpointer owner, const char *why)
{
	Media *media = owner;

	media->child_end = g_strdup(why);
	if (!media->told)
		wait_for_other_half(media);
}

static void
on_link_ended(gpointer owner, const GError *error)
{
	Media *media = owner;

	media->end = g_error_copy(error);
	wait_for_other_half(media);
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	Media *media = owner;

	if (kind == MEDIA_HELLO) {
		media->greeted = true;
		drop_timer(media);
	}
	media->busy++;
	media->hooks->frame(media->owner, kind, body, fds);
	if (!--media->busy && media->stopped)
		media_free(media);
}

static const struct media_link_hooks link_hooks = { on_frame, on_link_ended };

static void
on_no_hello(gpointer data)
{
	Media *media = data;

	media->timer = 0;
	fault(&media->end, FAULT_NETWORK, media->socket ? "nobody answers at %s" : "sotto-media does not answer", media->socket);
	tell(media);
}

/* ---- START and what waits for it ---- */

static bool
send_or_hold(Media *media, enum media_kind kind, GVariant *floating, int *fds, guint n)
{
	g_autoptr(GVariant) body = g_variant_ref_sink(floating);
	struct held *held;
	bool sent = true;

	if (media->held) {
		held = g_new0(struct held, 1);
		*held = (struct held){ kind, g_steal_pointer(&body), .n = n };
		for (guint i = 0; i < n; i++)
			held->fds[i] = fds[i];
		g_queue_push_tail(media->held, held);
		return true;
	}
	if (media->told && media_kinds[kind].secret)
		media_link_wipe(body);
	sent = !media->told && media_link_send_fds(media->link, kind, body, fds, n);
	for (guint i = 0; i < n; i++)
		close(fds[i]);
	return sent;
}

static void
on_start_ready(gpointer owner, GVariant *start)
{
	Media *media = owner;
	GQueue *held = g_steal_pointer(&media->held);
	guint n = media->fds_n;
	struct held *next;

	g_clear_object(&media->names);
	media->fds_n = 0;
	send_or_hold(media, MEDIA_START, start, media->fds, n);
	while ((next = g_queue_pop_head(held))) {
		send_or_hold(media, next->kind, next->body, next->fds, next->n);
		next->n = 0; /* closed */
		held_free(next);
	}
	g_queue_free(held);
}

/* START with other words for its sources and sinks. */
static GVariant *
with_words(GVariant *start, char *const words[3])
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE(MEDIA_START_TYPE));
	for (gsize child = 0; child < g_variant_n_children(start); child++) {
		g_autoptr(GVariant) value = g_variant_get_child_value(start, child);

		g_variant_builder_add_value(&builder,
			child >= AUDIO_SOURCE && child <= VIDEO_SOURCE ? g_variant_new_string(words[child - AUDIO_SOURCE]) : value);
	}
	return g_variant_builder_end(&builder);
}

static bool
open_file(const Media *media, char **word, bool write, int *fds, guint *n, GError **error)
{
	if (media->socket && g_str_has_prefix(*word, "file:"))
		return fault(error, FAULT_INPUT,
			"%s: the machine at the other end of media.socket opens no files for this one - choose auto, device:ID, "
			"test or none",
			*word);
	return media_file_open(word, write, fds, n, error);
}

/* Of its own memory, all of it: what is sent is wiped, and callers keep parts of theirs. */
static GVariant *
copy(GVariant *floating)
{
	g_autoptr(GVariant) body = g_variant_ref_sink(floating);
	gsize length = g_variant_get_size(body);
	gpointer bytes = g_malloc(MAX(length, 1));

	g_variant_store(body, bytes);
	return g_variant_ref_sink(g_variant_new_from_data(g_variant_get_type(body), bytes, length, TRUE, g_free, bytes));
}

bool
media_begin(Media *media, GVariant *floating, GError **error)
{
	g_autoptr(GVariant) start = copy(floating);
	char *words[3] = { NULL };
	bool good = true;

	if (media->told || media->held)
		return fault(error, FAULT_GONE, "sotto-media is gone");
	for (guint i = 0; i < 3; i++) {
		g_variant_get_child(start, AUDIO_SOURCE + i, "s", &words[i]);
		good = good && open_file(media, &words[i], AUDIO_SOURCE + i == AUDIO_SINK, media->fds, &media->fds_n, error);
	}
	if (good) {
		media->held = g_queue_new();
		media->names = g_cancellable_new();
		media_names_resolve(with_words(start, words), media->names, on_start_ready, media);
	} else {
		drop_held(media);
	}
	for (guint i = 0; i < 3; i++)
		g_free(words[i]);
	return good;
}

bool
media_set(Media *media, const char *control, const char *value, GError **error)
{
	g_autofree char *word = g_strdup(value);
	int fds[MEDIA_FDS];
	guint n = 0;

	if (g_str_has_suffix(control, "-source") || g_str_has_suffix(control, "-sink"))
		if (!open_file(media, &word, g_str_has_suffix(control, "-sink"), fds, &n, error))
			return false;
	if (send_or_hold(media, MEDIA_SET, g_variant_new("(ss)", control, word), fds, n))
		return true;
	return fault(error, FAULT_GONE, "sotto-media is gone");
}

bool
media_send(Media *media, enum media_kind kind, GVariant *body)
{
	return send_or_hold(media, kind, body, NULL, 0);
}

/* ---- life ---- */

static int
reach(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t length = sizeof peer;
	int fd;

	if (!g_path_is_absolute(path) || strlen(path) >= sizeof address.sun_path) {
		fault(error, FAULT_INPUT, "media.socket: \"%s\" is no absolute path of a socket", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address) &&
		!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length)) {
		/* Who listens there hears the call. */
		if (peer.uid == geteuid() || peer.uid == 0)
			return fd;
		fault(error, FAULT_TRUST, "the socket %s belongs to another user (%u)", path, (guint)peer.uid);
	} else {
		fault(error, FAULT_GONE, "cannot reach sotto-media at %s: %s", path, g_strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

Media *
media_start(const char *socket, const struct media_link_hooks *hooks, gpointer owner, GError **error)
{
	Media *media = g_new0(Media, 1);
	int fd = -1;

	media->hooks = hooks;
	media->owner = owner;
	if (socket && *socket) {
		media->socket = g_strdup(socket);
		fd = reach(socket, error);
	} else {
		media->child = media_child_start(&fd, on_child_ended, media, error);
	}
	if (fd < 0) {
		media_free(media);
		return NULL;
	}
	media->link = media_link_new(fd, true, &link_hooks, media);
	media->timer = clock_after(HELLO_MS, on_no_hello, media, NULL);
	return media;
}

void
media_stop(Media *media)
{
	if (!media || media->stopped)
		return;
	media->stopped = true;
	drop_timer(media);
	drop_held(media);
	g_clear_pointer(&media->link, media_link_free);
	if (media->child)
		media_child_leave(g_steal_pointer(&media->child));
	if (!media->busy)
		media_free(media);
}

bool
media_is_far(const Media *media)
{
	return media->socket;
}
