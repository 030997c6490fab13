/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One certificate per call, so that two calls have nothing in common that a network could recognise. */
#include "media/certificate.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 60 * 60, DAYS = 30 };

bool
certificate_fingerprint(const char *pem, guint8 fingerprint[FINGERPRINT])
{
	gnutls_x509_crt_t certificate;
	gnutls_datum_t text = { (unsigned char *)(guintptr)pem, strlen(pem) };
	size_t length = FINGERPRINT;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return false;
	bool well = gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) >= 0 &&
		    gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, fingerprint, &length) >= 0 &&
		    length == FINGERPRINT;
	gnutls_x509_crt_deinit(certificate);
	return well;
}

static bool
describe(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	guint8 serial[16], name[8];
	char text[sizeof name * 2 + 1];
	/* To the day: neither our clock's error nor the time of the call is told. */
	time_t today = time(NULL) / DAY * DAY;

	random_bytes(serial, sizeof serial);
	random_bytes(name, sizeof name);
	serial[0] &= 0x7f;
	for (gsize i = 0; i < sizeof name; i++)
		g_snprintf(text + 2 * i, 3, "%02x", name[i]);
	return gnutls_x509_crt_set_version(certificate, 3) >= 0 &&
	       gnutls_x509_crt_set_serial(certificate, serial, sizeof serial) >= 0 &&
	       gnutls_x509_crt_set_activation_time(certificate, today - DAY) >= 0 &&
	       gnutls_x509_crt_set_expiration_time(certificate, today + DAYS * DAY) >= 0 &&
	       gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, text, strlen(text)) >= 0 &&
	       gnutls_x509_crt_set_key(certificate, key) >= 0 &&
	       gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0) >= 0;
}

static Secret *
write_out(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
	gnutls_datum_t public = { NULL, 0 }, private = { NULL, 0 };
	Secret *pem = NULL;

	if (gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &public) >= 0 &&
		gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &private) >= 0) {
		pem = secret_new(public.size + private.size);
		memcpy(secret_fill(pem), public.data, public.size);
		memcpy((char *)secret_fill(pem) + public.size, private.data, private.size);
	}
	if (private.data)
		secret_wipe(private.data, private.size);
	gnutls_free(private.data);
	gnutls_free(public.data);
	return pem;
}

Secret *
certificate_new(guint8 fingerprint[FINGERPRINT], GError **error)
{
	gnutls_x509_crt_t certificate = NULL;
	gnutls_x509_privkey_t key = NULL;
	Secret *pem = NULL;

	if (gnutls_x509_crt_init(&certificate) >= 0 && gnutls_x509_privkey_init(&key) >= 0 &&
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) >= 0 &&
		describe(certificate, key))
		pem = write_out(certificate, key);
	if (key)
		gnutls_x509_privkey_deinit(key);
	if (certificate)
		gnutls_x509_crt_deinit(certificate);
	if (!pem || !certificate_fingerprint(secret_bytes(pem), fingerprint)) {
		secret_free(pem);
		return fault_null(error, FAULT_PEER, "no certificate could be made for the call");
	}
	return pem;
}
