/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes to and from the server, over GIO. Asynchronous calls hold a reference; what arrives after the end is thrown away. */
#include "xmpp/transport.h"

#include "api/log.h"
#include "api/timer.h"
#include "xmpp/cert.h"
#include "xmpp/link.h"
#include "xmpp/targets.h"

#include <string.h>

enum {
	READ_SIZE = 16 * 1024,
	WRITE_SIZE = 64 * 1024,
	BACKLOG = 64 * 1024 * 1024,
	HANDSHAKE_MS = 15000,
	BYE_MS = 2000,
};

struct Transport {
	gint refs;
	bool closed, finishing, reading, held, shaking;
	bool leaving; /* the owner is gone, what was written still goes */
	const struct transport_hooks *hooks;
	gpointer data;
	char *domain, *proxy, *ca_file, *fingerprint;
	GCancellable *cancellable;
	guint timer;
	GPtrArray *targets;
	guint next_target;
	GError *last_error; /* why the latest target failed */
	GIOStream *stream;  /* TCP, then TLS over it */
	int fd;             /* of the TCP; -1 before */
	bool made;          /* by the factory */
	char *refused;      /* why the certificate was refused */
	struct transport_facts facts;
	GByteArray *out;
	gsize written; /* of out */
	bool writing;
	char in[READ_SIZE];
};

static transport_factory factory;

void
transport_set_factory(transport_factory make)
{
	factory = make;
}

static Transport *
ref(Transport *transport)
{
	transport->refs++;
	return transport;
}

static void
unref(Transport *transport)
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
	unref(transport);
}

static void read_on(Transport *transport);

static void
on_bye_late(gpointer data)
{
	Transport *transport = data;

	transport->timer = 0;
	if (!transport->closed)
		end(transport);
	unref(transport);
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
	read_on(transport);
	transport->timer = clock_after(BYE_MS, on_bye_late, transport, NULL);
	transport_finish(transport);
}

static void
lose(Transport *transport, const GError *error)
{
	if (transport->closed)
		return;
	if (transport->leaving) {
		end(transport);
		unref(transport);
		return;
	}
	end(transport);
	transport->hooks->lost(transport->data, error);
}

const struct transport_facts *
transport_facts(const Transport *transport)
{
	return &transport->facts;
}

/* ---- reading ---- */

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);

	transport->reading = false;
	if (transport->closed)
		goto out;
	if (length > 0)
		link_acknowledge(transport->fd);
	if (length > 0 && transport->leaving) {
		read_on(transport);
	} else if (length > 0) {
		transport->hooks->received(transport->data, transport->in, (size_t)length);
		if (!transport->closed)
			read_on(transport);
	} else if (length == 0 || g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_EOF)) {
		lose(transport, NULL);
	} else {
		g_autoptr(GError) why = NULL;
		fault(&why, FAULT_NETWORK, "the connection broke: %s", error->message);
		lose(transport, why);
	}
out:
	unref(transport);
}

static void
read_on(Transport *transport)
{
	if (transport->reading || transport->held || transport->shaking || !transport->stream)
		return;
	transport->reading = true;
	g_input_stream_read_async(g_io_stream_get_input_stream(transport->stream), transport->in, READ_SIZE, G_PRIORITY_DEFAULT,
		transport->cancellable, on_read, ref(transport));
}

void
transport_hold(Transport *transport, bool hold)
{
	transport->held = hold;
	if (!hold && !transport->closed)
		read_on(transport);
}

/* ---- writing: one write in flight ---- */

static void write_on(Transport *transport);

static void
on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;
	gssize length = g_output_stream_write_bytes_finish(G_OUTPUT_STREAM(source), result, &error);

	transport->writing = false;
	if (!transport->closed && length < 0) {
		g_autoptr(GError) why = NULL;
		fault(&why, FAULT_NETWORK, "the connection broke: %s", error->message);
		lose(transport, why);
	} else if (!transport->closed) {
		transport->written += (gsize)length;
		if (transport->written == transport->out->len) {
			g_byte_array_set_size(transport->out, 0);
			transport->written = 0;
		} else if (transport->written > WRITE_SIZE * 16) {
			g_byte_array_remove_range(transport->out, 0, (guint)transport->written);
			transport->written = 0;
		}
		write_on(transport);
	}
	unref(transport);
}

static void
on_closed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_output_stream_close_finish(G_OUTPUT_STREAM(source), result, NULL);
	unref(data);
}

static void
write_on(Transport *transport)
{
	gsize waiting = transport->out->len - transport->written;
	GOutputStream *out;

	if (transport->writing || transport->shaking || !transport->stream)
		return;
	out = g_io_stream_get_output_stream(transport->stream);
	if (waiting) {
		/* A copy, because more may be appended, and moved, while this is under way. */
		g_autoptr(GBytes) piece = g_bytes_new(transport->out->data + transport->written, MIN(waiting, (gsize)WRITE_SIZE));
		transport->writing = true;
		g_output_stream_write_bytes_async(
			out, piece, G_PRIORITY_DEFAULT, transport->cancellable, on_written, ref(transport));
	} else if (transport->finishing) {
		transport->finishing = false;
		transport->writing = true;
		g_output_stream_close_async(out, G_PRIORITY_DEFAULT, transport->cancellable, on_closed, ref(transport));
	}
}

bool
transport_write(Transport *transport, const char *bytes, size_t length)
{
	if (transport->closed)
		return true; /* lost() is on its way or was told */
	if (transport->out->len - transport->written + length > BACKLOG)
		return false;
	g_byte_array_append(transport->out, (const guint8 *)bytes, (guint)length);
	write_on(transport);
	return true;
}

void
transport_finish(Transport *transport)
{
	transport->finishing = true;
	if (!transport->closed)
		write_on(transport);
}

/* ---- TLS ---- */

/* The authorities are read for the one check and forgotten: kept, as the connection would do by itself, those of the system are
 * seven megabytes for as long as it lives. */
static GTlsDatabase *
read_authorities(const char *file, GError **error)
{
	static const char system_file[] = "/etc/ssl/certs/ca-certificates.crt";

	if (file)
		return g_tls_file_database_new(file, error);
	if (g_file_test(system_file, G_FILE_TEST_IS_REGULAR))
		return g_tls_file_database_new(system_file, error);
	return g_tls_backend_get_default_database(g_tls_backend_get_default());
}

/* What is wrong with it, 0 if nothing; file NULL: by the authorities of the system. */
static GTlsCertificateFlags
judge(Transport *transport, GTlsCertificate *certificate, const char *file)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GTlsDatabase) database = read_authorities(file, &error);
	g_autoptr(GSocketConnectable) name = g_network_address_new(transport->domain, 0);
	GTlsCertificateFlags flags = G_TLS_CERTIFICATE_UNKNOWN_CA;

	if (database)
		flags = g_tls_database_verify_chain(
			database, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, name, NULL, 0, NULL, &error);
	g_clear_pointer(&transport->refused, g_free);
	if (error)
		transport->refused = g_strdup_printf("the trusted authorities cannot be used: %s", error->message);
	else if (flags)
		transport->refused = cert_reason(certificate, flags, transport->domain);
	return error ? flags | G_TLS_CERTIFICATE_UNKNOWN_CA : flags;
}

/* The connection itself knows no authority and refuses every certificate: this is the one judge. */
static gboolean
on_certificate(GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags flags, gpointer data)
{
	Transport *transport = data;

	(void)connection;
	g_clear_pointer(&transport->refused, g_free);
	if (transport->fingerprint && cert_is(certificate, transport->fingerprint))
		return TRUE;
	flags = transport->ca_file ? judge(transport, certificate, transport->ca_file) : G_TLS_CERTIFICATE_UNKNOWN_CA;
	/* Who signed it is the account's own authority: what is wrong with it then is wrong for everybody. */
	if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
		flags = judge(transport, certificate, NULL);
	return flags == 0;
}

static bool
check_secured(Transport *transport, GTlsConnection *connection, GError **error)
{
	GTlsCertificate *certificate = g_tls_connection_get_peer_certificate(connection);

	if (!certificate)
		return fault(error, FAULT_TRUST, "%s showed no certificate", transport->domain);
	/* A typed fingerprint names the only certificate that will do, even among those with a good issuer. */
	if (transport->fingerprint && !cert_is(certificate, transport->fingerprint)) {
		g_autofree char *print = cert_fingerprint(certificate);
		return fault(error, FAULT_TRUST, "the certificate of %s is not the one whose fingerprint you gave, but SHA-256 %s",
			transport->domain, print);
	}
	if (!facts_take(&transport->facts, connection))
		return fault(error, FAULT_TRUST, "%s offers only an outdated version of TLS", transport->domain);
	return true;
}

static void try_next(Transport *transport);

static void
on_shaken(GObject *source, GAsyncResult *result, gpointer data)
{
	Transport *transport = data;
	GTlsConnection *connection = G_TLS_CONNECTION(source);
	g_autoptr(GError) error = NULL, why = NULL;
	bool good = g_tls_connection_handshake_finish(connection, result, &error);

	transport->shaking = false;
	if (transport->closed)
		goto out;
	clock_cancel(transport->timer);
	transport->timer = 0;
	if (!good && transport->refused)
		fault(&why, FAULT_TRUST, "the certificate of %s is refused: %s", transport->domain, transport->refused);
	else if (!good)
		fault(&why, FAULT_NETWORK, "no TLS with %s (%s): %s", transport->domain, transport->facts.address, error->message);
	else if (check_secured(transport, connection, &why))
		log_info("%s: secured with %s %s", transport->domain, transport->facts.tls, transport->facts.cipher);
	if (why && transport->facts.direct && !g_error_matches(why, FAULT, FAULT_TRUST)) {
		g_clear_error(&transport->last_error);
		transport->last_error = g_steal_pointer(&why);
		g_clear_object(&transport->stream);
		transport->fd = -1;
		try_next(transport);
	} else if (why) {
		lose(transport, why);
	} else {
		if (transport->facts.direct)
			transport->hooks->connected(transport->data, true);
		else
			transport->hooks->secured(transport->data);
		if (!transport->closed) {
			write_on(transport);
			read_on(transport);
		}
	}
out:
	unref(transport);
}

static void
on_shake_late(gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;

	transport->timer = 0;
	fault(&error, FAULT_NETWORK, "%s (%s) did not finish the TLS handshake", transport->domain, transport->facts.address);
	lose(transport, error);
}

static GIOStream *
wrap(Transport *transport, GError **error)
{
	GType type = g_tls_backend_get_client_connection_type(g_tls_backend_get_default());
	g_autoptr(GSocketConnectable) name = g_network_address_new(transport->domain, 0);

	return g_initable_new(
		type, NULL, error, "base-io-stream", transport->stream, "server-identity", name, "database", NULL, NULL);
}

static void
shake(Transport *transport)
{
	static const char *const protocols[] = { "xmpp-client", NULL };
	g_autoptr(GError) error = NULL, why = NULL;
	GIOStream *secure = wrap(transport, &error);

	if (!secure) {
		fault(&why, FAULT_NETWORK, "TLS cannot be used here: %s", error->message);
		lose(transport, why);
		return;
	}
	if (transport->facts.direct)
		g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(secure), protocols);
	/* A cut is told as such by the stream above, which has its own end tag. */
	g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(secure), FALSE);
	g_signal_connect(secure, "accept-certificate", G_CALLBACK(on_certificate), transport);
	g_object_unref(transport->stream);
	transport->stream = secure;
	transport->shaking = true;
	transport->timer = clock_after(HANDSHAKE_MS, on_shake_late, transport, NULL);
	g_tls_connection_handshake_async(
		G_TLS_CONNECTION(secure), G_PRIORITY_DEFAULT, transport->cancellable, on_shaken, ref(transport));
}

static gboolean
on_made_secured(gpointer data)
{
	Transport *transport = data;

	transport->shaking = false;
	transport->facts.secure = true;
	if (!transport->closed)
		transport->hooks->secured(transport->data);
	if (!transport->closed) {
		write_on(transport);
		read_on(transport);
	}
	unref(transport);
	return G_SOURCE_REMOVE;
}

void
transport_secure(Transport *transport)
{
	if (transport->closed)
		return;
	if (transport->made) {
		transport->shaking = true;
		g_idle_add(on_made_secured, ref(transport));
	} else {
		shake(transport);
	}
}

/* ---- connecting ---- */

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
		try_next(transport);
	} else {
		transport->stream = G_IO_STREAM(connection);
		transport->fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
		log_info("%s: connected to %s", transport->domain, transport->facts.address);
		if (transport->facts.direct)
			shake(transport);
		else
			transport->hooks->connected(transport->data, false);
		if (!transport->closed && !transport->shaking)
			read_on(transport);
	}
	unref(transport);
}

static void
try_next(Transport *transport)
{
	const struct target *target;

	if (transport->next_target == transport->targets->len) {
		lose(transport, transport->last_error);
		return;
	}
	target = g_ptr_array_index(transport->targets, transport->next_target++);
	g_free(transport->facts.address);
	transport->facts.address = g_strdup_printf("%s port %u", target->host, target->port);
	transport->facts.direct = target->direct;
	link_open(target->host, target->port, transport->proxy, transport->cancellable, on_link, ref(transport));
}

static void
on_targets(GPtrArray *targets, const GError *error, gpointer data)
{
	Transport *transport = data;

	if (error) {
		lose(transport, error);
	} else if (!transport->closed) {
		transport->targets = g_ptr_array_ref(targets);
		try_next(transport);
	}
}

static gboolean
on_made(gpointer data)
{
	Transport *transport = data;

	if (transport->leaving) {
		unref(transport);
		return G_SOURCE_REMOVE;
	}
	if (!transport->closed && !transport->stream) {
		g_autoptr(GError) error = NULL;
		fault(&error, FAULT_NETWORK, "the server cannot be reached");
		lose(transport, error);
	} else if (!transport->closed) {
		transport->hooks->connected(transport->data, transport->facts.secure);
		if (!transport->closed)
			read_on(transport);
	}
	unref(transport);
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
	lose(transport, error);
	unref(transport);
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
		g_idle_add(on_made, ref(transport));
	} else if (config->proxy && !proxy_is_known(config->proxy)) {
		g_idle_add(on_unknown_proxy, ref(transport));
	} else {
		targets_find(config, transport->domain, transport->cancellable, on_targets, transport);
	}
	return transport;
}
