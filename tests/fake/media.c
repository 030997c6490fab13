/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seam of media. */
#include "fake/media.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* One call's. */
struct use {
	FakeMedia *media;
	MediaLink *link;
};

struct FakeMedia {
	GSocketService *service;
	char *path;
	GPtrArray *running; /* of struct use, newest last */
	guint uses;
	GPtrArray *heard;
};

const guint8 fake_media_fingerprint[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 26, 27, 28, 29, 30, 31, 254 };

static void
use_free(gpointer data)
{
	struct use *use = data;

	media_link_free(use->link);
	g_free(use);
}

static void
frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	const struct use *use = owner;
	g_autofree char *text = g_variant_print(body, FALSE);

	(void)fds;
	g_ptr_array_add(use->media->heard, g_strdup_printf("%s %s", media_kinds[kind].name, text));
}

static void
ended(gpointer owner, const GError *error)
{
	struct use *use = owner;

	g_ptr_array_add(use->media->heard, g_strdup_printf("END %s", error->message));
	g_ptr_array_remove(use->media->running, use);
}

static const struct media_link_hooks hooks = { frame, ended };

static gboolean
incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
	struct use *use = g_new0(struct use, 1);
	int fd = dup(g_socket_get_fd(g_socket_connection_get_socket(connection)));

	(void)service, (void)source;
	g_assert(fd >= 0);
	use->media = data;
	use->media->uses++;
	g_ptr_array_add(use->media->running, use);
	use->link = media_link_new(fd, false, &hooks, use);
	fake_media_say(data, MEDIA_HELLO, g_variant_new("(us)", MEDIA_LINK_VERSION, "fake"));
	return TRUE;
}

FakeMedia *
fake_media_new(const char *path)
{
	FakeMedia *media = g_new0(FakeMedia, 1);
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GError) error = NULL;

	media->path = g_strdup(path);
	media->running = g_ptr_array_new_with_free_func(use_free);
	media->heard = g_ptr_array_new_with_free_func(g_free);
	media->service = g_socket_service_new();
	g_socket_listener_add_address(
		G_SOCKET_LISTENER(media->service), address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
	g_assert_no_error(error);
	g_signal_connect(media->service, "incoming", G_CALLBACK(incoming), media);
	return media;
}

void
fake_media_free(FakeMedia *media)
{
	if (!media)
		return;
	g_socket_service_stop(media->service);
	g_socket_listener_close(G_SOCKET_LISTENER(media->service));
	g_object_unref(media->service);
	g_ptr_array_unref(media->running);
	g_unlink(media->path);
	g_free(media->path);
	g_ptr_array_unref(media->heard);
	g_free(media);
}

bool
fake_media_in_use(const FakeMedia *media)
{
	return media->running->len > 0;
}

guint
fake_media_uses(const FakeMedia *media)
{
	return media->uses;
}

const GPtrArray *
fake_media_heard(const FakeMedia *media)
{
	return media->heard;
}

static struct use *
newest(FakeMedia *media)
{
	return media->running->len ? g_ptr_array_index(media->running, media->running->len - 1) : NULL;
}

bool
fake_media_say(FakeMedia *media, enum media_kind kind, GVariant *body)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(body);
	const struct use *use = newest(media);

	return use && media_link_send(use->link, kind, owned);
}

void
fake_media_close(FakeMedia *media)
{
	if (newest(media))
		g_ptr_array_remove(media->running, newest(media));
}

char *
fake_media_ufrag(const char *name)
{
	return g_strdup_printf("uuuu%08x", g_str_hash(name));
}

char *
fake_media_pwd(const char *name)
{
	return g_strdup_printf("pppppppppppppppppppp%08x", g_str_hash(name));
}

bool
fake_media_local(FakeMedia *media, const char *name, const char *medium)
{
	bool video = !strcmp(medium, "video");
	g_autofree char *ufrag = fake_media_ufrag(name), *pwd = fake_media_pwd(name);
	GVariant *print = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, fake_media_fingerprint, sizeof fake_media_fingerprint, 1);

	return fake_media_say(media, MEDIA_LOCAL,
		g_variant_new("(ssss@ayuus)", name, medium, ufrag, pwd, print, video ? 3001 : 1001, video ? 3002 : 0, "cname"));
}
