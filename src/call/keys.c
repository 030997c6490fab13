/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of one call: which device they come from, and what they are worth. */
#include "account/account.h"
#include "api/jid.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "call/keys-private.h"

#include <string.h>

static void
keys_unref(CallKeys *keys)
{
	if (--keys->refs > 0)
		return;
	g_free(keys->account);
	g_free(keys->peer);
	g_free(keys->sid);
	g_free(keys->unprepared);
	g_free(keys->fingerprint);
	g_free(keys->name);
	g_hash_table_unref(keys->prints);
	secret_free(keys->own_secret);
	secret_free(keys->their_secret);
	g_free(keys);
}

/* Its memory waits for what is under way; its secrets do not. */
void
keys_free(CallKeys *keys)
{
	if (!keys)
		return;
	keys->freed = true;
	keys->chosen = NULL;
	g_clear_pointer(&keys->own_secret, secret_free);
	g_clear_pointer(&keys->their_secret, secret_free);
	keys_unref(keys);
}

/* ---- the device ---- */

static bool
key_now(const CallKeys *keys, const char *of, guint32 device, guint8 key[PRINT], enum trust *trust)
{
	const struct e2ee_provider *provider = keys_provider();
	Account *account = account_find(keys->account);

	return provider && account && device && provider->identity_key(account, of, device, key, trust);
}

bool
keys_bind(CallKeys *keys, guint32 device, GError **error)
{
	const struct e2ee_provider *provider = keys_provider();
	Account *account = account_find(keys->account);
	g_autofree char *local = jid_local(keys->peer);
	enum trust trust, own_trust;

	if (!provider || !account)
		return fault(error, FAULT_GONE, "no plugin for encryption is loaded - /plugin load one");
	if (!key_now(keys, keys->account, provider->own_device(account), keys->own_key, &own_trust))
		return fault(error, FAULT_TRUST, "%s has no keys to seal a call with", keys->account);
	if (!key_now(keys, keys->peer, device, keys->their_key, &trust))
		return fault(error, FAULT_TRUST, "the keys of device %u of %s are not known%s%s", device, keys->peer,
			keys->unprepared ? ": " : "", keys->unprepared ? keys->unprepared : "");
	if (!protection_allows_device(keys, device, trust, error))
		return false;
	keys->device = device;
	g_free(keys->fingerprint);
	g_free(keys->name);
	keys->fingerprint = text_hex(keys->their_key, PRINT);
	keys->name = g_strdup_printf("%s's key %.8s", local ? local : keys->peer, keys->fingerprint);
	return true;
}

bool
keys_still(const CallKeys *keys, GError **error)
{
	guint8 key[PRINT];
	enum trust trust;

	return (key_now(keys, keys->peer, keys->device, key, &trust) && memcmp(key, keys->their_key, PRINT) == 0) ||
	       fault(error, FAULT_TRUST, "the key of device %u of %s changed during the call", keys->device, keys->peer);
}

static void prepared(enum e2ee_readiness readiness, const char *sentence, gpointer data);

static void
ask_provider(CallKeys *keys)
{
	const struct e2ee_provider *provider = keys_provider();
	Account *account = account_find(keys->account);

	if (!provider || !account)
		return;
	keys->preparing = true;
	keys->refs++;
	provider->prepare(account, keys->peer, prepared, keys);
}

static void
decide(CallKeys *keys)
{
	keys_chosen chosen = keys->chosen;
	g_autoptr(GError) error = NULL;
	enum trust trust;

	if (!chosen || keys->preparing)
		return;
	/* A device that came after the question for the list: once more. */
	if (keys->wanted && !keys->asked_again && !key_now(keys, keys->peer, keys->wanted, keys->their_key, &trust)) {
		bool due;

		/* It may be answered at once, and who hears that may free us. */
		keys->asked_again = true;
		keys->refs++;
		ask_provider(keys);
		due = !keys->preparing && keys->chosen;
		keys_unref(keys);
		if (!due)
			return;
	}
	keys->chosen = NULL;
	if (keys->wanted)
		keys_bind(keys, keys->wanted, &error);
	else
		protection_allows_clear(keys, &error);
	chosen(error, keys->chosen_data);
}

static void
prepared(enum e2ee_readiness readiness, const char *sentence, gpointer data)
{
	CallKeys *keys = data;

	keys->preparing = false;
	/* Whether a message could be sent to all of its devices says nothing about this one. */
	g_free(keys->unprepared);
	keys->unprepared = readiness == E2EE_READY ? NULL : g_strdup(sentence);
	decide(keys);
	keys_unref(keys);
}

void
keys_choose(CallKeys *keys, guint32 device, keys_chosen done, gpointer data)
{
	keys->wanted = device;
	keys->chosen = done;
	keys->chosen_data = data;
	decide(keys);
}

CallKeys *
keys_new(Account *account, const char *peer, const char *sid, bool initiator, int rule)
{
	CallKeys *keys = g_new0(CallKeys, 1);

	keys->refs = 1;
	keys->account = g_strdup(account_jid(account));
	keys->peer = g_strdup(peer);
	keys->sid = g_strdup(sid);
	keys->initiator = initiator;
	keys->rule = rule;
	keys->prints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (initiator)
		ask_provider(keys);
	return keys;
}

/* ---- what a person may lift ---- */

bool
keys_may_allow(const CallKeys *keys)
{
	return keys->doubt != DOUBT_NONE;
}

bool
keys_allow(CallKeys *keys)
{
	bool was = keys->doubt != DOUBT_NONE;

	keys->allowed |= keys->doubt;
	keys->doubt = DOUBT_NONE;
	return was;
}

/* ---- what it is worth ---- */

enum call_keys
keys_level(const CallKeys *keys)
{
	if (!keys->device)
		return keys->has_theirs || keys->has_own ? CALL_KEYS_DTLS : CALL_KEYS_NONE;
	/* The answer to their secret is ours. */
	return keys->their_secret && (keys->own_secret || !keys->initiator) ? CALL_KEYS_RATCHET : CALL_KEYS_SEALED;
}

enum trust
keys_trust(const CallKeys *keys)
{
	guint8 key[PRINT];
	enum trust trust;

	if (!keys->device)
		return TRUST_NONE;
	if (!key_now(keys, keys->peer, keys->device, key, &trust) || memcmp(key, keys->their_key, PRINT) != 0)
		return TRUST_UNDECIDED;
	return trust;
}

guint32
keys_peer_device(const CallKeys *keys)
{
	return keys->device;
}

const char *
keys_peer_fingerprint(const CallKeys *keys)
{
	return keys->fingerprint;
}

const char *
keys_peer_name(const CallKeys *keys)
{
	return keys->name;
}

/* ---- what both have said ---- */

static bool
context_of(const CallKeys *keys, guint8 context[32])
{
	bool first = keys->initiator;

	if (!keys->device || !keys->has_own || !keys->has_theirs)
		return false;
	keys_context(
		&(struct keys_context){
			.sid = keys->sid,
			.jid_initiator = first ? keys->account : keys->peer,
			.jid_responder = first ? keys->peer : keys->account,
			.key_initiator = first ? keys->own_key : keys->their_key,
			.key_responder = first ? keys->their_key : keys->own_key,
			.print_initiator = first ? keys->own_print : keys->their_print,
			.print_responder = first ? keys->their_print : keys->own_print,
		},
		context);
	return true;
}

/* One piece of memory that the link wipes: in a tree of values the secrets would stay behind in its leaves. */
static GVariant *
mixed_body(const guint8 context[32], const Secret *initiator, const Secret *responder)
{
	static const guint8 zeros[32];
	g_autoptr(GVariant) shape =
		g_variant_ref_sink(g_variant_new("(b@ay@ay@ay)", TRUE, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, zeros, 32, 1),
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, zeros, 32, 1),
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, zeros, 32, 1)));
	size_t size = g_variant_get_size(shape);
	guint8 *bytes = g_malloc(size);

	g_variant_store(shape, bytes);
	/* A byte for the truth value, then the three arrays. */
	memcpy(bytes + 1, context, 32);
	memcpy(bytes + 33, secret_bytes(initiator), 32);
	memcpy(bytes + 65, secret_bytes(responder), 32);
	return g_variant_new_from_data(G_VARIANT_TYPE("(bayayay)"), bytes, size, TRUE, g_free, bytes);
}

GVariant *
keys_link_body(const CallKeys *keys)
{
	guint8 context[32];

	if (!keys->own_secret || !keys->their_secret || !context_of(keys, context))
		return g_variant_new("(bayayay)", FALSE, NULL, NULL, NULL);
	return mixed_body(context, keys->initiator ? keys->own_secret : keys->their_secret,
		keys->initiator ? keys->their_secret : keys->own_secret);
}

/* ---- words ---- */

struct speech {
	CallKeys *keys;
	guint8 context[32], bytes[4];
	bool made;
	keys_spoken done;
	gpointer data;
};

static void
make_words(gpointer data)
{
	struct speech *speech = data;

	speech->made = keys_words_bytes(speech->context, speech->bytes);
}

static void
words_made(gpointer data)
{
	g_autofree struct speech *speech = data;
	g_autofree char *words = speech->made ? words_text(speech->bytes) : NULL;

	if (!speech->keys->freed)
		speech->done(words, speech->data);
	keys_unref(speech->keys);
}

void
keys_words(CallKeys *keys, keys_spoken done, gpointer data)
{
	struct speech *speech = g_new0(struct speech, 1);

	*speech = (struct speech){ .keys = keys, .done = done, .data = data };
	if (!context_of(keys, speech->context)) {
		g_free(speech);
		done(NULL, data);
		return;
	}
	keys->refs++;
	mailbox_run(make_words, words_made, speech);
}
