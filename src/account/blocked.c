/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the server keeps away from us (XEP-0191): the list as it was last told, also while we are offline. */
#include <string.h>

#include "account/change.h"
#include "account/internal.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/store.h"
#include "xmpp/blocking.h"
#include "xmpp/disco.h"

void
blocked_load(Account *account)
{
	account->blocked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(Rows) rows = store_select(NULL, "SELECT jid FROM account_blocked WHERE account = ?", "s", account->jid);
	while (rows && rows_next(rows))
		g_hash_table_add(account->blocked, g_strdup(rows_text(rows, 0)));
}

static bool
keep(const Account *account, const char *jid, bool block, GError **error)
{
	return block ? store_run(
			       error, "INSERT OR IGNORE INTO account_blocked (account, jid) VALUES (?, ?)", "ss", account->jid, jid)
		     : store_run(error, "DELETE FROM account_blocked WHERE account = ? AND jid = ?", "ss", account->jid, jid);
}

/* The server sends no presence of who is blocked, not even that they left. */
static void
apply(Account *account, const char *jid, bool block)
{
	g_autoptr(GError) error = NULL;
	if (block == g_hash_table_contains(account->blocked, jid))
		return;
	if (!keep(account, jid, block, &error))
		log_error("%s: the list of the blocked is not kept: %s", account->jid, error->message);
	if (block)
		g_hash_table_add(account->blocked, g_strdup(jid));
	else
		g_hash_table_remove(account->blocked, jid);
	Contact *contact = contact_lookup(account, jid);
	if (!contact)
		return;
	if (block)
		contact_clear_resources(contact);
	contact_tell(contact, false);
}

static void
fetched(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	(void)data, (void)error;
	const Element *list = result ? element_child(result, "blocklist", BLOCKING_NS) : NULL;
	if (!list)
		return;
	Account *account = account_of(stream);
	g_autoptr(GPtrArray) told = blocking_read(list);
	g_autoptr(GHashTable) now = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < told->len; i++)
		g_hash_table_add(now, told->pdata[i]);
	g_autoptr(GPtrArray) before = contact_blocked_list(account);
	for (guint i = 0; i < before->len; i++)
		if (!g_hash_table_contains(now, before->pdata[i]))
			apply(account, before->pdata[i], false);
	for (guint i = 0; i < told->len; i++)
		apply(account, told->pdata[i], true);
}

void
blocked_fetch(Account *account)
{
	blocking_get(account->stream, fetched, NULL, NULL);
}

static bool
take_push(Stream *stream, const Element *iq, bool block)
{
	Account *account = account_of(stream);
	const Element *change = element_child(iq, block ? "block" : "unblock", BLOCKING_NS);
	g_autoptr(GPtrArray) jids = blocking_read(change);
	/* §3.4: unblock without items frees everybody. */
	if (!block && !element_first(change)) {
		g_ptr_array_unref(jids);
		jids = contact_blocked_list(account);
	}
	for (guint i = 0; i < jids->len; i++)
		apply(account, jids->pdata[i], block);
	iq_result(stream, iq, NULL);
	return true;
}

static bool
take_block(Stream *stream, const Element *iq)
{
	return take_push(stream, iq, true);
}

static bool
take_unblock(Stream *stream, const Element *iq)
{
	return take_push(stream, iq, false);
}

const struct stanza_hook blocked_hooks[] = {
	{ .name = "blocking: block",
		.kind = "iq",
		.type = "set",
		.child = "block",
		.ns = BLOCKING_NS,
		.from = FROM_SELF,
		.take = take_block },
	{ .name = "blocking: unblock",
		.kind = "iq",
		.type = "set",
		.child = "unblock",
		.ns = BLOCKING_NS,
		.from = FROM_SELF,
		.take = take_unblock },
	{ 0 },
};

bool
contact_blocked(const Account *account, const char *jid)
{
	if (g_hash_table_contains(account->blocked, jid))
		return true;
	g_autofree char *bare = jid_bare(jid), *domain = jid_domain(jid);
	return g_hash_table_contains(account->blocked, bare) || g_hash_table_contains(account->blocked, domain);
}

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
contact_blocked_list(const Account *account)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer jid;
	g_hash_table_iter_init(&iter, account->blocked);
	while (g_hash_table_iter_next(&iter, &jid, NULL))
		g_ptr_array_add(list, g_strdup(jid));
	g_ptr_array_sort(list, compare);
	return list;
}

bool
contact_block(Account *account, const char *jid, bool block, contact_done done, gpointer data, GError **error)
{
	if (!change_may(account, error))
		return false;
	if (jid_same_bare(jid, account->jid))
		return fault(error, FAULT_INPUT, "%s is your own address", jid);
	if (!block && !g_hash_table_contains(account->blocked, jid))
		return fault(error, FAULT_GONE, "%s is not blocked", jid);
	if (disco_is_known(account->stream, DISCO_SERVER) && !account_has_feature(account, BLOCKING_NS))
		return fault(error, FAULT_PEER, "the server of %s knows no blocking", account->jid);
	blocking_set(account->stream, jid, block, change_answered, change_new(done, data), g_free);
	return true;
}
