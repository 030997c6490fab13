/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints and secrets in the stanzas of a call: sealed on the way out, opened and compared on the way in. The sealed one is in
 * force; one in clear that differs ends the call. */
#include "account/account.h"
#include "api/error.h"
#include "call/keys-private.h"

#include <string.h>

enum { PRINT_TEXT = 95, SECRET = 32 };

/* ---- out ---- */

static Node *
seal(const CallKeys *keys, const void *bytes, size_t length, GError **error)
{
	const struct e2ee_provider *provider = keys_provider();
	Account *account = account_find(keys->account);

	if (!provider || !account)
		return fault_null(error, FAULT_GONE, "no plugin for encryption is loaded - /plugin load one");
	if (!keys_still(keys, error))
		return NULL;
	return provider->seal_for(account, keys->peer, keys->device, bytes, length, error);
}

static bool
seal_print(const CallKeys *keys, JingleContent *content, GError **error)
{
	g_autofree char *text = jingle_fingerprint_text(content->fingerprint);

	content->seal = seal(keys, text, strlen(text), error);
	if (!content->seal)
		return false;
	g_free(content->sealed_ns);
	content->sealed_ns = g_strdup(keys_provider()->call_namespace);
	content->has_fingerprint = false;
	return true;
}

static bool
seal_secret(CallKeys *keys, Jingle *jingle, GError **error)
{
	g_autoptr(Secret) secret = secret_random(SECRET);
	g_autoptr(Secret) bytes = mediasecret_pack(secret, keys->own_print);

	jingle->secret_seal = seal(keys, secret_bytes(bytes), secret_length(bytes), error);
	if (!jingle->secret_seal)
		return false;
	g_clear_pointer(&keys->own_secret, secret_free);
	keys->own_secret = g_steal_pointer(&secret);
	return true;
}

static bool
note_own(CallKeys *keys, const JingleContent *content, GError **error)
{
	if (keys->has_own && memcmp(keys->own_print, content->fingerprint, PRINT) != 0)
		return fault(error, FAULT_GONE, "our certificate changed during the call");
	keys->has_own = true;
	memcpy(keys->own_print, content->fingerprint, PRINT);
	return true;
}

static bool
carries_secret(const CallKeys *keys, const Jingle *jingle)
{
	return jingle->action == JINGLE_SESSION_INITIATE || (jingle->action == JINGLE_SESSION_ACCEPT && keys->their_secret);
}

bool
keys_seal_into(CallKeys *keys, Jingle *jingle, GError **error)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);

		if (!content->has_fingerprint)
			continue;
		if (!note_own(keys, content, error) || (keys->device && !seal_print(keys, content, error)))
			return false;
	}
	return !keys->device || !carries_secret(keys, jingle) || seal_secret(keys, jingle, error);
}

/* ---- in ---- */

/* Opens what the device of this call sealed; the first one in an offer says which that is. */
static Secret *
open_sealed(CallKeys *keys, const Jingle *jingle, const Element *sealed, GError **error)
{
	const struct e2ee_provider *provider = keys_provider();
	Account *account = account_find(keys->account);
	g_autoptr(Secret) bytes = NULL;
	g_autoptr(GError) why = NULL;
	enum trust trust;
	guint32 device;

	if (!provider || !account || !element_is(sealed, provider->element, provider->ns))
		return fault_null(error, FAULT_TRUST, "the call of %s is sealed in a way that is not known here", keys->peer);
	if (!keys->device && jingle->action != JINGLE_SESSION_INITIATE)
		return fault_null(error, FAULT_TRUST, "%s sealed a part of a call whose beginning nobody sealed", keys->peer);
	if (provider->open_for(account, keys->peer, sealed, &device, &trust, &bytes, &why) != E2EE_OPENED)
		return fault_null(error, FAULT_TRUST, "the seal on the call of %s does not open: %s", keys->peer, why->message);
	if (keys->device && keys->device != device)
		return fault_null(error, FAULT_TRUST, "device %u of %s sealed a part of a call that is with device %u", device,
			keys->peer, keys->device);
	if (keys->device ? !keys_still(keys, error) : !keys_bind(keys, device, error))
		return NULL;
	return g_steal_pointer(&bytes);
}

static bool
open_print(CallKeys *keys, const Jingle *jingle, JingleContent *content, GError **error)
{
	g_autoptr(Secret) text = open_sealed(keys, jingle, content->sealed, error);
	guint8 print[PRINT];

	if (!text)
		return false;
	if (secret_length(text) != PRINT_TEXT || !jingle_fingerprint_read(secret_bytes(text), print))
		return fault(error, FAULT_TRUST, "what %s sealed is no fingerprint", keys->peer);
	if (content->has_fingerprint && memcmp(content->fingerprint, print, PRINT) != 0)
		return fault(error, FAULT_TRUST,
			"the fingerprint in clear is not the one that %s sealed: somebody in between changed it", keys->peer);
	content->has_fingerprint = true;
	memcpy(content->fingerprint, print, PRINT);
	return true;
}

/* Each content keeps its certificate; one that names none has the one that is known already. */
static bool
note_theirs(CallKeys *keys, JingleContent *content, GError **error)
{
	const guint8 *before = g_hash_table_lookup(keys->prints, content->name);

	if (before && memcmp(before, content->fingerprint, PRINT) != 0)
		return fault(error, FAULT_TRUST, "the certificate of %s changed during the call", keys->peer);
	if (!before)
		g_hash_table_insert(keys->prints, g_strdup(content->name), g_memdup2(content->fingerprint, PRINT));
	if (!keys->has_theirs)
		memcpy(keys->their_print, content->fingerprint, PRINT);
	keys->has_theirs = true;
	return true;
}

static bool
take_sealed(CallKeys *keys, const Jingle *jingle, guint *count, GError **error)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);

		if (!content->sealed)
			continue;
		if (!open_print(keys, jingle, content, error) || !note_theirs(keys, content, error))
			return false;
		(*count)++;
	}
	return true;
}

/* In a call that is sealed one in clear may only repeat what is known from a seal. */
static bool
take_clear(CallKeys *keys, const Jingle *jingle, GError **error)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);

		if (content->sealed || !content->has_fingerprint)
			continue;
		if (keys->device && !keys->has_theirs)
			return fault(error, FAULT_TRUST,
				"the answer of %s comes without the seal that the call began with: somebody in between may have "
				"taken "
				"it away",
				keys->peer);
		if (keys->device && memcmp(keys->their_print, content->fingerprint, PRINT) != 0)
			return fault(error, FAULT_TRUST,
				"the fingerprint in clear is not the one that %s sealed: somebody in between changed it",
				keys->peer);
		if (!note_theirs(keys, content, error))
			return false;
	}
	return true;
}

static bool
describes(const Jingle *jingle)
{
	return jingle->action == JINGLE_SESSION_INITIATE || jingle->action == JINGLE_SESSION_ACCEPT ||
	       jingle->action == JINGLE_CONTENT_ADD || jingle->action == JINGLE_CONTENT_ACCEPT;
}

/* With BUNDLE not every content says it again. */
static bool
fill_in(CallKeys *keys, const Jingle *jingle, GError **error)
{
	if (!keys->has_theirs)
		return fault(error, FAULT_TRUST, "the call of %s has no fingerprint: nothing would say who is at the other end",
			keys->peer);
	for (guint i = 0; i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);
		const guint8 *known = g_hash_table_lookup(keys->prints, content->name);

		if (content->has_fingerprint)
			continue;
		content->has_fingerprint = true;
		memcpy(content->fingerprint, known ? known : keys->their_print, PRINT);
		if (!note_theirs(keys, content, error))
			return false;
	}
	return true;
}

/* ---- their secret ---- */

static bool
all_the_same(const CallKeys *keys)
{
	GHashTableIter iter;
	gpointer print;

	g_hash_table_iter_init(&iter, keys->prints);
	while (g_hash_table_iter_next(&iter, NULL, &print))
		if (memcmp(print, keys->their_print, PRINT) != 0)
			return false;
	return true;
}

static bool
take_secret(CallKeys *keys, const Jingle *jingle, bool sealed, GError **error)
{
	g_autoptr(Secret) bytes = NULL;

	if (!sealed)
		return fault(error, FAULT_TRUST,
			"a sealed secret of %s comes with a fingerprint in clear: somebody in between took the seal away",
			keys->peer);
	if (keys->initiator && !keys->own_secret)
		return fault(error, FAULT_TRUST, "%s answered with a secret that nobody asked for", keys->peer);
	bytes = open_sealed(keys, jingle, jingle->secret, error);
	if (!bytes)
		return false;
	if (!all_the_same(keys))
		return fault(error, FAULT_TRUST, "%s mixes one secret into the keys of several certificates", keys->peer);
	keys->their_secret = mediasecret_unpack(bytes, keys->their_print, error);
	return keys->their_secret != NULL;
}

/* Doubts come last: when a person lifts one, everything is in place. */
static bool
take_rest(CallKeys *keys, const Jingle *jingle, bool sealed, GError **error)
{
	if (jingle->secret && !take_secret(keys, jingle, sealed, error))
		return false;
	if (!keys->device)
		return keys->initiator || protection_allows_clear(keys, error);
	protection_sealed(keys);
	if (keys->their_secret) {
		protection_mixed(keys);
		return true;
	}
	g_clear_pointer(&keys->own_secret, secret_free);
	return protection_allows_unmixed(keys, error);
}

/* E03: an offer is answered by the other one, once. */
static bool
may_begin(const CallKeys *keys, const Jingle *jingle, GError **error)
{
	enum jingle_action due = keys->initiator ? JINGLE_SESSION_ACCEPT : JINGLE_SESSION_INITIATE;

	return (jingle->action == due && !keys->has_theirs) ||
	       fault(error, FAULT_PEER, "%s began the call in the wrong order", keys->peer);
}

bool
keys_take(CallKeys *keys, const Jingle *jingle, GError **error)
{
	bool begins = jingle->action == JINGLE_SESSION_INITIATE || jingle->action == JINGLE_SESSION_ACCEPT;
	guint sealed = 0;

	if (begins && !may_begin(keys, jingle, error))
		return false;
	if (!take_sealed(keys, jingle, &sealed, error) || !take_clear(keys, jingle, error) ||
		(describes(jingle) && !fill_in(keys, jingle, error)))
		return false;
	return !begins || take_rest(keys, jingle, sealed > 0, error);
}
