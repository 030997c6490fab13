/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of messages that did not come yet: at most so many of a session, and none for ever. The library keeps 2 000 of each chain
 * without a date and takes back single ones only, so what was skipped, and when, is written beside the session. */
#include "omemo.h"

#include <string.h>

#define KEPT_FOR ((gint64)30 * 24 * 60 * 60 * G_USEC_PER_SEC)

enum {
	SKIPPED_MAX = 1000,
	CHAINS_NOTED = 128, /* of a session; then those that the library dropped are forgotten here too */
};

/* Messages of one chain that were passed over in one go. */
struct gap {
	gint64 row;
	guint8 ratchet[KEY_LENGTH];
	guint32 start, first, last;
	gint64 left; /* of them still not come; never less than the truth */
};

struct session {
	const char *account, *peer;
	guint32 device;
	session_record *record;
};

/* ---- the session as the library has it ---- */

static ec_public_key *
decode_ratchet(const guint8 *bytes)
{
	ec_public_key *key = NULL;

	return curve_decode_point(&key, bytes, KEY_LENGTH, crypto_context()) == SG_SUCCESS ? key : NULL;
}

/* The state, current or archived, that has this chain. */
static session_state *
state_with(session_record *record, ec_public_key *ratchet)
{
	session_state *state = session_record_get_state(record);

	if (state && session_state_get_receiver_chain_key(state, ratchet))
		return state;
	for (session_record_state_node *node = session_record_get_previous_states_head(record); node;
		node = session_record_get_previous_states_next(node)) {
		state = session_record_get_previous_states_element(node);
		if (state && session_state_get_receiver_chain_key(state, ratchet))
			return state;
	}
	return NULL;
}

static bool
load(struct session *session)
{
	signal_protocol_address address = {
		.name = session->peer, .name_len = strlen(session->peer), .device_id = (int32_t)session->device
	};

	return axo_load_session(keystore_of(session->account), &session->record, &address) == SG_SUCCESS;
}

/* Asked for one that is not there, the library makes an empty one. */
static bool
session_exists(const struct session *session)
{
	signal_protocol_address address = {
		.name = session->peer, .name_len = strlen(session->peer), .device_id = (int32_t)session->device
	};

	return signal_protocol_session_contains_session(keystore_of(session->account), &address) == 1;
}

static bool
forget_session(const struct session *session, GError **error)
{
	return store_run(error, "DELETE FROM omemo_skipped WHERE account = ? AND peer = ? AND device = ?", "ssi", session->account,
		       session->peer, (gint64)session->device) &&
	       store_run(error, "DELETE FROM omemo_chains WHERE account = ? AND peer = ? AND device = ?", "ssi", session->account,
		       session->peer, (gint64)session->device);
}

static bool
save(struct session *session, GError **error)
{
	signal_protocol_address address = {
		.name = session->peer, .name_len = strlen(session->peer), .device_id = (int32_t)session->device
	};

	return signal_protocol_session_store_session(keystore_of(session->account), &address, session->record) == SG_SUCCESS ||
	       fault(error, FAULT_STORE, "the session with device %u of %s cannot be stored", session->device, session->peer);
}

/* ---- too many, too old ---- */

static GArray *
gaps_of(const struct session *session, gint64 made_before, GError **error)
{
	g_autoptr(Rows) rows = store_select(error,
		"SELECT id, ratchet, first, last, remaining FROM omemo_skipped"
		" WHERE account = ? AND peer = ? AND device = ? AND made_at < ? AND remaining > 0 ORDER BY id",
		"ssii", session->account, session->peer, (gint64)session->device, made_before);
	GArray *gaps;

	if (!rows)
		return NULL;
	gaps = g_array_new(FALSE, FALSE, sizeof(struct gap));
	while (rows_next(rows)) {
		struct gap gap = { .row = rows_int(rows, 0),
			.start = (guint32)rows_int(rows, 2),
			.first = (guint32)rows_int(rows, 2),
			.last = (guint32)rows_int(rows, 3),
			.left = rows_int(rows, 4) };
		size_t length = 0;
		const void *ratchet = rows_blob(rows, 1, &length);

		if (!ratchet || length != KEY_LENGTH)
			continue;
		memcpy(gap.ratchet, ratchet, KEY_LENGTH);
		g_array_append_val(gaps, gap);
	}
	if (!rows_end(g_steal_pointer(&rows), error))
		g_clear_pointer(&gaps, g_array_unref);
	return gaps;
}

/* A message that comes after its key was dropped is not one that was read before: that must be known. */
static bool
note_dropped(const struct session *session, const struct gap *gap, guint32 first, guint32 last, GError **error)
{
	return store_run(error,
		       "INSERT INTO omemo_skipped (account, peer, device, ratchet, first, last, remaining, made_at)"
		       " SELECT account, peer, device, ratchet, ?, ?, 0, ? FROM omemo_skipped WHERE id = ?",
		       "iiii", (gint64)first, (gint64)last, clock_now(), gap->row) &&
	       store_run(error,
		       "DELETE FROM omemo_skipped WHERE id <= (SELECT id FROM omemo_skipped WHERE account = ?1 AND peer = ?2"
		       " AND device = ?3 AND remaining = 0 ORDER BY id DESC LIMIT 1 OFFSET ?4)"
		       " AND account = ?1 AND peer = ?2 AND device = ?3 AND remaining = 0",
		       "ssii", session->account, session->peer, (gint64)session->device, (gint64)SKIPPED_MAX);
}

static bool
drop_one(session_state *state, ec_public_key *ratchet, guint32 counter)
{
	ratchet_message_keys keys;
	bool dropped = state && session_state_remove_message_keys(state, &keys, ratchet, counter);

	secret_wipe(&keys, sizeof keys);
	return dropped;
}

/* From its beginning until it is empty or no key is too many any more. */
static bool
shorten(const struct session *session, struct gap *gap, gint64 *too_many, session_state *state, ec_public_key *ratchet,
	GError **error)
{
	guint32 run = gap->first; /* keys from here to gap->first were dropped in a row */

	while (gap->first <= gap->last && gap->left > 0 && *too_many > 0) {
		if (drop_one(state, ratchet, gap->first)) {
			gap->left--;
			(*too_many)--;
		} else {
			if (run < gap->first && !note_dropped(session, gap, run, gap->first - 1, error))
				return false;
			run = gap->first + 1;
		}
		gap->first++;
	}
	if (run < gap->first && !note_dropped(session, gap, run, gap->first - 1, error))
		return false;
	if (gap->first <= gap->last && gap->left > 0)
		return store_run(error, "UPDATE omemo_skipped SET first = ?, remaining = ? WHERE id = ?", "iii", (gint64)gap->first,
			gap->left, gap->row);
	/* Fewer were there than thought: the library dropped them itself, but it does not say which. */
	if (gap->left > 0 && !note_dropped(session, gap, gap->start, gap->last, error))
		return false;
	*too_many -= gap->left;
	return store_run(error, "DELETE FROM omemo_skipped WHERE id = ?", "i", gap->row);
}

/* The oldest go first. */
static bool
drop(struct session *session, gint64 too_many, gint64 made_before, GError **error)
{
	g_autoptr(GArray) gaps = gaps_of(session, made_before, error);

	if (!gaps)
		return false;
	for (guint i = 0; i < gaps->len && too_many > 0; i++) {
		struct gap *gap = &g_array_index(gaps, struct gap, i);
		axo_auto ec_public_key *ratchet = decode_ratchet(gap->ratchet);
		session_state *state = ratchet ? state_with(session->record, ratchet) : NULL;

		if (!shorten(session, gap, &too_many, state, ratchet, error))
			return false;
	}
	return save(session, error);
}

static gint64
skipped(const struct session *session)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT sum(remaining) FROM omemo_skipped WHERE account = ? AND peer = ? AND device = ?", "ssi",
			session->account, session->peer, (gint64)session->device);

	return rows && rows_next(rows) ? rows_int(rows, 0) : 0;
}

/* ---- after a message was opened ---- */

/* A message that had been passed over. */
static bool
came_late(const struct session *session, const guint8 *ratchet, guint32 counter, GError **error)
{
	return store_run(error,
		       "DELETE FROM omemo_skipped WHERE account = ?1 AND peer = ?2 AND device = ?3"
		       " AND ratchet = ?4 AND first <= ?5 AND last >= ?5 AND remaining = 1",
		       "ssibi", session->account, session->peer, (gint64)session->device, ratchet, (size_t)KEY_LENGTH,
		       (gint64)counter) &&
	       store_run(error,
		       "UPDATE omemo_skipped SET remaining = remaining - 1 WHERE account = ?1 AND peer = ?2 AND device = ?3"
		       " AND ratchet = ?4 AND first <= ?5 AND last >= ?5 AND remaining > 0",
		       "ssibi", session->account, session->peer, (gint64)session->device, ratchet, (size_t)KEY_LENGTH,
		       (gint64)counter);
}

static bool
passed_over(
	struct session *session, session_state *state, ec_public_key *key, const guint8 *ratchet, guint32 counter, GError **error)
{
	guint32 first = counter - 1;
	gint64 now = clock_now(), too_many;

	/* The one before this gap was opened, or there is none. */
	while (first > 0 && session_state_has_message_keys(state, key, first - 1))
		first--;
	if (!store_run(error,
		    "INSERT INTO omemo_skipped (account, peer, device, ratchet, first, last, remaining, made_at)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    "ssibiiii", session->account, session->peer, (gint64)session->device, ratchet, (size_t)KEY_LENGTH,
		    (gint64)first, (gint64)counter - 1, (gint64)counter - first, now))
		return false;
	too_many = skipped(session) - SKIPPED_MAX;
	return too_many <= 0 || drop(session, too_many, G_MAXINT64, error);
}

static bool forget_dropped_chains(struct session *session, GError **error);

/* The first message of a chain: from now on the one before it only waits for late ones. */
static bool
chain_begins(struct session *session, const guint8 *ratchet, GError **error)
{
	gint64 noted;
	g_autoptr(Rows) rows = NULL;

	if (!store_run(error, "INSERT OR IGNORE INTO omemo_chains (account, peer, device, ratchet, made_at) VALUES (?, ?, ?, ?, ?)",
		    "ssibi", session->account, session->peer, (gint64)session->device, ratchet, (size_t)KEY_LENGTH, clock_now()))
		return false;
	if (!store_changes())
		return true;
	rows = store_select(error, "SELECT count(*) FROM omemo_chains WHERE account = ? AND peer = ? AND device = ?", "ssi",
		session->account, session->peer, (gint64)session->device);
	if (!rows || !rows_next(rows))
		return false;
	noted = rows_int(rows, 0);
	g_clear_pointer(&rows, rows_free);
	return noted % CHAINS_NOTED != 0 || forget_dropped_chains(session, error);
}

bool
skipped_note(const char *account, const char *peer, guint32 device, session_record *record, ec_public_key *key, guint32 counter,
	bool chain_is_new, GError **error)
{
	struct session session = { account, peer, device, record };
	session_state *state = session_record_get_state(record);
	const ratchet_chain_key *chain = state ? session_state_get_receiver_chain_key(state, key) : NULL;
	axo_auto_buffer *bytes = NULL;
	const guint8 *ratchet;
	guint32 next;

	if (!chain || ec_public_key_serialize(&bytes, key) != SG_SUCCESS || signal_buffer_len(bytes) != KEY_LENGTH)
		return fault(error, FAULT_STORE, "the session with device %u of %s cannot be read", device, peer);
	ratchet = signal_buffer_data(bytes);
	next = ratchet_chain_key_get_index(chain);
	if (chain_is_new && !chain_begins(&session, ratchet, error))
		return false;
	if (next != counter + 1)
		return came_late(&session, ratchet, counter, error);
	return counter == 0 || !session_state_has_message_keys(state, key, counter - 1) ||
	       passed_over(&session, state, key, ratchet, counter, error);
}

bool
skipped_was_dropped(const char *account, const char *peer, guint32 device, const ec_public_key *key, guint32 counter)
{
	axo_auto_buffer *bytes = NULL;
	g_autoptr(Rows) rows = NULL;

	if (ec_public_key_serialize(&bytes, key) != SG_SUCCESS)
		return false;
	rows = store_select(NULL,
		"SELECT 1 FROM omemo_skipped WHERE account = ?1 AND peer = ?2 AND device = ?3 AND ratchet = ?4 AND first <= ?5"
		" AND last >= ?5 AND remaining = 0",
		"ssibi", account, peer, (gint64)device, signal_buffer_data(bytes), signal_buffer_len(bytes), (gint64)counter);
	return rows && rows_next(rows);
}

/* ---- chains whose successor is old: nobody seals with them any more ---- */

static GPtrArray *
chains_of(const struct session *session, gint64 followed_before, GError **error)
{
	g_autoptr(Rows) rows = store_select(error,
		"SELECT ratchet FROM omemo_chains c WHERE account = ?1 AND peer = ?2 AND device = ?3 AND EXISTS (SELECT 1"
		" FROM omemo_chains n WHERE n.account = ?1 AND n.peer = ?2 AND n.device = ?3 AND n.id > c.id AND n.made_at < ?4)",
		"ssii", session->account, session->peer, (gint64)session->device, followed_before);
	GPtrArray *chains;

	if (!rows)
		return NULL;
	chains = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	while (rows_next(rows)) {
		size_t length = 0;
		const void *ratchet = rows_blob(rows, 0, &length);

		if (ratchet && length == KEY_LENGTH)
			g_ptr_array_add(chains, g_bytes_new(ratchet, length));
	}
	if (!rows_end(g_steal_pointer(&rows), error))
		g_clear_pointer(&chains, g_ptr_array_unref);
	return chains;
}

static bool
forget_chain(const struct session *session, GBytes *ratchet, GError **error)
{
	return store_run(error, "DELETE FROM omemo_chains WHERE account = ? AND peer = ? AND device = ? AND ratchet = ?", "ssib",
		session->account, session->peer, (gint64)session->device, g_bytes_get_data(ratchet, NULL), (size_t)KEY_LENGTH);
}

static bool
forget_dropped_chains(struct session *session, GError **error)
{
	g_autoptr(GPtrArray) chains = chains_of(session, G_MAXINT64, error);

	for (guint i = 0; chains && i < chains->len; i++) {
		GBytes *ratchet = g_ptr_array_index(chains, i);
		axo_auto ec_public_key *key = decode_ratchet(g_bytes_get_data(ratchet, NULL));

		if ((!key || !state_with(session->record, key)) && !forget_chain(session, ratchet, error))
			return false;
	}
	return chains != NULL;
}

/* The library removes no chain: a key that nobody knows is put in its place. */
static bool
end_chain(session_state *state, ec_public_key *ratchet)
{
	const ratchet_chain_key *chain = session_state_get_receiver_chain_key(state, ratchet);
	axo_auto ratchet_chain_key *nothing = NULL;
	axo_auto hkdf_context *kdf = NULL;
	guint8 bytes[32];

	random_bytes(bytes, sizeof bytes);
	return hkdf_create(&kdf, (int)session_state_get_session_version(state), crypto_context()) == SG_SUCCESS &&
	       ratchet_chain_key_create(&nothing, kdf, bytes, sizeof bytes, ratchet_chain_key_get_index(chain), crypto_context()) ==
		       SG_SUCCESS &&
	       session_state_set_receiver_chain_key(state, ratchet, nothing) == SG_SUCCESS;
}

static bool
end_chains(struct session *session, gint64 followed_before, GError **error)
{
	g_autoptr(GPtrArray) chains = chains_of(session, followed_before, error);

	for (guint i = 0; chains && i < chains->len; i++) {
		GBytes *ratchet = g_ptr_array_index(chains, i);
		axo_auto ec_public_key *key = decode_ratchet(g_bytes_get_data(ratchet, NULL));
		session_state *state = key ? state_with(session->record, key) : NULL;

		if (state && !end_chain(state, key))
			return fault(error, FAULT_STORE, "an old chain of device %u of %s cannot be ended", session->device,
				session->peer);
		if (!forget_chain(session, ratchet, error))
			return false;
	}
	return chains != NULL;
}

/* ---- ageing ---- */

static bool
age_session(const char *account, const char *peer, guint32 device, gint64 before, GError **error)
{
	struct session session = { .account = account, .peer = peer, .device = device };
	bool done;

	if (!session_exists(&session))
		return forget_session(&session, error);
	if (!load(&session))
		return fault(error, FAULT_STORE, "the session with device %u of %s cannot be read", device, peer);
	done = end_chains(&session, before, error) && drop(&session, G_MAXINT64, before, error);
	SIGNAL_UNREF(session.record);
	return done;
}

static GPtrArray *
old_sessions(gint64 before)
{
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT account, peer, device FROM omemo_skipped WHERE made_at < ?1 AND remaining > 0 UNION SELECT c.account, "
		"c.peer, c.device"
		" FROM omemo_chains c JOIN omemo_chains n ON n.account = c.account AND n.peer = c.peer AND n.device = c.device"
		" AND n.id > c.id WHERE n.made_at < ?1",
		"i", before);
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

	while (rows && rows_next(rows)) {
		char **names = g_new0(char *, 4);

		names[0] = g_strdup(rows_text(rows, 0));
		names[1] = g_strdup(rows_text(rows, 1));
		names[2] = g_strdup(rows_text(rows, 2));
		g_ptr_array_add(list, names);
	}
	return list;
}

void
skipped_age(void)
{
	gint64 now = clock_now(), before = now - KEPT_FOR;
	g_autoptr(GPtrArray) list = NULL;

	if (now < CLOCK_LEAST)
		return;
	/* Of a time when the clock was wrong: their age begins now. */
	store_run(NULL, "UPDATE omemo_skipped SET made_at = ?1 WHERE made_at < ?2 OR made_at > ?1", "ii", now, CLOCK_LEAST);
	list = old_sessions(before);
	/* Nobody delivers what is older than that. */
	store_run(NULL, "DELETE FROM omemo_skipped WHERE remaining = 0 AND made_at < ?", "i", before - 11 * KEPT_FOR);
	for (guint i = 0; i < list->len; i++) {
		char **names = g_ptr_array_index(list, i);
		guint32 device = (guint32)g_ascii_strtoull(names[2], NULL, 10);
		g_autoptr(GError) error = NULL;
		bool done;

		if (!store_begin(&error)) {
			log_error("omemo: old keys cannot be deleted: %s", error->message);
			return;
		}
		done = age_session(names[0], names[1], device, before, &error);
		if (!done)
			store_rollback();
		if (!done || !store_commit(STORE_SOON, &error))
			log_error("omemo: old keys of device %u of %s cannot be deleted: %s", device, names[1], error->message);
	}
}
