/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of others: each one ever seen, what a person thinks of it, and the loud line when one appears or changes. Trust on first
 * use; after the first verification of a peer nothing new is used before somebody decided. */
#include "omemo.h"

#include <string.h>

/* ---- what is known ---- */

static gint64
count_keys(const char *account, const char *peer, guint32 device)
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT count(*) FROM omemo_keys WHERE account = ?1 AND peer = ?2 AND (?3 = 0 OR device = ?3)",
			"ssi", account, peer, (gint64)device);

	return rows && rows_next(rows) ? rows_int(rows, 0) : 0;
}

bool
trust_seen(const char *account, const char *peer)
{
	return count_keys(account, peer, 0) > 0;
}

bool
trust_is_strict(const char *account, const char *peer)
{
	g_autoptr(Rows) rows = store_select(NULL, "SELECT 1 FROM omemo_keys WHERE account = ? AND peer = ? AND trust = ?", "ssi",
		account, peer, (gint64)TRUST_VERIFIED);

	return rows && rows_next(rows);
}

/* ---- learning ---- */

/* What a key that was never seen before is worth. */
static enum trust
first_sight(const char *account, const char *peer, guint32 device, enum key_news *news)
{
	if (count_keys(account, peer, device) > 0) {
		*news = KEY_CHANGED;
		return TRUST_UNDECIDED;
	}
	/* Another device of ours is never just the first one met: it reads all that we write. */
	if (!trust_seen(account, peer) && strcmp(account, peer) != 0) {
		*news = KEY_FIRST;
		return TRUST_TRUSTED;
	}
	if (trust_is_strict(account, peer) || omemo_new_devices == NEW_DEVICES_ASK) {
		*news = KEY_NEW_UNDECIDED;
		return TRUST_UNDECIDED;
	}
	*news = KEY_NEW;
	return TRUST_TRUSTED;
}

static bool
make_current(const char *account, const char *peer, guint32 device, const guint8 *key, GError **error)
{
	return store_run(error, "UPDATE omemo_keys SET current = (identity = ?) WHERE account = ? AND peer = ? AND device = ?",
		"bssi", key, (size_t)KEY_LENGTH, account, peer, (gint64)device);
}

/* Several devices of a peer may be met for the first time in one go: all of them are its first ones. */
static bool
met_together(const char *account, const char *peer)
{
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT 1 FROM omemo_keys WHERE account = ? AND peer = ? AND (last_used > 0 OR abs(first_seen - ?) > ?)", "ssii",
		account, peer, clock_now(), 60 * G_USEC_PER_SEC);

	return rows && !rows_next(rows);
}

bool
trust_learn(const char *account, const char *peer, guint32 device, const guint8 *key, bool current, const char *learnt,
	enum trust *trust, enum key_news *news, GError **error)
{
	g_autoptr(Rows) rows = store_select(error,
		"SELECT trust, current FROM omemo_keys WHERE account = ? AND peer = ? AND device = ? AND identity = ?", "ssib",
		account, peer, (gint64)device, key, (size_t)KEY_LENGTH);

	*news = KEY_KNOWN;
	if (!rows)
		return false;
	if (rows_next(rows)) {
		bool was_current = rows_int(rows, 1) != 0;

		*trust = (enum trust)rows_int(rows, 0);
		if (was_current || !current)
			return true;
		/* Back to an older key, or to one that a person entered beforehand. */
		if (count_keys(account, peer, device) > 1)
			*news = KEY_CHANGED;
		return make_current(account, peer, device, key, error);
	}
	if (count_keys(account, peer, 0) >= KEYS_MAX)
		return fault(error, FAULT_PEER, "%s shows too many devices: %d keys are remembered, a new one is not taken", peer,
			KEYS_MAX);
	*trust = first_sight(account, peer, device, news);
	if (*news == KEY_NEW && strcmp(account, peer) != 0 && met_together(account, peer))
		*news = KEY_FIRST;
	if (!store_run(error,
		    "INSERT INTO omemo_keys (account, peer, device, identity, trust, first_seen, learnt, current)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
		    "ssibiis", account, peer, (gint64)device, key, (size_t)KEY_LENGTH, (gint64)*trust, clock_now(), learnt))
		return false;
	return !current || make_current(account, peer, device, key, error);
}

/* ---- telling ---- */

struct told {
	char *account, *peer, *fingerprint;
	guint32 device;
	enum key_news news;
	enum trust trust;
	guint run;
};

static void
told_free(gpointer data)
{
	struct told *told = data;

	g_free(told->account);
	g_free(told->peer);
	g_free(told->fingerprint);
	g_free(told);
}

/* Eight groups of eight, as other clients print them. */
static char *
blocks(const char *hex)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; hex[i]; i++) {
		if (i && i % 8 == 0)
			g_string_append_c(text, ' ');
		g_string_append_c(text, hex[i]);
	}
	return g_string_free(text, FALSE);
}

static void
say(const struct told *told)
{
	g_autofree char *key = blocks(told->fingerprint);
	bool own = strcmp(told->account, told->peer) == 0;

	switch (told->news) {
	case KEY_KNOWN:
	case KEY_FIRST:
		break;
	case KEY_NEW:
		alert(told->account, told->peer, "new-device",
			"NEW DEVICE %u for %s (it can read what you write from now on; compare its key: /verify %s): %s",
			told->device, own ? "your own account" : told->peer, told->peer, key);
		break;
	case KEY_NEW_UNDECIDED:
		alert(told->account, told->peer, "new-device",
			"NEW DEVICE %u for %s (not used until you decide: /trust %s yes %u): %s", told->device,
			own ? "your own account" : told->peer, told->peer, told->device, key);
		break;
	case KEY_CHANGED:
		alert(told->account, told->peer, "key-changed",
			"THE KEY of device %u of %s CHANGED (nothing is sent until you decide: /verify %s, then /trust %s yes %u "
			"or /trust %s no "
			"%u): %s",
			told->device, own ? "your own account" : told->peer, told->peer, told->peer, told->device, told->peer,
			told->device, key);
		break;
	}
}

static void
tell(gpointer data)
{
	const struct told *told = data;

	g_autofree char *what = NULL;
	guint lately;

	if (told->run != omemo_run)
		return;
	what = g_strconcat("told ", told->peer, NULL);
	lately = told->news == KEY_FIRST ? 0 : count_lately(told->account, what);
	if (lately <= LOUD_MAX)
		say(told);
	else if (lately == LOUD_MAX + 1)
		alert(told->account, told->peer, "device-list-flood",
			"%s shows new devices again and again: further ones are not told here for a while (/omemo %s)", told->peer,
			told->peer);
	event_emit(&(Event){ .kind = EVENT_TRUST,
		.account = told->account,
		.trust = { .peer = told->peer,
			.device = told->device,
			.fingerprint = told->fingerprint,
			.trust = told->trust,
			.own = strcmp(told->account, told->peer) == 0 } });
}

void
trust_tell(const char *account, const char *peer, guint32 device, const guint8 *key, enum key_news news, enum trust trust)
{
	struct told *told;

	if (news == KEY_KNOWN)
		return;
	told = g_new0(struct told, 1);
	*told = (struct told){ .account = g_strdup(account),
		.peer = g_strdup(peer),
		.fingerprint = text_hex(key + 1, KEY_LENGTH - 1),
		.device = device,
		.news = news,
		.trust = trust,
		.run = omemo_run };
	clock_after(0, tell, told, told_free);
}

/* ---- showing ---- */

static Identity *
own_identity(const char *account)
{
	struct own_keys keys;
	Identity *identity;

	if (!keys_load(account, &keys, NULL))
		return NULL;
	identity = g_new0(Identity, 1);
	*identity = (Identity){ .device = keys.device,
		.fingerprint = text_hex(keys.identity + 1, KEY_LENGTH - 1),
		.trust = TRUST_VERIFIED,
		.active = keys.announced,
		.own = true,
		.this_device = true,
		.learnt = g_strdup("made here") };
	return identity;
}

static Identity *
identity_of(Rows *rows, bool own)
{
	size_t length = 0;
	const guint8 *key = rows_blob(rows, 1, &length);
	Identity *identity = g_new0(Identity, 1);

	*identity = (Identity){ .device = (guint32)rows_int(rows, 0),
		.fingerprint = length == KEY_LENGTH ? text_hex(key + 1, KEY_LENGTH - 1) : g_strdup(""),
		.trust = (enum trust)rows_int(rows, 2),
		.first_seen = rows_int(rows, 3),
		.last_used = rows_int(rows, 4),
		.learnt = g_strdup(rows_text(rows, 5)),
		.active = rows_int(rows, 6) != 0 && rows_int(rows, 7) != 0,
		.own = own };
	return identity;
}

GPtrArray *
trust_identities(const char *account, const char *peer, bool all)
{
	static const char now[] =
		"SELECT k.device, k.identity, k.trust, k.first_seen, k.last_used, k.learnt, k.current, d.active FROM omemo_keys k"
		" LEFT JOIN omemo_devices d ON d.account = k.account AND d.peer = k.peer AND d.device = k.device"
		" WHERE k.account = ? AND k.peer = ? AND k.current = 1 ORDER BY k.first_seen DESC, k.device";
	static const char ever[] =
		"SELECT k.device, k.identity, k.trust, k.first_seen, k.last_used, k.learnt, k.current, d.active FROM omemo_keys k"
		" LEFT JOIN omemo_devices d ON d.account = k.account AND d.peer = k.peer AND d.device = k.device"
		" WHERE k.account = ? AND k.peer = ? ORDER BY k.first_seen, k.device";
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)identity_free);
	bool own = strcmp(account, peer) == 0;
	Identity *mine = own ? own_identity(account) : NULL;
	g_autoptr(Rows) rows = store_select(NULL, all ? ever : now, "ss", account, peer);

	if (mine)
		g_ptr_array_add(list, mine);
	while (rows && rows_next(rows))
		g_ptr_array_add(list, identity_of(rows, own));
	return list;
}

/* ---- deciding ---- */

static bool
hex_key(const char *hex, guint8 key[KEY_LENGTH])
{
	if (strlen(hex) != 2 * (KEY_LENGTH - 1))
		return false;
	key[0] = 0x05;
	for (int i = 0; i < KEY_LENGTH - 1; i++) {
		int high = g_ascii_xdigit_value(hex[2 * i]), low = g_ascii_xdigit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i + 1] = (guint8)(high << 4 | low);
	}
	return true;
}

static bool
current_key(const char *account, const char *peer, guint32 device, guint8 key[KEY_LENGTH])
{
	g_autoptr(Rows) rows =
		store_select(NULL, "SELECT identity FROM omemo_keys WHERE account = ? AND peer = ? AND device = ? AND current = 1",
			"ssi", account, peer, (gint64)device);
	const void *bytes;
	size_t length = 0;

	if (!rows || !rows_next(rows))
		return false;
	bytes = rows_blob(rows, 0, &length);
	if (length != KEY_LENGTH)
		return false;
	memcpy(key, bytes, KEY_LENGTH);
	return true;
}

/* A decision about a key: also about one that was never seen, when a person has it from elsewhere (a picture, a link). */
static bool
decide(const char *account, const char *peer, guint32 device, const guint8 *key, enum trust trust, GError **error)
{
	if (!store_run(error, "UPDATE omemo_keys SET trust = ? WHERE account = ? AND peer = ? AND device = ? AND identity = ?",
		    "issib", (gint64)trust, account, peer, (gint64)device, key, (size_t)KEY_LENGTH))
		return false;
	if (store_changes() > 0)
		return true;
	return store_run(error,
		"INSERT INTO omemo_keys (account, peer, device, identity, trust, first_seen, learnt, current)"
		" VALUES (?, ?, ?, ?, ?, ?, 'by hand', 0)",
		"ssibii", account, peer, (gint64)device, key, (size_t)KEY_LENGTH, (gint64)trust, clock_now());
}

bool
trust_set(Account *account, const char *peer, guint32 device, const char *hex, enum trust trust, GError **error)
{
	const char *own = account_jid(account);
	guint8 key[KEY_LENGTH];
	bool done;

	if (strcmp(own, peer) == 0 && device == keys_device(own))
		return fault(error, FAULT_INPUT, "device %u is this one: it is always trusted", device);
	if (hex ? !hex_key(hex, key) : !current_key(own, peer, device, key))
		return fault(error, FAULT_GONE,
			hex ? "that is no fingerprint: 64 hex digits, as /verify shows them"
			    : "no key of device %u of %s is known - /verify %s lists the devices",
			device, peer, peer);
	if (!store_begin(error))
		return false;
	done = decide(own, peer, device, key, trust, error);
	if (!done) {
		store_rollback();
		return false;
	}
	if (!store_commit(STORE_NOW, error))
		return false;
	trust_tell(own, peer, device, key, KEY_FIRST, trust);
	return true;
}
