/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake with the server, and whether the certificate that it shows is its own. */
#include "api/log.h"
#include "api/timer.h"
#include "xmpp/cert.h"
#include "xmpp/link.h"
#include "xmpp/transport-private.h"

enum { HANDSHAKE_MS = 15000 };

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
	if (!cert_is_for_servers(certificate))
		flags |= G_TLS_CERTIFICATE_GENERIC_ERROR;
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
		transport_try_next(transport);
	} else if (why) {
		transport_lose(transport, why);
	} else {
		if (transport->facts.direct)
			transport->hooks->connected(transport->data, true);
		else
			transport->hooks->secured(transport->data);
		if (!transport->closed) {
			transport_write_on(transport);
			transport_read_on(transport);
		}
	}
out:
	transport_unref(transport);
}

static void
on_shake_late(gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;

	transport->timer = 0;
	fault(&error, FAULT_NETWORK, "%s (%s) did not finish the TLS handshake", transport->domain, transport->facts.address);
	transport_lose(transport, error);
}

static GIOStream *
wrap(Transport *transport, GError **error)
{
	GType type = g_tls_backend_get_client_connection_type(g_tls_backend_get_default());
	g_autoptr(GSocketConnectable) name = g_network_address_new(transport->domain, 0);

	return g_initable_new(
		type, NULL, error, "base-io-stream", transport->stream, "server-identity", name, "database", NULL, NULL);
}

void
transport_shake(Transport *transport)
{
	static const char *const protocols[] = { "xmpp-client", NULL };
	g_autoptr(GError) error = NULL, why = NULL;
	GIOStream *secure = wrap(transport, &error);

	if (!secure) {
		fault(&why, FAULT_NETWORK, "TLS cannot be used here: %s", error->message);
		transport_lose(transport, why);
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
		G_TLS_CONNECTION(secure), G_PRIORITY_DEFAULT, transport->cancellable, on_shaken, transport_ref(transport));
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
		transport_write_on(transport);
		transport_read_on(transport);
	}
	transport_unref(transport);
	return G_SOURCE_REMOVE;
}

void
transport_secure(Transport *transport)
{
	if (transport->closed)
		return;
	if (transport->made) {
		transport->shaking = true;
		g_idle_add(on_made_secured, transport_ref(transport));
	} else {
		transport_shake(transport);
	}
}
