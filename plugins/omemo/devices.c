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
