/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own keys: made once, refilled, rotated, and never made anew behind the user's back. */
#include "omemo.h"

#include <string.h>

#define DAY ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

enum {
	ROTATE_DAYS = 7,
	KEEP_DAYS = 30, /* a signed prekey that was replaced opens late messages this long */
	PREKEY_ID_MAX = 0xffffff,
};

static bool
store_broken(GError **error, const char *account)
{
	return fault(error, FAULT_STORE,
		"the identity key of %s cannot be read although other keys are there: nothing is sealed - restore a backup, or "
		"make a new "
		"identity with /omemo reset",
		account);
}

/* Any key of ours that was made together with an identity. */
bool
keys_exist(const char *account)
{
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT 1 FROM omemo_identity WHERE account = ?1 UNION ALL SELECT 1 FROM omemo_signed_prekeys WHERE account = ?1"
		" UNION ALL SELECT 1 FROM omemo_prekeys WHERE account = ?1 UNION ALL SELECT 1 FROM omemo_sessions WHERE account = "
		"?1",
		"s", account);

	return rows && rows_next(rows);
}

bool
keys_load(const char *account, struct own_keys *keys, GError **error)
{
	g_autoptr(Rows) rows = store_select(
		error, "SELECT device, public, announced, revision, published FROM omemo_identity WHERE account = ?", "s", account);
	const void *public;
	size_t length = 0;

	if (!rows)
		return false;
	if (!rows_next(rows))
		return keys_exist(account)
			       ? store_broken(error, account)
			       : fault(error, FAULT_GONE, "%s has no keys yet: they are made at the first login", account);
	public = rows_blob(rows, 1, &length);
	keys->device = (guint32)rows_int(rows, 0);
	keys->announced = rows_int(rows, 2) != 0;
	keys->revision = rows_int(rows, 3);
	keys->published = rows_int(rows, 4);
	if (length != KEY_LENGTH || keys->device < 1 || keys->device > DEVICE_MAX)
		return store_broken(error, account);
	memcpy(keys->identity, public, KEY_LENGTH);
	return true;
}

guint32
keys_device(const char *account)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT device FROM omemo_identity WHERE account = ?", "s", account);

	return rows && rows_next(rows) ? (guint32)rows_int(rows, 0) : 0;
}

static ratchet_identity_key_pair *
load_pair(const char *account)
{
	ratchet_identity_key_pair *pair = NULL;

	if (signal_protocol_identity_get_key_pair(keystore_of(account), &pair) != SG_SUCCESS)
		return NULL;
	return pair;
}

/* A flipped byte in the store must not become a silently different key. */
static bool
pair_is_whole(const char *account, GError **error)
{
	axo_auto ratchet_identity_key_pair *pair = load_pair(account);
	axo_auto ec_public_key *derived = NULL;

	if (!pair || curve_generate_public_key(&derived, ratchet_identity_key_pair_get_private(pair)) != SG_SUCCESS ||
		ec_public_key_compare(derived, ratchet_identity_key_pair_get_public(pair)) != 0)
		return store_broken(error, account);
	return true;
}

static guint32
random_number(guint32 max)
{
	guint32 number;

	do {
		random_bytes(&number, sizeof number);
		number &= G_MAXINT32;
		if (max == PREKEY_ID_MAX)
			number &= PREKEY_ID_MAX;
	} while (!number || number > max);
	return number;
}

static bool
make_prekey(const char *account, GError **error)
{
	axo_auto ec_key_pair *pair = NULL;
	axo_auto session_pre_key *prekey = NULL;
	axo_auto_buffer *record = NULL;
	guint32 id;

	do
		id = random_number(PREKEY_ID_MAX);
	while (signal_protocol_pre_key_contains_key(keystore_of(account), id));
	if (curve_generate_key_pair(crypto_context(), &pair) || session_pre_key_create(&prekey, id, pair) ||
		session_pre_key_serialize(&record, prekey))
		return fault(error, FAULT_STORE, "a one-time key cannot be made");
	return store_run(error, "INSERT INTO omemo_prekeys (account, id, record) VALUES (?, ?, ?)", "sib", account, (gint64)id,
		signal_buffer_data(record), signal_buffer_len(record));
}

int
keys_prekeys_left(const char *account)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT count(*) FROM omemo_prekeys WHERE account = ? AND used_at IS NULL", "s", account);

	return rows && rows_next(rows) ? (int)rows_int(rows, 0) : 0;
}

static bool
fill_prekeys(const char *account, int *made, GError **error)
{
	int left = keys_prekeys_left(account);

	for (*made = 0; left + *made < PREKEYS; (*made)++)
		if (!make_prekey(account, error))
			return false;
	return true;
}

static bool
make_signed_prekey(const char *account, const ratchet_identity_key_pair *pair, GError **error)
{
	axo_auto session_signed_pre_key *signed_prekey = NULL;
	axo_auto_buffer *record = NULL;
	guint32 id = random_number(PREKEY_ID_MAX);

	if (signal_protocol_key_helper_generate_signed_pre_key(
		    &signed_prekey, pair, id, (guint64)(clock_now() / 1000), crypto_context()) ||
		session_signed_pre_key_serialize(&record, signed_prekey))
		return fault(error, FAULT_STORE, "a signed prekey cannot be made");
	return store_run(error, "INSERT INTO omemo_signed_prekeys (account, id, record, made_at) VALUES (?, ?, ?, ?)", "sibi",
		account, (gint64)id, signal_buffer_data(record), signal_buffer_len(record), clock_now());
}

gint64
keys_signed_at(const char *account)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT max(made_at) FROM omemo_signed_prekeys WHERE account = ?", "s", account);

	return rows && rows_next(rows) ? rows_int(rows, 0) : 0;
}

static bool
make_identity(const char *account, GError **error)
{
	axo_auto ratchet_identity_key_pair *pair = NULL;
	axo_auto_buffer *public = NULL;
	axo_auto_buffer *private = NULL;
	int made;

	if (signal_protocol_key_helper_generate_identity_key_pair(&pair, crypto_context()) ||
		ec_public_key_serialize(&public, ratchet_identity_key_pair_get_public(pair)) ||
		ec_private_key_serialize(&private, ratchet_identity_key_pair_get_private(pair)))
		return fault(error, FAULT_STORE, "an identity key cannot be made");
	return store_run(error, "INSERT INTO omemo_identity (account, device, public, private, made_at) VALUES (?, ?, ?, ?, ?)",
		       "sibbi", account, (gint64)random_number(DEVICE_MAX), signal_buffer_data(public), signal_buffer_len(public),
		       signal_buffer_data(private), signal_buffer_len(private), clock_now()) &&
	       make_signed_prekey(account, pair, error) && fill_prekeys(account, &made, error);
}

/* The end of a transaction that began well. */
static bool
finish(bool done, GError **error)
{
	if (done)
		return store_commit(STORE_NOW, error);
	store_rollback();
	return false;
}

bool
keys_ensure(const char *account, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct own_keys keys;

	if (keys_load(account, &keys, &why))
		return pair_is_whole(account, error);
	if (!g_error_matches(why, FAULT, FAULT_GONE)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	log_info("omemo: making the keys of %s", account);
	return store_begin(error) && finish(make_identity(account, error), error);
}

static bool
rotate_signed_prekey(const char *account, bool *rotated, GError **error)
{
	axo_auto ratchet_identity_key_pair *pair = NULL;
	gint64 now = clock_now(), made_at = keys_signed_at(account);
	bool ahead = made_at > now + DAY;

	*rotated = now >= CLOCK_LEAST && (now - made_at >= ROTATE_DAYS * DAY || ahead);
	if (!*rotated)
		return true;
	pair = load_pair(account);
	if (!pair)
		return store_broken(error, account);
	/* Of a time when the clock was wrong: such a key would stay the newest for ever, or go before its time. */
	if (!store_run(error, "UPDATE omemo_signed_prekeys SET made_at = ? WHERE account = ? AND (made_at > ? OR made_at < ?)",
		    "isii", now - 1, account, now, CLOCK_LEAST))
		return false;
	return store_run(error, "DELETE FROM omemo_signed_prekeys WHERE account = ? AND made_at < ? AND made_at < ?", "sii",
		       account, now - KEEP_DAYS * DAY, made_at) &&
	       make_signed_prekey(account, pair, error);
}

static bool
refresh(const char *account, int *used, GError **error)
{
	bool rotated;
	int made;

	if (!store_run(error, "DELETE FROM omemo_prekeys WHERE account = ? AND used_at IS NOT NULL", "s", account))
		return false;
	*used = store_changes();
	if (!fill_prekeys(account, &made, error) || !rotate_signed_prekey(account, &rotated, error))
		return false;
	if (made > 0 || rotated)
		return store_run(error, "UPDATE omemo_identity SET revision = revision + 1 WHERE account = ?", "s", account);
	return true;
}

bool
keys_refresh(const char *account, int *used, GError **error)
{
	*used = 0;
	if (!keys_device(account))
		return true;
	return store_begin(error) && finish(refresh(account, used, error), error);
}

bool
keys_set_announced(const char *account, GError **error)
{
	return store_run(error, "UPDATE omemo_identity SET announced = 1 WHERE account = ? AND announced = 0", "s", account);
}

bool
keys_set_published(const char *account, gint64 revision, GError **error)
{
	return store_run(error, "UPDATE omemo_identity SET published = ? WHERE account = ?", "is", revision, account);
}

bool
keys_renumber(const char *account, GError **error)
{
	return store_run(error, "UPDATE omemo_identity SET device = ? WHERE account = ? AND announced = 0", "is",
		(gint64)random_number(DEVICE_MAX), account);
}

static bool
forget(const char *account, GError **error)
{
	static const char *const statements[] = {
		"DELETE FROM omemo_identity WHERE account = ?",
		"DELETE FROM omemo_prekeys WHERE account = ?",
		"DELETE FROM omemo_signed_prekeys WHERE account = ?",
		"DELETE FROM omemo_sessions WHERE account = ?",
		"DELETE FROM omemo_skipped WHERE account = ?",
		"DELETE FROM omemo_chains WHERE account = ?",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(statements); i++)
		if (!store_run(error, statements[i], "s", account))
			return false;
	return true;
}

bool
keys_forget(const char *account, GError **error)
{
	return store_begin(error) && finish(forget(account, error), error);
}

/* ---- the bundle (XEP-0384 0.3) ---- */

static bool
add_key(Node *parent, const char *name, const char *id_name, gint64 id, ec_public_key *key)
{
	axo_auto_buffer *bytes = NULL;
	g_autofree char *text = NULL;
	Node *node;

	if (ec_public_key_serialize(&bytes, key) != SG_SUCCESS)
		return false;
	text = g_base64_encode(signal_buffer_data(bytes), signal_buffer_len(bytes));
	node = node_add_text(parent, name, NULL, text);
	if (id_name)
		node_attr_int(node, id_name, id);
	return true;
}

static bool
add_signed_prekey(Node *bundle, const char *account)
{
	g_autoptr(Rows) rows = store_select(
		NULL, "SELECT record FROM omemo_signed_prekeys WHERE account = ? ORDER BY made_at DESC LIMIT 1", "s", account);
	axo_auto session_signed_pre_key *key = NULL;
	g_autofree char *signature = NULL;
	const guint8 *record;
	size_t length = 0;

	if (!rows || !rows_next(rows) || !(record = rows_blob(rows, 0, &length)) ||
		session_signed_pre_key_deserialize(&key, record, length, crypto_context()) != SG_SUCCESS)
		return false;
	signature = g_base64_encode(session_signed_pre_key_get_signature(key), session_signed_pre_key_get_signature_len(key));
	if (!add_key(bundle, "signedPreKeyPublic", "signedPreKeyId", session_signed_pre_key_get_id(key),
		    ec_key_pair_get_public(session_signed_pre_key_get_key_pair(key))))
		return false;
	node_add_text(bundle, "signedPreKeySignature", NULL, signature);
	return true;
}

static bool
add_prekeys(Node *bundle, const char *account)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT record FROM omemo_prekeys WHERE account = ? AND used_at IS NULL", "s", account);
	Node *prekeys = node_add(bundle, "prekeys", NULL);

	if (!rows)
		return false;
	while (rows_next(rows)) {
		axo_auto session_pre_key *key = NULL;
		size_t length = 0;
		const guint8 *record = rows_blob(rows, 0, &length);

		if (!record || session_pre_key_deserialize(&key, record, length, crypto_context()) != SG_SUCCESS)
			return false;
		if (!add_key(prekeys, "preKeyPublic", "preKeyId", session_pre_key_get_id(key),
			    ec_key_pair_get_public(session_pre_key_get_key_pair(key))))
			return false;
	}
	return true;
}

Node *
keys_bundle(const char *account, gint64 *revision, GError **error)
{
	g_autoptr(Node) bundle = NULL;
	g_autofree char *identity = NULL;
	struct own_keys keys;

	if (!keys_load(account, &keys, error))
		return NULL;
	bundle = node_new("bundle", OMEMO_NS);
	identity = g_base64_encode(keys.identity, KEY_LENGTH);
	if (!add_signed_prekey(bundle, account))
		return fault_null(error, FAULT_STORE, "the signed prekey of %s cannot be read", account);
	node_add_text(bundle, "identityKey", NULL, identity);
	if (!add_prekeys(bundle, account))
		return fault_null(error, FAULT_STORE, "the one-time keys of %s cannot be read", account);
	*revision = keys.revision;
	return g_steal_pointer(&bundle);
}
