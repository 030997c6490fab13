/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt at one address, and what is known of the TLS on it. */
#include "xmpp/link.h"

#include "api/timer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_MS = 15000,
	ALIVE_IDLE_S = 60, /* the kernel asks after so much silence, and gives up soon: no timer of ours */
	ALIVE_EVERY_S = 10,
	ALIVE_TIMES = 3,
	UNANSWERED_MS = 45000,
};

struct attempt {
	GCancellable *cancellable; /* of this attempt alone */
	GCancellable *outer;
	gulong chain;
	guint timer;
	bool late;
	link_done done;
	gpointer data;
};

static void
keep_alive(GSocketConnection *connection)
{
	int fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TIMES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNANSWERED_MS },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

void
link_acknowledge(int fd)
{
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
}

bool
link_stands(int fd)
{
	struct sockaddr_storage here = { 0 };
	socklen_t length = sizeof here;
	int probe;
	bool stands;

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&here, &length) != 0)
		return true;
	if (here.ss_family == AF_INET)
		((struct sockaddr_in *)&here)->sin_port = 0;
	else if (here.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&here)->sin6_port = 0;
	else
		return true;
	probe = socket(here.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return true;
	/* Nothing is sent: only an address of ours can be bound. */
	stands = bind(probe, (struct sockaddr *)&here, length) == 0 || errno != EADDRNOTAVAIL;
	close(probe);
	return stands;
}

static void
on_late(gpointer data)
{
	struct attempt *attempt = data;

	attempt->timer = 0;
	attempt->late = true;
	g_cancellable_cancel(attempt->cancellable);
}

static void
on_socket(GObject *source, GAsyncResult *result, gpointer data)
{
	struct attempt *attempt = data;
	g_autoptr(GError) error = NULL;
	GSocketConnection *connection = g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source), result, &error);

	clock_cancel(attempt->timer);
	if (connection)
		keep_alive(connection);
	if (!connection && attempt->late) {
		g_clear_error(&error);
		fault(&error, FAULT_NETWORK, "no answer");
	}
	attempt->done(connection, error, attempt->data);
	g_cancellable_disconnect(attempt->outer, attempt->chain);
	g_object_unref(attempt->outer);
	g_object_unref(attempt->cancellable);
	g_free(attempt);
}

static void
on_outer_cancel(GCancellable *outer, gpointer data)
{
	(void)outer;
	g_cancellable_cancel(data);
}

void
link_open(const char *host, guint16 port, const char *proxy, GCancellable *cancellable, link_done done, gpointer data)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	struct attempt *attempt = g_new0(struct attempt, 1);

	/* Only the account's own proxy counts, and with one there is no other way: a dead proxy is an error, never a detour. */
	g_socket_client_set_enable_proxy(client, proxy != NULL);
	if (proxy) {
		g_autoptr(GProxyResolver) resolver = g_simple_proxy_resolver_new(proxy, NULL);
		g_socket_client_set_proxy_resolver(client, resolver);
	}
	attempt->done = done;
	attempt->data = data;
	attempt->outer = g_object_ref(cancellable);
	attempt->cancellable = g_cancellable_new();
	attempt->chain =
		g_cancellable_connect(cancellable, G_CALLBACK(on_outer_cancel), g_object_ref(attempt->cancellable), g_object_unref);
	attempt->timer = clock_after(ANSWER_MS, on_late, attempt, NULL);
	g_socket_client_connect_to_host_async(client, host, port, attempt->cancellable, on_socket, attempt);
}

/* ---- TLS ---- */

static GBytes *
binding(GTlsConnection *connection, GTlsChannelBindingType type)
{
	GByteArray *bytes = g_byte_array_new();

	if (g_tls_connection_get_channel_binding_data(connection, type, bytes, NULL) && bytes->len)
		return g_byte_array_free_to_bytes(bytes);
	g_byte_array_unref(bytes);
	return NULL;
}

bool
facts_take(struct transport_facts *facts, GTlsConnection *connection)
{
	static const char *const versions[] = {
		[G_TLS_PROTOCOL_VERSION_TLS_1_2] = "TLSv1.2", [G_TLS_PROTOCOL_VERSION_TLS_1_3] = "TLSv1.3"
	};
	GTlsProtocolVersion version = g_tls_connection_get_protocol_version(connection);

	if (version < G_TLS_PROTOCOL_VERSION_TLS_1_2 || version > G_TLS_PROTOCOL_VERSION_TLS_1_3)
		return false;
	facts->secure = true;
	facts->certificate = g_object_ref(g_tls_connection_get_peer_certificate(connection));
	facts->tls = g_strdup(versions[version]);
	facts->cipher = g_tls_connection_get_ciphersuite_name(connection);
	facts->exporter = binding(connection, G_TLS_CHANNEL_BINDING_TLS_EXPORTER);
	if (version == G_TLS_PROTOCOL_VERSION_TLS_1_2)
		facts->unique = binding(connection, G_TLS_CHANNEL_BINDING_TLS_UNIQUE);
	return true;
}

void
facts_clear(struct transport_facts *facts)
{
	g_clear_object(&facts->certificate);
	g_clear_pointer(&facts->exporter, g_bytes_unref);
	g_clear_pointer(&facts->unique, g_bytes_unref);
	g_free(facts->address);
	g_free(facts->ip);
	g_free(facts->tls);
	g_free(facts->cipher);
}
