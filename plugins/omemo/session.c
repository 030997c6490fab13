/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions: one double ratchet for each device, kept in the store only. */
#include "omemo.h"

#include <string.h>

struct far_end {
	signal_protocol_address address;
	session_cipher *cipher;
	ec_public_key *ratchet; /* of the message that was opened */
};

static bool
far_end_open(struct far_end *end, const char *account, const char *peer, guint32 device)
{
	*end = (struct far_end){ .address = { .name = peer, .name_len = strlen(peer), .device_id = (int32_t)device } };
	return session_cipher_create(&end->cipher, keystore_of(account), &end->address, crypto_context()) == SG_SUCCESS;
}

static ec_public_key *
decode_key(const guint8 *bytes)
{
	ec_public_key *key = NULL;

	return curve_decode_point(&key, bytes, KEY_LENGTH, crypto_context()) == SG_SUCCESS ? key : NULL;
}

static bool
key_bytes(ec_public_key *key, guint8 bytes[KEY_LENGTH])
{
	axo_auto_buffer *buffer = NULL;

	if (!key || ec_public_key_serialize(&buffer, key) != SG_SUCCESS || signal_buffer_len(buffer) != KEY_LENGTH)
		return false;
	memcpy(bytes, signal_buffer_data(buffer), KEY_LENGTH);
	return true;
}

/* ---- building (X3DH) ---- */

static session_pre_key_bundle *
library_bundle(guint32 device, const struct bundle *bundle)
{
	axo_auto ec_public_key *identity = decode_key(bundle->identity);
	axo_auto ec_public_key *signed_prekey = decode_key(bundle->signed_prekey);
	axo_auto ec_public_key *prekey = bundle->has_prekey ? decode_key(bundle->prekey) : NULL;
	session_pre_key_bundle *result = NULL;

	if (!identity || !signed_prekey || (bundle->has_prekey && !prekey))
		return NULL;
	if (session_pre_key_bundle_create(&result, device, (int)device, bundle->prekey_id, prekey, bundle->signed_id, signed_prekey,
		    bundle->signature, SIGNATURE_LENGTH, identity) != SG_SUCCESS)
		return NULL;
	return result;
}

static bool
build(const char *account, const char *peer, guint32 device, session_pre_key_bundle *keys, GError **error)
{
	signal_protocol_address address = { .name = peer, .name_len = strlen(peer), .device_id = (int32_t)device };
	session_builder *builder = NULL;
	int result;

	if (session_builder_create(&builder, keystore_of(account), &address, crypto_context()) != SG_SUCCESS)
		return fault(error, FAULT_STORE, "a session cannot be made");
	result = session_builder_process_pre_key_bundle(builder, keys);
	session_builder_free(builder);
	if (result == SG_ERR_INVALID_KEY)
		return fault(error, FAULT_TRUST, "the signature of the keys of device %u of %s is wrong", device, peer);
	return result == SG_SUCCESS ||
	       fault(error, FAULT_PEER, "the keys of device %u of %s cannot be used: %s", device, peer, axo_error(result));
}

bool
session_build(const char *account, const char *peer, guint32 device, const struct bundle *bundle, GError **error)
{
	axo_auto session_pre_key_bundle *keys = library_bundle(device, bundle);
	enum key_news news = KEY_KNOWN;
	enum trust trust = TRUST_UNDECIDED;
	bool done;

	if (!keys)
		return fault(error, FAULT_PEER, "the keys of device %u of %s are no valid keys", device, peer);
	if (!store_begin(error))
		return false;
	/* The session first: a bundle whose signature is wrong must not change what we know of the device. */
	done = build(account, peer, device, keys, error) &&
	       trust_learn(account, peer, device, bundle->identity, true, "key bundle", &trust, &news, error);
	if (!done) {
		store_rollback();
		return false;
	}
	if (!store_commit(STORE_SOON, error))
		return false;
	trust_tell(account, peer, device, bundle->identity, news, trust);
	return true;
}

/* ---- using ---- */

/* Whose session it is now, and whether we sent anything since its ratchet last turned. */
static bool
record_facts(session_record *record, guint8 identity[KEY_LENGTH], bool *unanswered)
{
	session_state *state = session_record_get_state(record);
	ratchet_chain_key *chain;

	if (!state || !key_bytes(session_state_get_remote_identity_key(state), identity))
		return false;
	chain = session_state_get_sender_chain_key(state);
	*unanswered = chain && ratchet_chain_key_get_index(chain) == 0;
	return true;
}

static bool
session_facts(const char *account, const struct far_end *end, guint8 identity[KEY_LENGTH], bool *unanswered)
{
	axo_auto session_record *record = NULL;

	return axo_load_session(keystore_of(account), &record, &end->address) == SG_SUCCESS &&
	       record_facts(record, identity, unanswered);
}

bool
session_is_unanswered(const char *account, const char *peer, guint32 device)
{
	struct far_end end = { .address = { .name = peer, .name_len = strlen(peer), .device_id = (int32_t)device } };
	guint8 identity[KEY_LENGTH];
	bool unanswered = false;

	return session_facts(account, &end, identity, &unanswered) && unanswered;
}

bool
session_fits(const char *account, const char *peer, guint32 device, const guint8 *identity)
{
	struct far_end end = { .address = { .name = peer, .name_len = strlen(peer), .device_id = (int32_t)device } };
	guint8 theirs[KEY_LENGTH];
	bool unanswered;

	return session_facts(account, &end, theirs, &unanswered) && memcmp(theirs, identity, KEY_LENGTH) == 0;
}

bool
session_seal(const char *account, const char *peer, const struct recipient *to, const guint8 *bytes, size_t length,
	signal_buffer **sealed, bool *prekey, GError **error)
{
	axo_auto ciphertext_message *message = NULL;
	struct far_end end;
	int result;

	if (!session_fits(account, peer, to->device, to->identity))
		return fault(error, FAULT_TRUST, "the session with device %u of %s belongs to another key", to->device, peer);
	if (!far_end_open(&end, account, peer, to->device))
		return fault(error, FAULT_STORE, "the session with device %u of %s cannot be opened", to->device, peer);
	result = session_cipher_encrypt(end.cipher, bytes, length, &message);
	session_cipher_free(end.cipher);
	if (result != SG_SUCCESS)
		return fault(error, FAULT_STORE, "sealing for device %u of %s failed: %s", to->device, peer, axo_error(result));
	*sealed = signal_buffer_copy(ciphertext_message_get_serialized(message));
	*prekey = ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE;
	return true;
}

/* A session that begins with this message, and the key that it names. */
static int
open_prekey_message(struct far_end *end, const guint8 *bytes, size_t length, struct session_opened *opened)
{
	axo_auto pre_key_signal_message *message = NULL;
	int result = pre_key_signal_message_deserialize(&message, bytes, length, crypto_context());

	if (result != SG_SUCCESS)
		return result;
	if (!key_bytes(pre_key_signal_message_get_identity_key(message), opened->identity) || !key_is_sound(opened->identity))
		return SG_ERR_INVALID_KEY;
	opened->prekey = true;
	opened->counter = signal_message_get_counter(pre_key_signal_message_get_signal_message(message));
	end->ratchet = signal_message_get_sender_ratchet_key(pre_key_signal_message_get_signal_message(message));
	SIGNAL_REF(end->ratchet);
	return session_cipher_decrypt_pre_key_signal_message(end->cipher, message, NULL, &opened->plain);
}

static int
open_message(struct far_end *end, const guint8 *bytes, size_t length, struct session_opened *opened)
{
	axo_auto signal_message *message = NULL;
	int result = signal_message_deserialize(&message, bytes, length, crypto_context());

	if (result != SG_SUCCESS)
		return result;
	opened->counter = signal_message_get_counter(message);
	end->ratchet = signal_message_get_sender_ratchet_key(message);
	SIGNAL_REF(end->ratchet);
	return session_cipher_decrypt_signal_message(end->cipher, message, NULL, &opened->plain);
}

static bool
used_now(const char *account, const char *peer, guint32 device, const guint8 *identity, GError **error)
{
	return store_run(error,
		       "UPDATE omemo_keys SET last_used = ? WHERE account = ? AND peer = ? AND device = ? AND identity = ?",
		       "issib", clock_now(), account, peer, (gint64)device, identity, (size_t)KEY_LENGTH) &&
	       store_run(error, "UPDATE omemo_devices SET heals = 0 WHERE account = ? AND peer = ? AND device = ? AND heals > 0",
		       "ssi", account, peer, (gint64)device);
}

static int
open_with(const char *account, const char *peer, guint32 device, struct far_end *end, const guint8 *bytes, size_t length,
	struct session_opened *opened, GError **error)
{
	axo_auto session_record *record = NULL;
	guint8 named[KEY_LENGTH];
	int result;

	/* Which of the two it is, the bytes say: the prekey attribute is only a hint. */
	result = open_prekey_message(end, bytes, length, opened);
	memcpy(named, opened->identity, sizeof named);
	if (!opened->prekey)
		result = open_message(end, bytes, length, opened);
	if (result != SG_SUCCESS)
		return result;
	if (axo_load_session(keystore_of(account), &record, &end->address) != SG_SUCCESS ||
		!record_facts(record, opened->identity, &opened->unanswered) ||
		!skipped_note(account, peer, device, record, end->ratchet, opened->counter, opened->unanswered, error))
		return SG_ERR_UNKNOWN;
	/* Where the session is there already the library does not ask whose key is named beside the message: anybody's could be.
	 * What opened it belongs to the key of the session, and to no other. */
	if (opened->prekey && memcmp(named, opened->identity, sizeof named) != 0)
		return SG_ERR_INVALID_KEY;
	if (!trust_learn(account, peer, device, opened->identity, opened->prekey, "message", &opened->trust, &opened->news, error))
		return SG_ERR_UNKNOWN;
	return used_now(account, peer, device, opened->identity, error) ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

int
session_open(const char *account, const char *peer, guint32 device, const guint8 *bytes, size_t length,
	struct session_opened *opened, GError **error)
{
	struct far_end end;
	int result;

	*opened = (struct session_opened){ 0 };
	if (!far_end_open(&end, account, peer, device)) {
		fault(error, FAULT_STORE, "the session with device %u of %s cannot be opened", device, peer);
		return SG_ERR_NOMEM;
	}
	result = open_with(account, peer, device, &end, bytes, length, opened, error);
	session_cipher_free(end.cipher);
	if (result == SG_ERR_DUPLICATE_MESSAGE && skipped_was_dropped(account, peer, device, end.ratchet, opened->counter))
		result = SESSION_TOO_LATE;
	axo_unref(&end.ratchet);
	if (result == SG_SUCCESS)
		return result;
	g_clear_pointer(&opened->plain, signal_buffer_bzero_free);
	if (result == SESSION_TOO_LATE)
		fault(error, FAULT_PEER, "it came too late: keys of messages that do not come are not kept for ever");
	else
		fault(error, FAULT_PEER, "it cannot be opened: %s", axo_error(result));
	return result;
}
