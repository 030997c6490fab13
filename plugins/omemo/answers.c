/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers: messages without text that settle a new session, turn a ratchet that fell behind, or heal a broken session; never while
 * messages are still being caught up with, never to strangers, and healing ever more seldom. */
#include "omemo.h"

#include <string.h>

#define MINUTE ((gint64)60 * G_USEC_PER_SEC)

enum {
	SETTLE_MS = 1000, /* a person who answers at once settles it too */
	WAITING_MAX = 500,
	HEAL_MINUTES = 10, /* twice as long after each one that did not help */
	HEAL_DOUBLINGS = 8,
};

struct waiting {
	char *account, *peer;
	guint32 device;
	unsigned why;
	guint run;
};

static GHashTable *waitings; /* "account\npeer\ndevice": struct waiting */
static GHashTable *catching; /* accounts */
static guint timer;

static void
waiting_free(gpointer data)
{
	struct waiting *waiting = data;

	g_free(waiting->account);
	g_free(waiting->peer);
	g_free(waiting);
}

static void
send_transport(Account *account, const char *peer, guint32 device)
{
	const char *own = account_jid(account);
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) element = NULL;
	struct recipient to;

	if (!device_find(own, peer, device, &to) || !to.has_session || !trust_allows(to.trust) || !store_begin(&error))
		return;
	element = message_key_transport(own, peer, &to, &error);
	if (!element)
		store_rollback();
	else if (store_commit(STORE_NOW, &error) &&
		 message_signal(account, SIGNAL_KEY_TRANSPORT, peer, g_steal_pointer(&element), &error))
		log_info("omemo: key transport to device %u of %s", device, peer);
	if (error)
		log_warning("omemo: no key transport to device %u of %s: %s", device, peer, error->message);
}

/* ---- healing ---- */

static bool
may_heal(const char *account, const char *peer, guint32 device)
{
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT healed_at, heals FROM omemo_devices WHERE account = ? AND peer = ? AND device = ? AND active = 1", "ssi",
		account, peer, (gint64)device);
	gint64 rest;

	if (!rows || !rows_next(rows))
		return false;
	rest = HEAL_MINUTES * MINUTE << MIN(rows_int(rows, 1), HEAL_DOUBLINGS);
	return clock_now() - rows_int(rows, 0) >= rest || rows_int(rows, 0) > clock_now();
}

static void
heal(const struct bundle *bundle, const GError *error, gpointer data)
{
	const struct waiting *waiting = data;
	Account *account = account_find(waiting->account);
	g_autoptr(GError) why = NULL;

	if (waiting->run != omemo_run || !account)
		return;
	if (bundle && session_build(waiting->account, waiting->peer, waiting->device, bundle, &why))
		send_transport(account, waiting->peer, waiting->device);
	else
		log_warning("omemo: the session with device %u of %s cannot be healed: %s", waiting->device, waiting->peer,
			why ? why->message : error->message);
}

static struct waiting *
waiting_copy(const struct waiting *waiting)
{
	struct waiting *copy = g_new0(struct waiting, 1);

	*copy = *waiting;
	copy->account = g_strdup(waiting->account);
	copy->peer = g_strdup(waiting->peer);
	return copy;
}

static void
begin_heal(Account *account, const struct waiting *waiting)
{
	g_autoptr(GError) error = NULL;
	struct waiting *copy;

	if (!may_heal(waiting->account, waiting->peer, waiting->device) ||
		!store_run(&error,
			"UPDATE omemo_devices SET healed_at = ?, heals = heals + 1 WHERE account = ? AND peer = ? AND device = ?",
			"issi", clock_now(), waiting->account, waiting->peer, (gint64)waiting->device))
		return;
	log_info("omemo: healing the session with device %u of %s", waiting->device, waiting->peer);
	copy = waiting_copy(waiting);
	if (!bundle_fetch(account, waiting->peer, waiting->device, heal, copy, waiting_free, &error))
		waiting_free(copy);
}

/* ---- waiting ---- */

static gboolean
answer_now(gpointer key, gpointer value, gpointer data)
{
	const struct waiting *waiting = value;
	Account *account = account_find(waiting->account);

	(void)key;
	(void)data;
	if (account && (!account_online(account) || answers_are_catching_up(waiting->account)))
		return FALSE;
	if (!account || !contact_sees_us(account, waiting->peer))
		return TRUE;
	if (waiting->why & ANSWER_HEAL)
		begin_heal(account, waiting);
	else if (session_is_unanswered(waiting->account, waiting->peer, waiting->device))
		send_transport(account, waiting->peer, waiting->device);
	return TRUE;
}

static void
due(gpointer data)
{
	(void)data;
	timer = 0;
	if (waitings && store_is_open())
		g_hash_table_foreach_remove(waitings, answer_now, NULL);
}

static void
wake(void)
{
	if (!timer && waitings && g_hash_table_size(waitings) > 0)
		timer = clock_after(SETTLE_MS, due, NULL, NULL);
}

static char *
waiting_key(const char *account, const char *peer, guint32 device)
{
	return g_strdup_printf("%s\n%s\n%u", account, peer, device);
}

void
answer_later(const char *account, const char *peer, guint32 device, enum answer why)
{
	g_autofree char *key = waiting_key(account, peer, device);
	struct waiting *waiting;

	if (!waitings)
		waitings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, waiting_free);
	waiting = g_hash_table_lookup(waitings, key);
	if (!waiting && g_hash_table_size(waitings) >= WAITING_MAX)
		return;
	if (!waiting) {
		waiting = g_new0(struct waiting, 1);
		*waiting = (struct waiting){
			.account = g_strdup(account), .peer = g_strdup(peer), .device = device, .run = omemo_run
		};
		g_hash_table_insert(waitings, g_steal_pointer(&key), waiting);
	}
	waiting->why |= why;
	if (!answers_are_catching_up(account))
		wake();
}

/* Something was sealed for that device: its session is settled by it. */
void
answer_given(const char *account, const char *peer, guint32 device)
{
	g_autofree char *key = waitings ? waiting_key(account, peer, device) : NULL;
	struct waiting *waiting = key ? g_hash_table_lookup(waitings, key) : NULL;

	if (waiting && waiting->why == ANSWER_SETTLE)
		g_hash_table_remove(waitings, key);
}

void
answers_catching_up(const char *account, bool catching_up)
{
	if (!catching)
		catching = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (catching_up) {
		g_hash_table_add(catching, g_strdup(account));
		return;
	}
	g_hash_table_remove(catching, account);
	wake();
}

bool
answers_are_catching_up(const char *account)
{
	return catching && g_hash_table_contains(catching, account);
}

void
answers_stop(void)
{
	if (timer)
		clock_cancel(timer);
	timer = 0;
	g_clear_pointer(&waitings, g_hash_table_unref);
	g_clear_pointer(&catching, g_hash_table_unref);
}
