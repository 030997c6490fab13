/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may see our presence: requests of others, our answers, and what others answered us (RFC 6121 §3). */
#include <string.h>

#include "account/change.h"
#include "account/internal.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"
#include "xmpp/presence.h"

enum {
	REQUESTS_MAX = 200,
	SHOWN_ONE_BY_ONE = 3,
	BURST_MS = 5000,
};

static void
tell(const Account *account, const char *jid, const char *kind)
{
	event_emit(&(Event){ .kind = EVENT_SUBSCRIPTION, .account = account->jid, .subscription = { .jid = jid, .kind = kind } });
}

static void
run(const char *sql, const Account *account, const char *jid)
{
	g_autoptr(GError) error = NULL;
	if (!store_run(&error, sql, "ss", account->jid, jid))
		log_error("%s: requests are not kept: %s", account->jid, error->message);
}

static bool
has_asked(const Account *account, const char *jid)
{
	return g_ptr_array_find_with_equal_func(account->requests, jid, g_str_equal, NULL);
}

/* ---- those whom we added ---- */

bool
subscription_allow(Account *account, const char *jid, GError **error)
{
	if (g_hash_table_contains(account->allowed, jid))
		return true;
	if (!store_run(error, "INSERT OR IGNORE INTO account_allowed (account, jid) VALUES (?, ?)", "ss", account->jid, jid))
		return false;
	g_hash_table_add(account->allowed, g_strdup(jid));
	return !has_asked(account, jid) || contact_accept(account, jid, error);
}

bool
subscription_disallow(Account *account, const char *jid, GError **error)
{
	if (!g_hash_table_contains(account->allowed, jid))
		return true;
	if (!store_run(error, "DELETE FROM account_allowed WHERE account = ? AND jid = ?", "ss", account->jid, jid))
		return false;
	g_hash_table_remove(account->allowed, jid);
	return true;
}

/* ---- requests ---- */

void
requests_load(Account *account)
{
	account->requests = g_ptr_array_new_with_free_func(g_free);
	account->allowed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(Rows) requests =
		store_select(NULL, "SELECT jid FROM account_request WHERE account = ? ORDER BY rowid", "s", account->jid);
	while (requests && rows_next(requests))
		g_ptr_array_add(account->requests, g_strdup(rows_text(requests, 0)));
	g_autoptr(Rows) allowed = store_select(NULL, "SELECT jid FROM account_allowed WHERE account = ?", "s", account->jid);
	while (allowed && rows_next(allowed))
		g_hash_table_add(account->allowed, g_strdup(rows_text(allowed, 0)));
}

/* Nothing to drop is fine. */
static bool
drop_request(Account *account, const char *jid, GError **error)
{
	guint place;
	if (!g_ptr_array_find_with_equal_func(account->requests, jid, g_str_equal, &place))
		return true;
	if (!store_run(error, "DELETE FROM account_request WHERE account = ? AND jid = ?", "ss", account->jid, jid))
		return false;
	g_ptr_array_remove_index(account->requests, place);
	return true;
}

/* H07: the first few by name, a flood in one line. */
static void
burst_over(gpointer data)
{
	Account *account = account_find(data);
	if (!account)
		return;
	guint more = account->burst > SHOWN_ONE_BY_ONE ? account->burst - SHOWN_ONE_BY_ONE : 0;
	account->burst = 0;
	account->burst_timer = 0;
	if (more)
		alert(account->jid, NULL, "subscription-flood",
			"%u more people ask to see your presence: /requests lists %s of them", more,
			account->requests->len < REQUESTS_MAX ? "all" : "the first");
}

static void
take_request(Account *account, const char *jid)
{
	/* Not every server keeps the blocked away, and what we granted in advance was before that. */
	if (contact_blocked(account, jid) || !strcmp(jid, account->jid) || has_asked(account, jid))
		return;
	if (g_hash_table_contains(account->allowed, jid)) {
		g_autoptr(GError) error = NULL;
		if (!subscription_disallow(account, jid, &error)) {
			log_error("%s: requests are not kept: %s", account->jid, error->message);
			g_hash_table_remove(account->allowed, jid);
		}
		presence_send_subscription(account->stream, jid, "subscribed");
		return;
	}
	if (!account->burst_timer)
		account->burst_timer = clock_after(BURST_MS, burst_over, g_strdup(account->jid), g_free);
	account->burst++;
	if (account->requests->len < REQUESTS_MAX) {
		g_ptr_array_add(account->requests, g_strdup(jid));
		run("INSERT OR IGNORE INTO account_request (account, jid) VALUES (?, ?)", account, jid);
	}
	if (account->burst <= SHOWN_ONE_BY_ONE)
		tell(account, jid, "request");
}

const GPtrArray *
contact_requests(const Account *account)
{
	return account->requests;
}

bool
contact_accept(Account *account, const char *jid, GError **error)
{
	const Contact *contact = contact_lookup(account, jid);
	bool seen = contact && (contact->subscription == SUBSCRIPTION_FROM || contact->subscription == SUBSCRIPTION_BOTH);
	bool sees = contact && (contact->subscription == SUBSCRIPTION_TO || contact->subscription == SUBSCRIPTION_BOTH);
	if (!change_may(account, error))
		return false;
	if (!has_asked(account, jid) && !seen)
		return fault(error, FAULT_GONE, "%s has not asked to see you", jid);
	if (!drop_request(account, jid, error))
		return false;
	if (!seen)
		presence_send_subscription(account->stream, jid, "subscribed");
	if (!sees && !(contact && contact->pending_out))
		presence_send_subscription(account->stream, jid, "subscribe");
	return true;
}

bool
contact_refuse(Account *account, const char *jid, GError **error)
{
	const Contact *contact = contact_lookup(account, jid);
	bool seen = contact && (contact->subscription == SUBSCRIPTION_FROM || contact->subscription == SUBSCRIPTION_BOTH);
	if (!change_may(account, error))
		return false;
	if (!has_asked(account, jid) && !seen)
		return fault(error, FAULT_GONE, "%s has not asked to see you", jid);
	if (!drop_request(account, jid, error) || !subscription_disallow(account, jid, error))
		return false;
	presence_send_subscription(account->stream, jid, "unsubscribed");
	return true;
}

/* ---- what arrives ---- */

static void
take_approved(Account *account, const char *jid)
{
	if (contact_lookup(account, jid))
		tell(account, jid, "approved");
}

static void
take_refused(Account *account, const char *jid)
{
	const Contact *contact = contact_lookup(account, jid);
	if (contact)
		tell(account, jid, contact->pending_out ? "refused" : "removed");
}

static void
take_withdrawn(Account *account, const char *jid)
{
	g_autoptr(GError) error = NULL;
	bool had = has_asked(account, jid);
	if (!drop_request(account, jid, &error))
		log_error("%s: requests are not kept: %s", account->jid, error->message);
	/* Who asks and takes it back all the time is not many people. */
	if (had && account->burst)
		account->burst--;
	if (had || contact_lookup(account, jid))
		tell(account, jid, "withdrawn");
}

bool
subscription_take(Account *account, const char *type, const char *bare_jid)
{
	static const struct {
		const char *type;
		void (*take)(Account *account, const char *jid);
	} types[] = {
		{ "subscribe", take_request },
		{ "subscribed", take_approved },
		{ "unsubscribed", take_refused },
		{ "unsubscribe", take_withdrawn },
	};
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		if (!strcmp(type, types[i].type)) {
			types[i].take(account, bare_jid);
			return true;
		}
	return false;
}
