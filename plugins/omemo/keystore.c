/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library's view on our tables: sessions, one-time keys, signed prekeys and the identity of one account. Every call reads and
 * writes the store, so a rolled back transaction leaves nothing behind. */
#include "omemo.h"

const struct migration keystore_migrations[] = {
	{ "omemo", 1,
		"CREATE TABLE omemo_identity (account TEXT PRIMARY KEY, device INTEGER NOT NULL, public BLOB NOT NULL,"
		"  private BLOB NOT NULL, made_at INTEGER NOT NULL, announced INTEGER NOT NULL DEFAULT 0,"
		"  revision INTEGER NOT NULL DEFAULT 1, published INTEGER NOT NULL DEFAULT 0);"
		"CREATE TABLE omemo_prekeys (account TEXT NOT NULL, id INTEGER NOT NULL, record BLOB NOT NULL, used_at INTEGER,"
		"  PRIMARY KEY (account, id)) WITHOUT ROWID;"
		"CREATE TABLE omemo_signed_prekeys (account TEXT NOT NULL, id INTEGER NOT NULL, record BLOB NOT NULL,"
		"  made_at INTEGER NOT NULL, PRIMARY KEY (account, id)) WITHOUT ROWID;"
		"CREATE TABLE omemo_sessions (account TEXT NOT NULL, peer TEXT NOT NULL, device INTEGER NOT NULL, record BLOB NOT "
		"NULL,"
		"  PRIMARY KEY (account, peer, device));"
		/* What owners announce, and how healing a session with a device went. */
		"CREATE TABLE omemo_devices (account TEXT NOT NULL, peer TEXT NOT NULL, device INTEGER NOT NULL,"
		"  active INTEGER NOT NULL, first_seen INTEGER NOT NULL, healed_at INTEGER NOT NULL DEFAULT 0,"
		"  heals INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, peer, device)) WITHOUT ROWID;"
		/* Every key ever seen: the history. At most one of a device is current. */
		"CREATE TABLE omemo_keys (account TEXT NOT NULL, peer TEXT NOT NULL, device INTEGER NOT NULL, identity BLOB NOT "
		"NULL,"
		"  trust INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_used INTEGER NOT NULL DEFAULT 0, learnt TEXT NOT NULL,"
		"  current INTEGER NOT NULL, PRIMARY KEY (account, peer, device, identity)) WITHOUT ROWID;" },
	/* What was passed over in chains of sessions, and the chains in the order in which they began. */
	{ "omemo", 2,
		"CREATE TABLE omemo_skipped (id INTEGER PRIMARY KEY, account TEXT NOT NULL, peer TEXT NOT NULL, device INTEGER NOT "
		"NULL,"
		"  ratchet BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, remaining INTEGER NOT NULL,"
		"  made_at INTEGER NOT NULL);"
		"CREATE INDEX omemo_skipped_session ON omemo_skipped (account, peer, device, ratchet);"
		"CREATE TABLE omemo_chains (id INTEGER PRIMARY KEY, account TEXT NOT NULL, peer TEXT NOT NULL, device INTEGER NOT "
		"NULL,"
		"  ratchet BLOB NOT NULL, made_at INTEGER NOT NULL, UNIQUE (account, peer, device, ratchet))" },
	{ NULL },
};

/* The stores of each account; the user data of their calls is the account's JID, which is the key of this table. */
static GHashTable *stores;

/* One blob of one row: 1 found, 0 not, negative on error. */
static int
take_blob(Rows *rows, signal_buffer **record)
{
	const guint8 *bytes;
	size_t length = 0;
	int found = 0;

	if (!rows)
		return SG_ERR_UNKNOWN;
	if (rows_next(rows)) {
		bytes = rows_blob(rows, 0, &length);
		*record = bytes ? signal_buffer_create(bytes, length) : NULL;
		found = *record ? 1 : SG_ERR_NOMEM;
	}
	if (!rows_end(rows, NULL) && found == 0)
		found = SG_ERR_UNKNOWN;
	return found;
}

static int
has_row(Rows *rows)
{
	bool found;

	if (!rows)
		return 0;
	found = rows_next(rows);
	rows_free(rows);
	return found;
}

static int
written(bool done, GError *error)
{
	if (error)
		log_error("omemo: %s", error->message);
	g_clear_error(&error);
	return done ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

/* ---- sessions ---- */

static char *
peer_of(const signal_protocol_address *address)
{
	return g_strndup(address->name, address->name_len);
}

static int
load_session(signal_buffer **record, signal_buffer **user_record, const signal_protocol_address *address, void *account)
{
	g_autofree char *peer = peer_of(address);

	*user_record = NULL;
	return take_blob(store_select(NULL, "SELECT record FROM omemo_sessions WHERE account = ? AND peer = ? AND device = ?",
				 "ssi", account, peer, (gint64)address->device_id),
		record);
}

static int
list_sessions(signal_int_list **sessions, const char *name, size_t length, void *account)
{
	g_autofree char *peer = g_strndup(name, length);
	Rows *rows = store_select(NULL, "SELECT device FROM omemo_sessions WHERE account = ? AND peer = ?", "ss", account, peer);

	if (!rows)
		return SG_ERR_UNKNOWN;
	*sessions = signal_int_list_alloc();
	while (rows_next(rows))
		signal_int_list_push_back(*sessions, (int)rows_int(rows, 0));
	return rows_end(rows, NULL) ? (int)signal_int_list_size(*sessions) : SG_ERR_UNKNOWN;
}

static int
store_session(const signal_protocol_address *address, uint8_t *record, size_t length, uint8_t *user_record, size_t user_length,
	void *account)
{
	g_autofree char *peer = peer_of(address);
	GError *error = NULL;
	bool done;

	(void)user_record;
	(void)user_length;
	done = store_run(&error, "INSERT OR REPLACE INTO omemo_sessions (account, peer, device, record) VALUES (?, ?, ?, ?)",
		"ssib", account, peer, (gint64)address->device_id, record, length);
	return written(done, error);
}

static int
contains_session(const signal_protocol_address *address, void *account)
{
	g_autofree char *peer = peer_of(address);

	return has_row(store_select(NULL, "SELECT 1 FROM omemo_sessions WHERE account = ? AND peer = ? AND device = ?", "ssi",
		account, peer, (gint64)address->device_id));
}

static int
delete_session(const signal_protocol_address *address, void *account)
{
	g_autofree char *peer = peer_of(address);
	GError *error = NULL;
	bool done = store_run(&error, "DELETE FROM omemo_sessions WHERE account = ? AND peer = ? AND device = ?", "ssi", account,
		peer, (gint64)address->device_id);

	return done ? store_changes() > 0 : written(done, error);
}

static int
delete_sessions(const char *name, size_t length, void *account)
{
	g_autofree char *peer = g_strndup(name, length);
	GError *error = NULL;
	bool done = store_run(&error, "DELETE FROM omemo_sessions WHERE account = ? AND peer = ?", "ss", account, peer);

	return done ? store_changes() : written(done, error);
}

/* ---- one-time keys ---- */

static int
load_prekey(signal_buffer **record, uint32_t id, void *account)
{
	int found = take_blob(
		store_select(NULL, "SELECT record FROM omemo_prekeys WHERE account = ? AND id = ?", "si", account, (gint64)id),
		record);

	return found > 0 ? SG_SUCCESS : found < 0 ? found : SG_ERR_INVALID_KEY_ID;
}

static int
store_prekey(uint32_t id, uint8_t *record, size_t length, void *account)
{
	GError *error = NULL;
	bool done = store_run(&error, "INSERT OR REPLACE INTO omemo_prekeys (account, id, record) VALUES (?, ?, ?)", "sib", account,
		(gint64)id, record, length);

	return written(done, error);
}

static int
contains_prekey(uint32_t id, void *account)
{
	return has_row(store_select(NULL, "SELECT 1 FROM omemo_prekeys WHERE account = ? AND id = ?", "si", account, (gint64)id));
}

/* XEP-0384 (0.3) business rules: deleted only when what waits on the server has been read, since a second message may use it too.
 */
static int
remove_prekey(uint32_t id, void *account)
{
	GError *error = NULL;
	bool done = store_run(&error, "UPDATE omemo_prekeys SET used_at = ? WHERE account = ? AND id = ? AND used_at IS NULL",
		"isi", clock_now(), account, (gint64)id);

	if (done && store_changes() > 0)
		done = store_run(&error, "UPDATE omemo_identity SET revision = revision + 1 WHERE account = ?", "s", account);
	return written(done, error);
}

/* ---- signed prekeys ---- */

static int
load_signed_prekey(signal_buffer **record, uint32_t id, void *account)
{
	int found = take_blob(store_select(NULL, "SELECT record FROM omemo_signed_prekeys WHERE account = ? AND id = ?", "si",
				      account, (gint64)id),
		record);

	return found > 0 ? SG_SUCCESS : found < 0 ? found : SG_ERR_INVALID_KEY_ID;
}

static int
store_signed_prekey(uint32_t id, uint8_t *record, size_t length, void *account)
{
	GError *error = NULL;
	bool done =
		store_run(&error, "INSERT OR REPLACE INTO omemo_signed_prekeys (account, id, record, made_at) VALUES (?, ?, ?, ?)",
			"sibi", account, (gint64)id, record, length, clock_now());

	return written(done, error);
}

static int
contains_signed_prekey(uint32_t id, void *account)
{
	return has_row(
		store_select(NULL, "SELECT 1 FROM omemo_signed_prekeys WHERE account = ? AND id = ?", "si", account, (gint64)id));
}

static int
remove_signed_prekey(uint32_t id, void *account)
{
	GError *error = NULL;
	bool done = store_run(&error, "DELETE FROM omemo_signed_prekeys WHERE account = ? AND id = ?", "si", account, (gint64)id);

	return written(done, error);
}

/* ---- identity ---- */

static int
load_identity(signal_buffer **public_key, signal_buffer **private_key, void *account)
{
	int found = take_blob(store_select(NULL, "SELECT public FROM omemo_identity WHERE account = ?", "s", account), public_key);

	if (found > 0)
		found = take_blob(
			store_select(NULL, "SELECT private FROM omemo_identity WHERE account = ?", "s", account), private_key);
	return found > 0 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

/* The protocol knows no registration: the number only has to be steady. */
static int
registration_id(void *account, uint32_t *id)
{
	*id = keys_device(account);
	return *id ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

/* Which keys count is decided in trust.c, before the library is asked (XEP-0384 0.3, implementation notes). */
static int
save_identity(const signal_protocol_address *address, uint8_t *key, size_t length, void *account)
{
	(void)address;
	(void)key;
	(void)length;
	(void)account;
	return SG_SUCCESS;
}

static int
is_trusted(const signal_protocol_address *address, uint8_t *key, size_t length, void *account)
{
	(void)address;
	(void)key;
	(void)length;
	(void)account;
	return 1;
}

signal_protocol_store_context *
keystore_of(const char *account)
{
	signal_protocol_store_context *context = stores ? g_hash_table_lookup(stores, account) : NULL;
	char *name;

	if (context)
		return context;
	if (!stores)
		stores = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, (GDestroyNotify)signal_protocol_store_context_destroy);
	if (signal_protocol_store_context_create(&context, crypto_context()) != SG_SUCCESS)
		g_error("omemo: out of memory");
	name = g_strdup(account);
	signal_protocol_store_context_set_session_store(
		context, &(signal_protocol_session_store){ .load_session_func = load_session,
				 .get_sub_device_sessions_func = list_sessions,
				 .store_session_func = store_session,
				 .contains_session_func = contains_session,
				 .delete_session_func = delete_session,
				 .delete_all_sessions_func = delete_sessions,
				 .user_data = name });
	signal_protocol_store_context_set_pre_key_store(context, &(signal_protocol_pre_key_store){ .load_pre_key = load_prekey,
									 .store_pre_key = store_prekey,
									 .contains_pre_key = contains_prekey,
									 .remove_pre_key = remove_prekey,
									 .user_data = name });
	signal_protocol_store_context_set_signed_pre_key_store(
		context, &(signal_protocol_signed_pre_key_store){ .load_signed_pre_key = load_signed_prekey,
				 .store_signed_pre_key = store_signed_prekey,
				 .contains_signed_pre_key = contains_signed_prekey,
				 .remove_signed_pre_key = remove_signed_prekey,
				 .user_data = name });
	signal_protocol_store_context_set_identity_key_store(
		context, &(signal_protocol_identity_key_store){ .get_identity_key_pair = load_identity,
				 .get_local_registration_id = registration_id,
				 .save_identity = save_identity,
				 .is_trusted_identity = is_trusted,
				 .user_data = name });
	g_hash_table_insert(stores, name, context);
	return context;
}

void
keystore_stop(void)
{
	g_clear_pointer(&stores, g_hash_table_unref);
}
