/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each connection to the port gets one of its own to the relay; bytes go both ways until one end closes. */
#include "media/bridge.h"

#include "media/relaytls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

enum {
	CONNECTIONS = 16, /* in all: an ICE stream has one, a restart another; who else is on this machine gets no more */
};

struct Bridge {
	GSocketService *service;
	GSocketClient *client;
	GSocketConnectable *to;
	char *name, *authorities; /* of the relay; NULL: no TLS */
	guint16 port;
	guint connections;
	GCancellable *cancellable; /* all that is under way: it ends with us */
	void (*failed)(gpointer owner, const GError *why);
	gpointer owner;
};

/* One connection on its way; it may end after its bridge: then that is cancelled. */
struct crossing {
	Bridge *bridge;
	GSocketConnection *near;
	GIOStream *far;
	GCancellable *cancellable;
};

static void
crossing_free(struct crossing *crossing)
{
	g_io_stream_close(G_IO_STREAM(crossing->near), NULL, NULL);
	g_object_unref(crossing->near);
	g_clear_object(&crossing->far);
	g_object_unref(crossing->cancellable);
	g_free(crossing);
}

/* The first failure is that of the relay. */
static void
give_up(struct crossing *crossing, const GError *why)
{
	Bridge *bridge = g_cancellable_is_cancelled(crossing->cancellable) ? NULL : crossing->bridge;
	void (*failed)(gpointer owner, const GError *why) = bridge ? bridge->failed : NULL;

	crossing_free(crossing);
	if (failed) {
		bridge->failed = NULL;
		failed(bridge->owner, why);
	}
}

/* Sound does not wait for a segment to be full. */
static void
hurry(GSocketConnection *connection)
{
	g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
}

static void
on_spliced(GObject *source, GAsyncResult *result, gpointer data)
{
	(void)source;
	g_io_stream_splice_finish(result, NULL);
	crossing_free(data);
}

static void
splice(struct crossing *crossing)
{
	g_io_stream_splice_async(G_IO_STREAM(crossing->near), crossing->far,
		G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2, G_PRIORITY_DEFAULT, crossing->cancellable,
		on_spliced, crossing);
}

static void
on_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
	struct crossing *crossing = data;
	g_autoptr(GError) why = NULL;

	if (relaytls_finish(source, result, &why))
		splice(crossing);
	else
		give_up(crossing, why);
}

/* Where TLS was asked for it is never clear. */
static void
on_reached(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GSocketConnection) far = g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &why);
	struct crossing *crossing = data;

	if (!far || g_cancellable_set_error_if_cancelled(crossing->cancellable, &why)) {
		give_up(crossing, why);
		return;
	}
	if (G_IS_TCP_CONNECTION(far))
		hurry(far);
	if (!crossing->bridge->name) {
		crossing->far = G_IO_STREAM(g_steal_pointer(&far));
		splice(crossing);
		return;
	}
	crossing->far = relaytls_shake(G_IO_STREAM(far), crossing->bridge->name, crossing->bridge->authorities,
		crossing->cancellable, on_shaken, crossing);
	if (!crossing->far)
		give_up(crossing, NULL);
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *near, GObject *source, gpointer data)
{
	Bridge *bridge = data;
	struct crossing *crossing;

	(void)service, (void)source;
	if (bridge->connections++ >= CONNECTIONS)
		return TRUE;
	crossing = g_new0(struct crossing, 1);
	crossing->bridge = bridge;
	crossing->near = g_object_ref(near);
	crossing->cancellable = g_object_ref(bridge->cancellable);
	hurry(near);
	g_socket_client_connect_async(bridge->client, bridge->to, bridge->cancellable, on_reached, crossing);
	return TRUE;
}

static GSocketClient *
client_new(const char *proxy)
{
	GSocketClient *client = g_socket_client_new();
	bool proxied = proxy && *proxy;
	g_autoptr(GProxyResolver) resolver = proxied ? g_simple_proxy_resolver_new(proxy, NULL) : NULL;

	g_socket_client_set_enable_proxy(client, proxied);
	if (proxied)
		g_socket_client_set_proxy_resolver(client, resolver);
	g_socket_client_set_timeout(client, 0);
	return client;
}

static bool
listen_here(Bridge *bridge, GError **error)
{
	g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0), got = NULL;

	bridge->service = g_socket_service_new();
	if (!g_socket_listener_add_address(
		    G_SOCKET_LISTENER(bridge->service), any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &got, NULL))
		return fault(error, FAULT_BUSY, "there is no port for the way to the relay");
	bridge->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
	g_signal_connect(bridge->service, "incoming", G_CALLBACK(on_incoming), bridge);
	g_socket_service_start(bridge->service);
	return true;
}

Bridge *
bridge_new(const struct bridge_end *end, void (*failed)(gpointer owner, const GError *why), gpointer owner, GError **error)
{
	g_autoptr(Bridge) bridge = g_new0(Bridge, 1);
	bool by_name = !end->address || !*end->address;

	bridge->cancellable = g_cancellable_new();
	bridge->client = client_new(end->proxy);
	bridge->name = end->tls ? g_strdup(end->name) : NULL;
	bridge->authorities = g_strdup(end->authorities);
	bridge->failed = failed;
	bridge->owner = owner;
	bridge->to = by_name ? g_network_address_new(end->name, end->port)
			     : G_SOCKET_CONNECTABLE(g_inet_socket_address_new_from_string(end->address, end->port));
	if (!bridge->to)
		return fault_null(error, FAULT_INPUT, "the relay %s has no address", end->name);
	if (!listen_here(bridge, error))
		return NULL;
	return g_steal_pointer(&bridge);
}

void
bridge_free(Bridge *bridge)
{
	if (!bridge)
		return;
	g_cancellable_cancel(bridge->cancellable);
	if (bridge->service) {
		g_signal_handlers_disconnect_by_data(bridge->service, bridge);
		g_socket_service_stop(bridge->service);
		g_socket_listener_close(G_SOCKET_LISTENER(bridge->service));
		g_object_unref(bridge->service);
	}
	g_clear_object(&bridge->client);
	g_clear_object(&bridge->to);
	g_free(bridge->name);
	g_free(bridge->authorities);
	g_object_unref(bridge->cancellable);
	g_free(bridge);
}

guint16
bridge_port(const Bridge *bridge)
{
	return bridge->port;
}
