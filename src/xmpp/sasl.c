/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Login. libgsasl computes SCRAM; what the server sends is bounded before the library sees it, and the key is derived in a thread.
 */
#include "xmpp/sasl.h"

#include "base/mailbox.h"
#include "base/text.h"
#include "xmpp/offer.h"
#include "xmpp/scram.h"

#include <gcrypt.h>
#include <gsasl.h>
#include <string.h>

/* Weakest first: the place in this table is the strength that is remembered. */
static const struct mechanism {
	const char *name;
	int md;
	bool plus;
} mechanisms[] = {
	{ "ANONYMOUS", 0, false },
	{ "PLAIN", 0, false },
	{ "SCRAM-SHA-1", GCRY_MD_SHA1, false },
	{ "SCRAM-SHA-256", GCRY_MD_SHA256, false },
	{ "SCRAM-SHA-1-PLUS", GCRY_MD_SHA1, true },
	{ "SCRAM-SHA-256-PLUS", GCRY_MD_SHA256, true },
};
enum { ANONYMOUS, PLAIN, FIRST_SCRAM };

/* One derivation: owned by the thread's call until done, and by nobody else. */
struct derivation {
	int md;
	guint iterations;
	guint8 salt[SCRAM_SALT];
	size_t salt_length;
	Secret *password, *key;
	Sasl *sasl; /* NULL: nobody waits any more */
	void (*done)(gpointer data);
	gpointer data;
};

struct Sasl {
	const struct mechanism *mechanism;
	const char *binding;
	char *offer; /* what arrived, as the server signs it */
	GBytes *exporter, *unique;
	char *local;
	Gsasl_session *session;
	char *nonce;
	enum { IDLE, FIRST_SENT, FINAL_SENT, PROVED } step;
	char *server_first; /* base64, while the key is derived */
	struct derivation *derivation;
	/* The last key, so that a reconnect need not derive it again. */
	struct {
		int md;
		guint iterations;
		GBytes *salt;
		Secret *key;
	} cache;
};

static Gsasl *
library(void)
{
	static Gsasl *gsasl;

	if (!gsasl && gsasl_init(&gsasl) != GSASL_OK)
		gsasl = NULL;
	return gsasl;
}

Sasl *
sasl_new(void)
{
	return g_new0(Sasl, 1);
}

void
sasl_reset(Sasl *sasl)
{
	if (sasl->session) {
		const char *key = gsasl_property_fast(sasl->session, GSASL_SCRAM_SALTED_PASSWORD);
		if (key)
			secret_wipe((char *)key, strlen(key));
		gsasl_finish(sasl->session);
	}
	if (sasl->derivation)
		sasl->derivation->sasl = NULL;
	sasl->session = NULL;
	sasl->derivation = NULL;
	sasl->step = IDLE;
	g_clear_pointer(&sasl->nonce, g_free);
	g_clear_pointer(&sasl->server_first, g_free);
}

void
sasl_forget_key(Sasl *sasl)
{
	g_clear_pointer(&sasl->cache.salt, g_bytes_unref);
	g_clear_pointer(&sasl->cache.key, secret_free);
}

void
sasl_free(Sasl *sasl)
{
	sasl_reset(sasl);
	sasl_forget_key(sasl);
	g_clear_pointer(&sasl->exporter, g_bytes_unref);
	g_clear_pointer(&sasl->unique, g_bytes_unref);
	g_free(sasl->local);
	g_free(sasl->offer);
	g_free(sasl);
}

/* ---- choosing ---- */

/* XEP-0440; without an announcement RFC 9266 §3 and RFC 5802 §6.1 name the default of each version of TLS. */
static const char *
choose_binding(const Element *features, const struct transport_facts *facts)
{
	if (!offer_tells_bindings(features))
		return facts->unique ? "tls-unique" : facts->exporter ? "tls-exporter" : NULL;
	if (facts->exporter && offer_binds(features, "tls-exporter"))
		return "tls-exporter";
	return facts->unique && offer_binds(features, "tls-unique") ? "tls-unique" : NULL;
}

static int
strength_of(const char *name)
{
	for (guint i = 0; name && i < G_N_ELEMENTS(mechanisms); i++) {
		if (strcmp(mechanisms[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static enum sasl_choice
refuse_weaker(const char *before, const char *offered, GError **error)
{
	fault(error, FAULT_TRUST,
		"the server now offers only %s for the login, but %s was used before: somebody may sit between - if the server "
		"really changed, type /account reset-auth",
		offered, before);
	return SASL_NONE;
}

enum sasl_choice
sasl_choose(Sasl *sasl, const Element *features, const struct transport_facts *facts, const char *local, const char *before,
	bool plain_allowed, GError **error)
{
	g_autofree char *words = offer_words(features);
	g_auto(GStrv) known = g_strsplit(before ? before : "", " ", 2);
	int least = strength_of(known[0]), best = -1;

	sasl_reset(sasl);
	sasl->binding = choose_binding(features, facts);
	g_free(sasl->offer);
	sasl->offer = offer_text(features);
	for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		if (!offer_has(features, mechanisms[i].name))
			continue;
		if ((i == ANONYMOUS) == (local == NULL) && (!mechanisms[i].plus || sasl->binding))
			best = (int)i;
	}
	if (best < least)
		return refuse_weaker(before, best < 0 ? words : mechanisms[best].name, error);
	if (best < 0) {
		fault(error, FAULT_PEER, "the server offers no login that is known here (it offers %s)", words);
		return SASL_NONE;
	}
	if (best == PLAIN && !plain_allowed)
		return SASL_ASK_PLAIN;
	sasl->mechanism = &mechanisms[best];
	if (!sasl->mechanism->plus)
		sasl->binding = NULL;
	g_clear_pointer(&sasl->exporter, g_bytes_unref);
	g_clear_pointer(&sasl->unique, g_bytes_unref);
	sasl->exporter = facts->exporter ? g_bytes_ref(facts->exporter) : NULL;
	sasl->unique = facts->unique ? g_bytes_ref(facts->unique) : NULL;
	g_free(sasl->local);
	sasl->local = g_strdup(local);
	return SASL_CHOSEN;
}

const char *
sasl_mechanism(const Sasl *sasl)
{
	return sasl->mechanism ? sasl->mechanism->name : NULL;
}

const char *
sasl_binding(const Sasl *sasl)
{
	return sasl->binding;
}

char *
sasl_strength(const Sasl *sasl)
{
	return g_strjoin(" ", sasl->mechanism->name, sasl->binding, NULL);
}

bool
sasl_proved(const Sasl *sasl)
{
	return sasl->step == PROVED;
}

/* ---- the first message ---- */

static char *
begin_plain(const Sasl *sasl, const Secret *password)
{
	size_t local = strlen(sasl->local), length = local + 2 + secret_length(password);
	g_autoptr(Secret) message = secret_new(length);
	char *out = secret_fill(message);

	memcpy(out + 1, sasl->local, local);
	memcpy(out + 1 + local + 1, secret_bytes(password), secret_length(password));
	return g_base64_encode(secret_bytes(message), length);
}

static void
set_binding(Sasl *sasl, Gsasl_property property, GBytes *bytes)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_base64_encode(data, size);

	gsasl_property_set(sasl->session, property, text);
}

/* client-first-message: gs2 header, n=NAME,r=NONCE. */
static char *
nonce_of(const char *base64)
{
	gsize length;
	g_autofree guchar *bytes = g_base64_decode(base64, &length);
	g_autofree char *text = g_strndup((const char *)bytes, length);
	const char *nonce = strstr(text, ",r=");

	return nonce ? g_strdup(nonce + 3) : NULL;
}

static char *
step_library(Sasl *sasl, const char *input, int wanted)
{
	char *output = NULL, *copy;
	int result = gsasl_step64(sasl->session, input, &output);

	copy = result == wanted ? g_strdup(output ? output : "") : NULL;
	gsasl_free(output);
	return copy;
}

char *
sasl_begin(Sasl *sasl, const Secret *password, GError **error)
{
	char *first;

	sasl->step = FIRST_SENT;
	if (sasl->mechanism == &mechanisms[ANONYMOUS])
		return g_strdup("=");
	if (sasl->mechanism == &mechanisms[PLAIN])
		return begin_plain(sasl, password);
	if (!library() || gsasl_client_start(library(), sasl->mechanism->name, &sasl->session) != GSASL_OK)
		return fault_null(error, FAULT_PEER, "the login %s cannot be computed here", sasl->mechanism->name);
	gsasl_property_set(sasl->session, GSASL_AUTHID, sasl->local);
	/* Only with -PLUS: libgsasl refuses binding data without it, so the gs2 flag is n and never y. */
	if (sasl->exporter && g_strcmp0(sasl->binding, "tls-exporter") == 0)
		set_binding(sasl, GSASL_CB_TLS_EXPORTER, sasl->exporter);
	if (sasl->unique && g_strcmp0(sasl->binding, "tls-unique") == 0)
		set_binding(sasl, GSASL_CB_TLS_UNIQUE, sasl->unique);
	first = step_library(sasl, NULL, GSASL_NEEDS_MORE);
	sasl->nonce = first ? nonce_of(first) : NULL;
	if (!sasl->nonce) {
		g_free(first);
		return fault_null(error, FAULT_PEER, "the login %s cannot be computed here", sasl->mechanism->name);
	}
	return first;
}

/* ---- the key ---- */

static void
derivation_free(struct derivation *derivation)
{
	secret_free(derivation->password);
	secret_free(derivation->key);
	g_free(derivation);
}

static void
derive(gpointer data)
{
	struct derivation *d = data;

	if (gcry_kdf_derive(secret_bytes(d->password), secret_length(d->password), GCRY_KDF_PBKDF2, d->md, d->salt, d->salt_length,
		    d->iterations, secret_length(d->key), secret_fill(d->key)) != 0)
		g_clear_pointer(&d->key, secret_free);
}

static void
on_derived(gpointer data)
{
	struct derivation *d = data;
	Sasl *sasl = d->sasl;

	if (sasl) {
		sasl->derivation = NULL;
		sasl_forget_key(sasl);
		sasl->cache.md = d->md;
		sasl->cache.iterations = d->iterations;
		sasl->cache.salt = g_bytes_new(d->salt, d->salt_length);
		sasl->cache.key = g_steal_pointer(&d->key);
		d->done(d->data);
	}
	derivation_free(d);
}

static bool
is_cached(const Sasl *sasl, const struct scram_first *first)
{
	gsize size = 0;
	const void *salt = sasl->cache.salt ? g_bytes_get_data(sasl->cache.salt, &size) : NULL;

	return sasl->cache.key && sasl->cache.md == sasl->mechanism->md && sasl->cache.iterations == first->iterations &&
	       size == first->salt_length && memcmp(salt, first->salt, size) == 0;
}

static void
start_derivation(Sasl *sasl, const struct scram_first *first, const char *prepared, void (*done)(gpointer data), gpointer data)
{
	struct derivation *d = g_new0(struct derivation, 1);

	d->md = sasl->mechanism->md;
	d->iterations = first->iterations;
	d->salt_length = first->salt_length;
	memcpy(d->salt, first->salt, first->salt_length);
	d->password = secret_copy(prepared, strlen(prepared));
	d->key = secret_new(gcry_md_get_algo_dlen(d->md));
	d->sasl = sasl;
	d->done = done;
	d->data = data;
	sasl->derivation = d;
	mailbox_run(derive, on_derived, d);
}

char *
sasl_derived(Sasl *sasl, GError **error)
{
	g_autoptr(Secret) hex = NULL;
	size_t length;
	char *response;

	if (!sasl->cache.key)
		return fault_null(error, FAULT_PEER, "the key of the login cannot be computed");
	length = secret_length(sasl->cache.key);
	hex = secret_new(2 * length);
	for (size_t i = 0; i < length; i++) {
		static const char digits[] = "0123456789abcdef";
		guint8 byte = ((const guint8 *)secret_bytes(sasl->cache.key))[i];
		((char *)secret_fill(hex))[2 * i] = digits[byte >> 4];
		((char *)secret_fill(hex))[2 * i + 1] = digits[byte & 15];
	}
	gsasl_property_set(sasl->session, GSASL_SCRAM_SALTED_PASSWORD, secret_bytes(hex));
	response = step_library(sasl, sasl->server_first, GSASL_NEEDS_MORE);
	if (!response)
		return fault_null(error, FAULT_PEER, "the server's login message cannot be read");
	sasl->step = FINAL_SENT;
	return response;
}

static enum sasl_answer
answer_server_first(Sasl *sasl, const char *base64, const Secret *password, void (*done)(gpointer data), gpointer data,
	char **response, GError **error)
{
	struct scram_first first = { 0 };
	char *prepared = NULL;
	enum sasl_answer answer = SASL_REFUSED;

	if (!scram_read_first(base64, sasl->nonce, &first, error) ||
		(first.offer && !offer_is_whole(sasl->offer, sasl->mechanism->md, first.offer, error)))
		goto out;
	sasl->server_first = g_strdup(base64);
	if (is_cached(sasl, &first)) {
		*response = sasl_derived(sasl, error);
		answer = *response ? SASL_ANSWER : SASL_REFUSED;
	} else if (gsasl_saslprep(secret_bytes(password), 0, &prepared, NULL) != GSASL_OK) {
		fault(error, FAULT_INPUT, "the password contains characters that no password may contain");
	} else {
		start_derivation(sasl, &first, prepared, done, data);
		answer = SASL_DERIVING;
	}
	if (prepared)
		secret_wipe(prepared, strlen(prepared));
	gsasl_free(prepared);
out:
	g_free(first.salt);
	g_free(first.offer);
	return answer;
}

/* ---- the server's proof ---- */

static bool
read_proof(Sasl *sasl, const char *base64, GError **error)
{
	size_t length;
	g_autofree guint8 *bytes = text_base64(base64, SCRAM_MESSAGE, &length);
	g_autofree char *done = NULL;

	if (sasl->step != FINAL_SENT || !bytes || length < 2 || memcmp(bytes, "v=", 2) != 0)
		return fault(error, FAULT_TRUST, "the server did not prove that it knows your password");
	done = step_library(sasl, base64, GSASL_OK);
	if (!done)
		return fault(error, FAULT_TRUST, "the server did not prove that it knows your password: its signature is wrong");
	sasl->step = PROVED;
	return true;
}

enum sasl_answer
sasl_challenge(Sasl *sasl, const char *base64, const Secret *password, void (*done)(gpointer data), gpointer data, char **response,
	GError **error)
{
	*response = NULL;
	if (sasl->mechanism >= &mechanisms[FIRST_SCRAM] && sasl->step == FIRST_SENT && !sasl->server_first)
		return answer_server_first(sasl, base64, password, done, data, response, error);
	if (sasl->mechanism >= &mechanisms[FIRST_SCRAM] && sasl->step == FINAL_SENT) {
		if (!read_proof(sasl, base64, error))
			return SASL_REFUSED;
		*response = g_strdup("");
		return SASL_ANSWER;
	}
	fault(error, FAULT_PEER, "the server asks more than the login %s has", sasl->mechanism->name);
	return SASL_REFUSED;
}

bool
sasl_success(Sasl *sasl, const char *base64, GError **error)
{
	if (sasl->mechanism < &mechanisms[FIRST_SCRAM] || sasl->step == PROVED)
		return true;
	return read_proof(sasl, base64, error);
}
