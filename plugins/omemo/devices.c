/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices: which ones an owner announces, and what is known of each. */
#include "omemo.h"

#include <string.h>

GArray *
devices_of(const char *account, const char *peer, GError **error)
{
	g_autoptr(Rows) rows = store_select(error,
		"SELECT d.device, k.identity, k.trust,"
		" (SELECT count(*) FROM omemo_keys o WHERE o.account = d.account AND o.peer = d.peer AND o.device = d.device),"
		" EXISTS (SELECT 1 FROM omemo_sessions s WHERE s.account = d.account AND s.peer = d.peer AND s.device = d.device)"
		" FROM omemo_devices d LEFT JOIN omemo_keys k ON k.account = d.account AND k.peer = d.peer AND k.device = d.device"
		" AND k.current = 1 WHERE d.account = ? AND d.peer = ? AND d.active = 1 ORDER BY d.device",
		"ss", account, peer);
	guint32 this_device = strcmp(account, peer) == 0 ? keys_device(account) : 0;
	GArray *list;

	if (!rows)
		return NULL;
	list = g_array_new(FALSE, TRUE, sizeof(struct recipient));
	while (rows_next(rows)) {
		struct recipient recipient = { .device = (guint32)rows_int(rows, 0), .changed = rows_int(rows, 3) > 1 };
		size_t length = 0;
		const void *key = rows_blob(rows, 1, &length);

		if (recipient.device == this_device)
			continue;
		recipient.has_key = key && length == KEY_LENGTH;
		if (recipient.has_key) {
			memcpy(recipient.identity, key, KEY_LENGTH);
			recipient.trust = (enum trust)rows_int(rows, 2);
		}
		recipient.has_session = recipient.has_key && rows_int(rows, 4) != 0;
		g_array_append_val(list, recipient);
	}
	if (!rows_end(g_steal_pointer(&rows), error))
		g_clear_pointer(&list, g_array_unref);
	return list;
}

bool
device_find(const char *account, const char *peer, guint32 device, struct recipient *found)
{
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT identity, trust, (SELECT count(*) FROM omemo_keys WHERE account = ?1 AND peer = ?2 AND device = ?3),"
		" EXISTS (SELECT 1 FROM omemo_sessions WHERE account = ?1 AND peer = ?2 AND device = ?3)"
		" FROM omemo_keys WHERE account = ?1 AND peer = ?2 AND device = ?3 AND current = 1",
		"ssi", account, peer, (gint64)device);
	const void *key;
	size_t length = 0;

	if (!rows || !rows_next(rows))
		return false;
	key = rows_blob(rows, 0, &length);
	if (length != KEY_LENGTH)
		return false;
	*found = (struct recipient){ .device = device,
		.has_key = true,
		.trust = (enum trust)rows_int(rows, 1),
		.changed = rows_int(rows, 2) > 1,
		.has_session = rows_int(rows, 3) != 0 };
	memcpy(found->identity, key, KEY_LENGTH);
	return true;
}

bool
devices_known(const char *account, const char *peer)
{
	g_autoptr(Rows) rows = store_select(
		NULL, "SELECT 1 FROM omemo_devices WHERE account = ? AND peer = ? AND active = 1", "ss", account, peer);

	return rows && rows_next(rows);
}

bool
device_is_active(const char *account, const char *peer, guint32 device)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT 1 FROM omemo_devices WHERE account = ? AND peer = ? AND device = ? AND active = 1",
			"ssi", account, peer, (gint64)device);

	return rows && rows_next(rows);
}

static bool
contains(const GArray *ids, guint32 device)
{
	for (guint i = 0; ids && i < ids->len; i++)
		if (g_array_index(ids, guint32, i) == device)
			return true;
	return false;
}

static GArray *
active_ids(const char *account, const char *peer, GError **error)
{
	g_autoptr(Rows) rows = store_select(
		error, "SELECT device FROM omemo_devices WHERE account = ? AND peer = ? AND active = 1", "ss", account, peer);
	GArray *ids;

	if (!rows)
		return NULL;
	ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	while (rows_next(rows)) {
		guint32 device = (guint32)rows_int(rows, 0);

		g_array_append_val(ids, device);
	}
	return ids;
}

/* ---- more of them than are used ---- */

/* Whom a place is given to, first to last. Who was refused by a person takes no place: nothing is sealed to it. */
enum rank { RANK_REFUSED, RANK_VERIFIED, RANK_TRUSTED, RANK_KNOWN, RANK_NEW };

struct candidate {
	guint32 device;
	enum rank rank;
	gint64 since; /* first seen; of new ones the place in the list */
};

static void
candidate_better(GHashTable *known, guint32 device, enum rank rank, gint64 since)
{
	struct candidate *candidate = g_hash_table_lookup(known, GUINT_TO_POINTER(device));

	if (!candidate) {
		candidate = g_new0(struct candidate, 1);
		*candidate = (struct candidate){ .device = device, .rank = rank, .since = since };
		g_hash_table_insert(known, GUINT_TO_POINTER(device), candidate);
	}
	candidate->rank = MIN(candidate->rank, rank);
	candidate->since = MIN(candidate->since, since);
}

static enum rank
rank_of(bool is_current, enum trust trust)
{
	if (trust == TRUST_VERIFIED)
		return RANK_VERIFIED;
	if (trust == TRUST_UNTRUSTED && is_current)
		return RANK_REFUSED;
	return trust == TRUST_TRUSTED ? RANK_TRUSTED : RANK_KNOWN;
}

/* What is known of this owner's devices, by number; NULL on error. Bounded: KEYS_MAX keys, and a list without keys. */
static GHashTable *
known_devices(const char *account, const char *peer, GError **error)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	Rows *rows = store_select(error,
		"SELECT device, 0, 0, first_seen FROM omemo_devices WHERE account = ?1 AND peer = ?2"
		" UNION ALL SELECT device, current, trust, first_seen FROM omemo_keys WHERE account = ?1 AND peer = ?2",
		"ss", account, peer);

	if (!rows)
		return NULL;
	while (rows_next(rows))
		candidate_better(known, (guint32)rows_int(rows, 0), rank_of(rows_int(rows, 1) != 0, (enum trust)rows_int(rows, 2)),
			rows_int(rows, 3));
	return rows_end(rows, error) ? g_steal_pointer(&known) : NULL;
}

static int
by_rank(gconstpointer a, gconstpointer b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->since < y->since ? -1 : x->since > y->since;
}

bool
devices_choose(const char *account, const char *peer, GArray *ids, guint *left_out, GError **error)
{
	g_autoptr(GHashTable) known = NULL;
	g_autoptr(GArray) candidates = NULL;
	guint places = DEVICES_MAX, all = ids->len;

	*left_out = 0;
	if (all <= DEVICES_MAX)
		return true;
	known = known_devices(account, peer, error);
	if (!known)
		return false;
	candidates = g_array_sized_new(FALSE, FALSE, sizeof(struct candidate), all);
	for (guint i = 0; i < all; i++) {
		guint32 device = g_array_index(ids, guint32, i);
		const struct candidate *one = g_hash_table_lookup(known, GUINT_TO_POINTER(device));
		struct candidate new_one = { .device = device, .rank = RANK_NEW, .since = i };

		g_array_append_vals(candidates, one ? one : &new_one, 1);
	}
	g_array_sort(candidates, by_rank);
	g_array_set_size(ids, 0);
	for (guint i = 0; i < all; i++) {
		const struct candidate *one = &g_array_index(candidates, struct candidate, i);

		if (one->rank != RANK_REFUSED && !places)
			break;
		places -= one->rank != RANK_REFUSED;
		g_array_append_val(ids, one->device);
	}
	*left_out = all - ids->len;
	return true;
}

/* ---- as they are announced ---- */

static bool
activate(const char *account, const char *peer, guint32 device, bool *is_new, GError **error)
{
	if (!store_run(error,
		    "INSERT OR IGNORE INTO omemo_devices (account, peer, device, active, first_seen) VALUES (?, ?, ?, 0, ?)",
		    "ssii", account, peer, (gint64)device, clock_now()))
		return false;
	*is_new = store_changes() > 0;
	return store_run(error, "UPDATE omemo_devices SET active = 1 WHERE account = ? AND peer = ? AND device = ?", "ssi", account,
		peer, (gint64)device);
}

/* Numbers that came and went without ever showing a key leave no trace. */
static bool
deactivate(const char *account, const char *peer, guint32 device, GError **error)
{
	return store_run(error, "UPDATE omemo_devices SET active = 0 WHERE account = ? AND peer = ? AND device = ?", "ssi", account,
		       peer, (gint64)device) &&
	       store_run(error,
		       "DELETE FROM omemo_devices WHERE account = ?1 AND peer = ?2 AND device = ?3 AND NOT EXISTS"
		       " (SELECT 1 FROM omemo_keys WHERE account = ?1 AND peer = ?2 AND device = ?3)",
		       "ssi", account, peer, (gint64)device);
}

static bool
change(const char *account, const char *peer, const GArray *before, const GArray *ids, GArray *added, GError **error)
{
	for (guint i = 0; i < before->len; i++) {
		guint32 device = g_array_index(before, guint32, i);

		if (!contains(ids, device) && !deactivate(account, peer, device, error))
			return false;
	}
	for (guint i = 0; i < ids->len; i++) {
		guint32 device = g_array_index(ids, guint32, i);
		bool is_new = false;

		if (contains(before, device))
			continue;
		if (!activate(account, peer, device, &is_new, error))
			return false;
		if (is_new)
			g_array_append_val(added, device);
	}
	return true;
}

bool
devices_set(const char *account, const char *peer, const GArray *ids, GArray *added, GError **error)
{
	g_autoptr(GArray) before = active_ids(account, peer, error);

	if (!before || !store_begin(error))
		return false;
	if (!change(account, peer, before, ids, added, error)) {
		store_rollback();
		return false;
	}
	return store_commit(STORE_SOON, error);
}

bool
devices_drop_own(const char *account, guint32 device)
{
	return store_run(NULL, "UPDATE omemo_devices SET active = 0 WHERE account = ?1 AND peer = ?1 AND device = ?2", "si",
		account, (gint64)device);
}
