/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judge is GnuTLS and not GIO, which does not look at what a certificate was made for. */
#include "media/relaytls.h"

#include <gnutls/x509.h>
#include <string.h>

enum { CHAIN = 8 }; /* longest; what is behind is not looked at */

struct judge {
	char *name, *authorities;
	GCancellable *cancellable;
	char *refused; /* what is wrong with the certificate */
};

static void
judge_free(gpointer data)
{
	struct judge *judge = data;

	g_clear_object(&judge->cancellable);
	g_free(judge->name);
	g_free(judge->authorities);
	g_free(judge->refused);
	g_free(judge);
}

/* ---- the certificate ---- */

/* The first that is so is said. */
static const struct {
	unsigned flag;
	const char *words;
} faults[] = {
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, "its issuer is not trusted here" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "its issuer may not issue any" },
	{ GNUTLS_CERT_UNEXPECTED_OWNER, "it is not for %s" },
	{ GNUTLS_CERT_EXPIRED, "it has expired" },
	{ GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet" },
	{ GNUTLS_CERT_REVOKED, "it was revoked" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "it is signed in a way that can be forged" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "it is not made for servers" },
	{ ~0u, "it cannot be checked" },
};

static guint
read_chain(GTlsCertificate *certificate, gnutls_x509_crt_t chain[CHAIN])
{
	guint n = 0;

	for (; certificate && n < CHAIN; certificate = g_tls_certificate_get_issuer(certificate)) {
		g_autoptr(GByteArray) der = NULL;
		gnutls_datum_t bytes;

		g_object_get(certificate, "certificate", &der, NULL);
		if (!der || gnutls_x509_crt_init(&chain[n]) < 0)
			break;
		bytes = (gnutls_datum_t){ der->data, der->len };
		if (gnutls_x509_crt_import(chain[n++], &bytes, GNUTLS_X509_FMT_DER) < 0)
			break;
	}
	return n;
}

/* authorities NULL: those of the system. They are read for the one check: kept, they would be seven megabytes. */
static unsigned
check(gnutls_x509_crt_t *chain, guint n, const char *name, const char *authorities)
{
	gnutls_typed_vdata_st wanted[] = {
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)(guintptr)name, 0 }, /* an address, too */
		{ GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(guintptr)GNUTLS_KP_TLS_WWW_SERVER, 0 },
	};
	gnutls_datum_t pem = { (unsigned char *)(guintptr)authorities, authorities ? strlen(authorities) : 0 };
	gnutls_x509_trust_list_t list;
	unsigned status = ~0u;

	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		return status;
	if (authorities)
		gnutls_x509_trust_list_add_trust_mem(list, &pem, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	else
		gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (!n || gnutls_x509_trust_list_verify_crt2(list, chain, n, wanted, G_N_ELEMENTS(wanted), 0, &status, NULL) < 0)
		status = ~0u;
	gnutls_x509_trust_list_deinit(list, 1);
	return status;
}

/* Who signed it is the account's own authority: what is wrong with it then is wrong for everybody. */
static unsigned
status_of(GTlsCertificate *certificate, const struct judge *judge)
{
	unsigned status = GNUTLS_CERT_SIGNER_NOT_FOUND;
	gnutls_x509_crt_t chain[CHAIN];
	guint n = read_chain(certificate, chain);

	if (*judge->authorities)
		status = check(chain, n, judge->name, judge->authorities);
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		status = check(chain, n, judge->name, NULL);
	for (guint i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	return status;
}

static gboolean
on_certificate(GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags flags, gpointer data)
{
	struct judge *judge = data;
	unsigned status = status_of(certificate, judge);

	(void)connection, (void)flags;
	for (guint i = 0; status && !judge->refused; i++)
		if (status & faults[i].flag)
			judge->refused = g_strdup_printf(faults[i].words, judge->name);
	return !status;
}

/* ---- the handshake ---- */

static const char key[] = "judge";

GIOStream *
relaytls_shake(GIOStream *base, const char *name, const char *authorities, GCancellable *cancellable, GAsyncReadyCallback done,
	gpointer data)
{
	GType type = g_tls_backend_get_client_connection_type(g_tls_backend_get_default());
	g_autoptr(GSocketConnectable) identity = g_network_address_new(name, 0);
	struct judge *judge;
	/* Without a database it refuses every certificate: there is one judge. */
	GIOStream *tls =
		g_initable_new(type, NULL, NULL, "base-io-stream", base, "server-identity", identity, "database", NULL, NULL);

	if (!tls)
		return NULL;
	judge = g_new0(struct judge, 1);
	judge->name = g_strdup(name);
	judge->authorities = g_strdup(authorities);
	judge->cancellable = g_object_ref(cancellable);
	g_object_set_data_full(G_OBJECT(tls), key, judge, judge_free);
	g_signal_connect(tls, "accept-certificate", G_CALLBACK(on_certificate), judge);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(tls), G_PRIORITY_DEFAULT, cancellable, done, data);
	return tls;
}

bool
relaytls_finish(GObject *tls, GAsyncResult *result, GError **error)
{
	const struct judge *judge = g_object_get_data(tls, key);
	g_autoptr(GError) why = NULL;

	/* Who cancels is gone, whatever came of it meanwhile. */
	if (g_cancellable_set_error_if_cancelled(judge->cancellable, error))
		return false;
	if (!g_tls_connection_handshake_finish(G_TLS_CONNECTION(tls), result, &why)) {
		if (judge->refused)
			return fault(error, FAULT_TRUST, "its certificate is refused: %s", judge->refused);
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return g_tls_connection_get_protocol_version(G_TLS_CONNECTION(tls)) >= G_TLS_PROTOCOL_VERSION_TLS_1_2 ||
	       fault(error, FAULT_TRUST, "it offers only an outdated version of TLS");
}
