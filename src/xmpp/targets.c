/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where to knock for a domain. */
#include "xmpp/targets.h"

#include <string.h>

enum { MOST = 16 };

static const struct {
	const char *service;
	bool direct;
	enum stream_tls only;
	guint16 port;
} kinds[] = {
	{ "xmpp-client", false, STREAM_TLS_STARTTLS, 5222 },
	{ "xmpps-client", true, STREAM_TLS_DIRECT, 5223 },
};

struct search {
	char *domain;
	enum stream_tls tls;
	guint waiting;
	bool told[2]; /* by kind: there was an answer, if only "not here" */
	GList *found; /* GSrvTarget of both kinds */
	GHashTable *direct;
	GCancellable *cancellable;
	targets_done done;
	gpointer data;
};

struct lookup {
	struct search *search;
	guint kind;
};

static void
target_free(gpointer data)
{
	struct target *target = data;

	g_free(target->host);
	g_free(target);
}

static void
add(GPtrArray *targets, const char *host, guint16 port, bool direct)
{
	struct target *target = g_new(struct target, 1);

	*target = (struct target){ g_strdup(host), port, direct };
	g_ptr_array_add(targets, target);
}

static bool
wanted(enum stream_tls tls, guint kind)
{
	return tls == STREAM_TLS_AUTO || tls == kinds[kind].only;
}

/* RFC 6120 §3.2.2: where nothing is said, the domain itself; what was said not to be there is not guessed. */
static void
add_usual(GPtrArray *targets, const struct search *search)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (wanted(search->tls, i) && !search->told[0] && !search->told[i])
			add(targets, search->domain, kinds[i].port, kinds[i].direct);
	}
}

static void
search_free(struct search *search)
{
	g_resolver_free_targets(search->found);
	g_hash_table_unref(search->direct);
	g_object_unref(search->cancellable);
	g_free(search->domain);
	g_free(search);
}

static void
finish(struct search *search)
{
	g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(target_free);
	g_autoptr(GError) error = NULL;

	search->found = g_srv_target_list_sort(search->found);
	for (GList *l = search->found; l && targets->len < MOST; l = l->next) {
		GSrvTarget *target = l->data;
		add(targets, g_srv_target_get_hostname(target), g_srv_target_get_port(target),
			g_hash_table_contains(search->direct, target));
	}
	if (!search->found)
		add_usual(targets, search);
	if (!targets->len)
		fault(&error, FAULT_NETWORK, "%s says that it offers no service for clients", search->domain);
	if (!g_cancellable_is_cancelled(search->cancellable))
		search->done(error ? NULL : targets, error, search->data);
	search_free(search);
}

static void
on_answer(GObject *resolver, GAsyncResult *result, gpointer data)
{
	struct lookup *lookup = data;
	struct search *search = lookup->search;
	g_autoptr(GError) error = NULL;
	g_autoptr(GList) list = g_resolver_lookup_service_finish(G_RESOLVER(resolver), result, &error);

	/* RFC 2782: the root as target means "decidedly not available"; alone, GLib takes it away, and nothing is left and nothing
	 * wrong. */
	search->told[lookup->kind] = error == NULL;
	/* Only forwards: what GLib sorted has no right links back. */
	for (GList *l = list; l; l = l->next) {
		GSrvTarget *target = l->data;
		if (strcmp(g_srv_target_get_hostname(target), ".") == 0 || !*g_srv_target_get_hostname(target)) {
			g_srv_target_free(target);
			continue;
		}
		if (kinds[lookup->kind].direct)
			g_hash_table_add(search->direct, target);
		search->found = g_list_prepend(search->found, target);
	}
	g_free(lookup);
	if (--search->waiting == 0)
		finish(search);
}

static gboolean
on_idle(gpointer data)
{
	struct search *search = data;

	if (--search->waiting == 0)
		finish(search);
	return G_SOURCE_REMOVE;
}

/* Nothing to look up: a name was given, or a proxy will resolve it. */
static gboolean
on_configured(gpointer data)
{
	struct lookup *lookup = data;
	struct search *search = lookup->search;
	g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(target_free);
	guint16 port = (guint16)lookup->kind;
	bool direct = search->tls == STREAM_TLS_DIRECT || (search->tls == STREAM_TLS_AUTO && (port == 5223 || port == 443));

	if (port)
		add(targets, search->domain, port, direct);
	else
		add_usual(targets, search);
	if (!g_cancellable_is_cancelled(search->cancellable))
		search->done(targets, NULL, search->data);
	search_free(search);
	g_free(lookup);
	return G_SOURCE_REMOVE;
}

void
targets_find(const struct stream_config *config, const char *domain, GCancellable *cancellable, targets_done done, gpointer data)
{
	struct search *search = g_new0(struct search, 1);
	g_autoptr(GResolver) resolver = NULL;

	search->domain = g_strdup(config->host ? config->host : domain);
	search->tls = config->tls;
	search->direct = g_hash_table_new(NULL, NULL);
	search->cancellable = g_object_ref(cancellable);
	search->done = done;
	search->data = data;
	if (config->host || config->port || config->proxy || g_hostname_is_ip_address(domain)) {
		struct lookup *lookup = g_new(struct lookup, 1);
		*lookup = (struct lookup){ search, config->port };
		g_idle_add(on_configured, lookup);
		return;
	}
	resolver = g_resolver_get_default();
	search->waiting = 1;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct lookup *lookup;
		if (!wanted(config->tls, i))
			continue;
		lookup = g_new(struct lookup, 1);
		*lookup = (struct lookup){ search, i };
		search->waiting++;
		g_resolver_lookup_service_async(resolver, kinds[i].service, "tcp", domain, cancellable, on_answer, lookup);
	}
	g_idle_add(on_idle, search);
}
