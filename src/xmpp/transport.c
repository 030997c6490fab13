/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transport from opening to end: addresses one after the other, over GIO. Asynchronous calls hold a reference; what arrives
 * after the end is thrown away. */
#include "xmpp/transport.h"

#include "api/log.h"
#include "api/timer.h"
#include "xmpp/link.h"
#include "xmpp/targets.h"
#include "xmpp/transport-private.h"

#include <string.h>

enum { BYE_MS = 2000 };

static transport_factory factory;

void
transport_set_factory(transport_factory make)
{
	factory = make;
}

Transport *
transport_ref(Transport *transport)
{
	transport->refs++;
	return transport;
}

void
transport_unref(Transport *transport)
{
	if (--transport->refs)
		return;
	g_clear_object(&transport->stream);
	g_clear_object(&transport->cancellable);
	g_clear_pointer(&transport->targets, g_ptr_array_unref);
	g_clear_error(&transport->last_error);
	g_byte_array_unref(transport->out);
	facts_clear(&transport->facts);
	g_free(transport->refused);
	g_free(transport->domain);
	g_free(transport->proxy);
	g_free(transport->ca_file);
	g_free(transport->fingerprint);
	g_free(transport);
}

static void
end(Transport *transport)
{
	transport->closed = true;
	clock_cancel(transport->timer);
	transport->timer = 0;
	g_cancellable_cancel(transport->cancellable);
	/* The descriptor goes when the last reference to the stream does; do not wait for pending calls to say goodbye to it. */
	if (transport->stream && !transport->made) {
		GIOStream *base = transport->stream;
		g_autoptr(GIOStream) under = NULL;
		if (G_IS_TLS_CONNECTION(base))
			g_object_get(base, "base-io-stream", &under, NULL);
		if (G_IS_SOCKET_CONNECTION(under ? under : base))
			g_socket_shutdown(
				g_socket_connection_get_socket(G_SOCKET_CONNECTION(under ? under : base)), TRUE, TRUE, NULL);
	}
}

void
transport_free(Transport *transport)
{
	if (!transport)
		return;
	if (!transport->closed)
		end(transport);
	transport_unref(transport);
}

static void
on_bye_late(gpointer data)
{
	Transport *transport = data;

	transport->timer = 0;
	if (!transport->closed)
		end(transport);
	transport_unref(transport);
}

void
transport_bye(Transport *transport)
{
	if (!transport || transport->closed || transport->shaking || !transport->stream) {
		transport_free(transport);
		return;
	}
	clock_cancel(transport->timer);
	transport->leaving = true;
	transport->held = false;
	transport_read_on(transport);
	transport->timer = clock_after(BYE_MS, on_bye_late, transport, NULL);
	transport_finish(transport);
}

void
transport_lose(Transport *transport, const GError *error)
{
	if (transport->closed)
		return;
	if (transport->leaving) {
		end(transport);
		transport_unref(transport);
		return;
	}
	end(transport);
	transport->hooks->lost(transport->data, error);
}

bool
transport_stands(const Transport *transport)
{
	return link_stands(transport->fd);
}

const struct transport_facts *
transport_facts(const Transport *transport)
{
	return &transport->facts;
}

/* ---- connecting ---- */

static char *
ip_of(GSocketConnection *connection)
{
	g_autoptr(GSocketAddress) address = g_socket_connection_get_remote_address(connection, NULL);

	return G_IS_INET_SOCKET_ADDRESS(address)
		       ? g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)))
		       : NULL;
}

static void
on_link(GSocketConnection *connection, const GError *error, gpointer data)
{
	Transport *transport = data;

	if (transport->closed) {
		g_clear_object(&connection);
	} else if (!connection) {
		g_clear_error(&transport->last_error);
		fault(&transport->last_error, FAULT_NETWORK, "%s%s cannot be reached: %s", transport->facts.address,
			transport->facts.proxied ? " through the proxy" : "", error->message);
		transport_try_next(transport);
	} else {
		transport->stream = G_IO_STREAM(connection);
		transport->fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
		g_free(transport->facts.ip);
		transport->facts.ip = transport->facts.proxied ? NULL : ip_of(connection);
		log_info("%s: connected to %s", transport->domain, transport->facts.address);
		if (transport->facts.direct)
			transport_shake(transport);
		else
			transport->hooks->connected(transport->data, false);
		if (!transport->closed && !transport->shaking)
			transport_read_on(transport);
	}
	transport_unref(transport);
}

void
transport_try_next(Transport *transport)
{
	const struct target *target;

	if (transport->next_target == transport->targets->len) {
		transport_lose(transport, transport->last_error);
		return;
	}
	target = g_ptr_array_index(transport->targets, transport->next_target++);
	g_free(transport->facts.address);
	transport->facts.address = g_strdup_printf("%s port %u", target->host, target->port);
	transport->facts.direct = target->direct;
	link_open(target->host, target->port, transport->proxy, transport->cancellable, on_link, transport_ref(transport));
}

static void
on_targets(GPtrArray *targets, const GError *error, gpointer data)
{
	Transport *transport = data;

	if (error) {
		transport_lose(transport, error);
	} else if (!transport->closed) {
		transport->targets = g_ptr_array_ref(targets);
		transport_try_next(transport);
	}
}

static gboolean
on_made(gpointer data)
{
	Transport *transport = data;

	if (transport->leaving) {
		transport_unref(transport);
		return G_SOURCE_REMOVE;
	}
	if (!transport->closed && !transport->stream) {
		g_autoptr(GError) error = NULL;
		fault(&error, FAULT_NETWORK, "the server cannot be reached");
		transport_lose(transport, error);
	} else if (!transport->closed) {
		transport->hooks->connected(transport->data, transport->facts.secure);
		if (!transport->closed)
			transport_read_on(transport);
	}
	transport_unref(transport);
	return G_SOURCE_REMOVE;
}

/* Socks 4 would have us resolve names; what is not known here is refused instead of being passed by. */
static bool
proxy_is_known(const char *proxy)
{
	return g_str_has_prefix(proxy, "socks5://") || g_str_has_prefix(proxy, "http://");
}

static gboolean
on_unknown_proxy(gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;

	fault(&error, FAULT_INPUT, "the proxy must be written as socks5://host:port or http://host:port");
	transport_lose(transport, error);
	transport_unref(transport);
	return G_SOURCE_REMOVE;
}

Transport *
transport_open(const struct stream_config *config, const char *domain, const struct transport_hooks *hooks, gpointer data)
{
	Transport *transport = g_new0(Transport, 1);

	transport->refs = 1;
	transport->fd = -1;
	transport->hooks = hooks;
	transport->data = data;
	transport->domain = g_hostname_to_ascii(domain);
	if (!transport->domain)
		transport->domain = g_strdup(domain);
	transport->proxy = g_strdup(config->proxy);
	transport->ca_file = g_strdup(config->ca_file);
	transport->fingerprint = g_strdup(config->fingerprint);
	transport->facts.proxied = config->proxy != NULL;
	transport->cancellable = g_cancellable_new();
	transport->out = g_byte_array_new();
	if (factory) {
		transport->made = true;
		transport->stream = factory(config, &transport->facts);
		g_idle_add(on_made, transport_ref(transport));
	} else if (config->proxy && !proxy_is_known(config->proxy)) {
		g_idle_add(on_unknown_proxy, transport_ref(transport));
	} else {
		targets_find(config, transport->domain, transport->cancellable, on_targets, transport);
	}
	return transport;
}
