/* SPDX-License-Identifier: GPL-3.0-or-later */
/* START made ready for sotto-media, which opens no file and asks no resolver: files become descriptors, names addresses. */
#include "call/medialink-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/error.h"
#include "base/files.h"
#include "base/medialink.h"

enum { RELAYS = 5, PROXY = 6, RELAYS_MAX = 16, NAMES_MS = 3000, NAME_MAX_BYTES = 255 };

#define RELAY_TYPE "(ssqsss)"

/* ---- files ---- */

static int
open_source(const char *path, GError **error)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		fault(error, FAULT_INPUT, "cannot play %s: %s", path, g_strerror(errno));
	} else if (fstat(fd, &about) || !S_ISREG(about.st_mode)) {
		fault(error, FAULT_INPUT, "cannot play %s: it is no plain file", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

bool
media_file_open(char **word, bool write, int *fds, guint *n, GError **error)
{
	const char *name;
	g_autofree char *path = NULL;
	int fd;

	if (!g_str_has_prefix(*word, "file:"))
		return true;
	name = *word + strlen("file:");
	path = g_str_has_prefix(name, "~/") ? g_build_filename(g_get_home_dir(), name + 2, NULL) : g_strdup(name);
	if (*n == MEDIA_FDS)
		return fault(error, FAULT_BUSY, "cannot use %s: there are too many files", path);
	fd = write ? files_open(path, O_WRONLY | O_CREAT | O_TRUNC, error) : open_source(path, error);
	if (fd < 0)
		return false;
	g_free(*word);
	*word = g_strdup_printf("fd:%u", *n);
	fds[(*n)++] = fd;
	return true;
}

/* ---- names ---- */

struct resolving {
	GVariant *start;
	GCancellable *cancellable, *lookups; /* the owner's, ours: when time is over */
	gulong linked;
	GPtrArray *hosts;   /* of each relay its addresses as text, GPtrArray, may be empty */
	GPtrArray *proxies; /* of the proxy; NULL: there is none, or it is written as an address */
	guint pending, timer;
	void (*done)(gpointer owner, GVariant *start);
	gpointer owner;
};

struct lookup {
	struct resolving *all;
	GPtrArray *addresses; /* "name/address" */
	char *name;           /* what a certificate must bear */
};

/* The proxy with its address in place of its name. A name without one stays a name: then nothing gets anywhere, and nothing past
 * it. */
static char *
proxy_with_address(const char *proxy, const GPtrArray *found)
{
	g_autoptr(GUri) uri = g_uri_parse(proxy, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL);
	const char *address = "invalid";

	/* Only one fits in: IPv4 is there more often than IPv6 is routed. */
	for (guint i = 0; i < found->len; i++)
		if (!i || !strchr(found->pdata[i], ':'))
			address = strchr(found->pdata[i], '/') + 1;
	return g_uri_join_with_user(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, uri ? g_uri_get_scheme(uri) : "socks5",
		uri ? g_uri_get_user(uri) : NULL, uri ? g_uri_get_password(uri) : NULL, NULL, address,
		uri ? g_uri_get_port(uri) : 9, "", NULL, NULL);
}

/* One relay for each of its addresses. */
static void
add_relay(GVariantBuilder *builder, GVariant *relay, GPtrArray *addresses)
{
	for (guint i = 0; i < addresses->len; i++) {
		g_variant_builder_open(builder, G_VARIANT_TYPE(RELAY_TYPE));
		for (gsize child = 0; child < g_variant_n_children(relay); child++) {
			g_autoptr(GVariant) value = g_variant_get_child_value(relay, child);

			g_variant_builder_add_value(builder, child == 1 ? g_variant_new_string(addresses->pdata[i]) : value);
		}
		g_variant_builder_close(builder);
	}
}

static GVariant *
with_addresses(struct resolving *all)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE(MEDIA_START_TYPE));
	for (gsize child = 0; child < g_variant_n_children(all->start); child++) {
		g_autoptr(GVariant) value = g_variant_get_child_value(all->start, child);

		if (child == PROXY && all->proxies) {
			const char *proxy = g_variant_get_string(value, NULL);

			g_variant_builder_add_value(&builder, g_variant_new_take_string(proxy_with_address(proxy, all->proxies)));
			continue;
		}
		if (child != RELAYS) {
			g_variant_builder_add_value(&builder, value);
			continue;
		}
		g_variant_builder_open(&builder, G_VARIANT_TYPE("a" RELAY_TYPE));
		for (guint i = 0; i < all->hosts->len; i++) {
			g_autoptr(GVariant) relay = g_variant_get_child_value(value, i);

			add_relay(&builder, relay, all->hosts->pdata[i]);
		}
		g_variant_builder_close(&builder);
	}
	return g_variant_builder_end(&builder);
}

static void
finish(struct resolving *all)
{
	if (all->timer)
		g_source_remove(all->timer);
	g_cancellable_disconnect(all->cancellable, all->linked);
	if (!g_cancellable_is_cancelled(all->cancellable))
		all->done(all->owner, with_addresses(all));
	g_variant_unref(all->start);
	g_object_unref(all->cancellable);
	g_object_unref(all->lookups);
	g_ptr_array_unref(all->hosts);
	g_clear_pointer(&all->proxies, g_ptr_array_unref);
	g_free(all);
}

/* The first of each family: a relay is not asked twice by one way. */
static void
take_addresses(struct lookup *lookup, GList *found)
{
	bool taken[2] = { false, false };

	for (GList *item = found; item; item = item->next) {
		bool six = g_inet_address_get_family(item->data) == G_SOCKET_FAMILY_IPV6;
		g_autofree char *text = g_inet_address_to_string(item->data);

		if (!taken[six])
			g_ptr_array_add(lookup->addresses, g_strdup_printf("%s/%s", lookup->name, text));
		taken[six] = true;
	}
}

static void
on_resolved(GObject *source, GAsyncResult *result, gpointer data)
{
	struct lookup *lookup = data;
	struct resolving *all = lookup->all;
	GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, NULL);

	take_addresses(lookup, found);
	g_resolver_free_addresses(found);
	g_free(lookup->name);
	g_free(lookup);
	if (!--all->pending)
		finish(all);
}

static gboolean
on_time_over(gpointer data)
{
	struct resolving *all = data;

	all->timer = 0;
	g_cancellable_cancel(all->lookups);
	return G_SOURCE_REMOVE;
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
	(void)cancellable;
	g_cancellable_cancel(data);
}

static void
look_up(struct resolving *all, const char *name, GPtrArray *addresses)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	struct lookup *lookup;

	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX_BYTES)
		return;
	lookup = g_new(struct lookup, 1);
	*lookup = (struct lookup){ all, addresses, g_strdup(name) };
	all->pending++;
	g_resolver_lookup_by_name_async(resolver, name, all->lookups, on_resolved, lookup);
}

static void
look_up_relay(struct resolving *all, const char *name, bool by_proxy)
{
	GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(all->hosts, addresses);
	if (by_proxy || g_hostname_is_ip_address(name))
		g_ptr_array_add(addresses, g_strdup(name));
	else
		look_up(all, name, addresses);
}

static void
look_up_proxy(struct resolving *all, const char *proxy)
{
	g_autoptr(GUri) uri = g_uri_parse(proxy, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL);

	if (uri && g_uri_get_host(uri) && g_hostname_is_ip_address(g_uri_get_host(uri)))
		return;
	all->proxies = g_ptr_array_new_with_free_func(g_free);
	if (uri && g_uri_get_host(uri))
		look_up(all, g_uri_get_host(uri), all->proxies);
}

static gboolean
on_nothing_to_do(gpointer data)
{
	struct resolving *all = data;

	if (!--all->pending)
		finish(all);
	return G_SOURCE_REMOVE;
}

void
media_names_resolve(GVariant *start, GCancellable *cancellable, void (*done)(gpointer owner, GVariant *start), gpointer owner)
{
	struct resolving *all = g_new0(struct resolving, 1);
	g_autoptr(GVariant) relays = g_variant_get_child_value(start, RELAYS);
	const char *proxy;

	g_variant_get_child(start, PROXY, "&s", &proxy);
	all->start = g_variant_ref_sink(start);
	all->cancellable = g_object_ref(cancellable);
	all->lookups = g_cancellable_new();
	all->linked = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), g_object_ref(all->lookups), g_object_unref);
	all->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	all->done = done;
	all->owner = owner;
	all->pending = 1;
	for (gsize i = 0; i < MIN(g_variant_n_children(relays), RELAYS_MAX); i++) {
		const char *name;

		g_variant_get_child(relays, i, "(@s&sq@s@s@s)", NULL, &name, NULL, NULL, NULL, NULL);
		look_up_relay(all, name, *proxy);
	}
	if (*proxy)
		look_up_proxy(all, proxy);
	all->timer = g_timeout_add(NAMES_MS, on_time_over, all);
	g_idle_add(on_nothing_to_do, all);
}
