/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates in words. */
#include "xmpp/cert.h"

#include "api/event.h"
#include "api/timer.h"
#include "base/text.h"
#include "xmpp/certder.h"

#include <string.h>

#define KEY "certificate"
enum { HASH, FIRST_SEEN, ISSUER, BEFORE, LINES }; /* of what is remembered */

static GByteArray *
der(GTlsCertificate *certificate)
{
	GByteArray *bytes = NULL;

	g_object_get(certificate, "certificate", &bytes, NULL);
	return bytes;
}

static char *
sha256_hex(const guint8 *bytes, size_t length)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, length);
}

char *
cert_fingerprint(GTlsCertificate *certificate)
{
	g_autoptr(GByteArray) bytes = der(certificate);
	g_autofree char *hex = bytes ? sha256_hex(bytes->data, bytes->len) : g_strdup("");
	GString *out = g_string_new(NULL);

	for (const char *p = hex; *p; p += 2)
		g_string_append_printf(out, "%s%.2s", out->len ? ":" : "", p);
	return g_string_free(out, FALSE);
}

bool
cert_is(GTlsCertificate *certificate, const char *typed)
{
	g_autoptr(GByteArray) bytes = der(certificate);
	g_autofree char *hex = bytes ? sha256_hex(bytes->data, bytes->len) : NULL;
	const char *p = hex;

	if (!hex)
		return false;
	for (; *typed; typed++) {
		if (*typed == ':' || g_ascii_isspace(*typed))
			continue;
		if (!*p || g_ascii_tolower(*typed) != *p++)
			return false;
	}
	return !*p;
}

/* ---- what stands in the DER ---- */

char *
cert_key_hash(GTlsCertificate *certificate)
{
	g_autoptr(GByteArray) bytes = der(certificate);
	const guint8 *key;
	size_t length;

	return bytes && certder_key(bytes->data, bytes->len, &key, &length) ? sha256_hex(key, length) : NULL;
}

bool
cert_is_for_servers(GTlsCertificate *certificate)
{
	g_autoptr(GByteArray) bytes = der(certificate);

	return bytes && certder_is_for_servers(bytes->data, bytes->len);
}

/* ---- words ---- */

static char *
day(GDateTime *time)
{
	return time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("an unknown day");
}

/* What stands in a certificate is remote text, and a stranger's may be shown: it makes no lines of its own and is no book. */
static char *
one_line(const char *bytes, gssize length)
{
	g_autofree char *text = text_make_valid(bytes, length);

	for (char *c = text; *c; c++)
		if ((guchar)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return text_cut(text, 256);
}

static char *
names(GTlsCertificate *certificate)
{
	g_autoptr(GPtrArray) all = g_tls_certificate_get_dns_names(certificate);
	GString *out = g_string_new(NULL);

	for (guint i = 0; all && i < all->len && i < 8; i++) {
		gsize size;
		const char *name = g_bytes_get_data(g_ptr_array_index(all, i), &size);
		g_autofree char *text = one_line(name, (gssize)size);
		g_string_append_printf(out, "%s%s", i ? ", " : "", text);
	}
	if (all && all->len > 8)
		g_string_append_printf(out, " and %u more", all->len - 8);
	if (!out->len)
		g_string_append(out, "no domain");
	return g_string_free(out, FALSE);
}

static char *
issuer(GTlsCertificate *certificate)
{
	g_autofree char *name = g_tls_certificate_get_issuer_name(certificate);

	return name && *name ? one_line(name, -1) : g_strdup("somebody without a name");
}

static bool
is_self_signed(GTlsCertificate *certificate)
{
	g_autofree char *by = g_tls_certificate_get_issuer_name(certificate), *of = g_tls_certificate_get_subject_name(certificate);

	return g_strcmp0(by, of) == 0;
}

/* Whoever's clock is wrong looks at the certificate for ever. */
static void
say_clock(GString *out, GTlsCertificateFlags flags)
{
	g_autofree char *now = text_time(clock_now(), false);

	if (flags & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED))
		g_string_append_printf(out, " (the clock of this machine says %.10s)", now);
}

char *
cert_reason(GTlsCertificate *certificate, GTlsCertificateFlags flags, const char *domain)
{
	g_autoptr(GDateTime) from = g_tls_certificate_get_not_valid_before(certificate);
	g_autoptr(GDateTime) until = g_tls_certificate_get_not_valid_after(certificate);
	g_autofree char *first = day(from), *last = day(until), *by = issuer(certificate), *whose = names(certificate);
	g_autofree char *print = cert_fingerprint(certificate);
	g_autoptr(GString) out = g_string_new(NULL);

	if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
		g_string_append_printf(out, "it is for %s, not for %s", whose, domain);
	if (flags & G_TLS_CERTIFICATE_EXPIRED)
		g_string_append_printf(out, "%sit expired on %s", out->len ? "; " : "", last);
	if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
		g_string_append_printf(out, "%sit is not valid before %s", out->len ? "; " : "", first);
	say_clock(out, flags);
	if (flags & G_TLS_CERTIFICATE_REVOKED)
		g_string_append_printf(out, "%sit was revoked", out->len ? "; " : "");
	if (flags & G_TLS_CERTIFICATE_INSECURE)
		g_string_append_printf(out, "%sit is signed in a way that can be forged", out->len ? "; " : "");
	if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA) {
		g_string_append(out, out->len ? "; " : "");
		if (is_self_signed(certificate))
			g_string_append(out, "it is signed by itself");
		else
			g_string_append_printf(out, "its issuer %s is not trusted here", by);
	}
	if (!out->len && !cert_is_for_servers(certificate))
		g_string_append(out, "it is not made for servers");
	if (!out->len)
		g_string_append(out, "it cannot be checked");
	g_string_append_printf(out, " (SHA-256 %s)", print);
	return g_string_free(g_steal_pointer(&out), FALSE);
}

void
cert_describe(GTlsCertificate *certificate, GPtrArray *lines)
{
	guint depth = 0;

	for (GTlsCertificate *at = certificate; at && depth < 8; at = g_tls_certificate_get_issuer(at), depth++) {
		g_autoptr(GDateTime) until = g_tls_certificate_get_not_valid_after(at);
		g_autofree char *last = day(until), *by = issuer(at), *subject = g_tls_certificate_get_subject_name(at);
		g_autofree char *clean = one_line(subject ? subject : "", -1);
		if (depth == 0) {
			g_autofree char *whose = names(at), *print = cert_fingerprint(at), *key = cert_key_hash(at);
			g_ptr_array_add(lines, g_strdup_printf("certificate: for %s, until %s", whose, last));
			g_ptr_array_add(lines, g_strdup_printf("fingerprint: SHA-256 %s", print));
			if (key)
				g_ptr_array_add(lines, g_strdup_printf("public key: SHA-256 %s", key));
		}
		g_ptr_array_add(lines, g_strdup_printf("chain %u: %s, issued by %s, until %s", depth, clean, by, last));
	}
}

/* ---- memory ---- */

/* Kept as "key hash, first seen, issuer, issuer before it if another", a line each. A new key from the same issuer is a renewal and
 * not worth a word. */
char *
cert_remember(GTlsCertificate *certificate, const char *account, const struct stream_memory *memory)
{
	g_autofree char *key = cert_key_hash(certificate), *by = issuer(certificate), *now = text_time(clock_now(), false);
	g_autofree char *known = memory->get(account, KEY), *value = NULL;
	g_auto(GStrv) seen = g_strsplit(known ? known : "", "\n", LINES);
	guint lines = g_strv_length(seen);
	const char *before = lines > BEFORE ? seen[BEFORE] : NULL;

	if (!key)
		return NULL;
	if (lines > ISSUER && strcmp(seen[HASH], key) == 0)
		return g_strdup(seen[FIRST_SEEN]);
	if (lines > ISSUER && strcmp(seen[ISSUER], by) != 0) {
		g_autofree char *print = cert_fingerprint(certificate);
		before = seen[ISSUER];
		alert(account, NULL, "certificate-changed",
			"the server of %s shows another key, issued by %s; before it was issued by %s (new fingerprint SHA-256 %s)",
			account, by, before, print);
	}
	value = g_strjoin("\n", key, now, by, before, NULL);
	memory->put(account, KEY, value);
	return g_steal_pointer(&now);
}

char *
cert_issuer_before(const char *account, const struct stream_memory *memory)
{
	g_autofree char *known = memory->get(account, KEY);
	g_auto(GStrv) seen = g_strsplit(known ? known : "", "\n", LINES);

	return g_strv_length(seen) > BEFORE ? g_strdup(seen[BEFORE]) : NULL;
}
