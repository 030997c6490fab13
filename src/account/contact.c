/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts: the table of who is on the roster, as the store and the user see it. */
#include "account/contact.h"

#include <string.h>

#include "account/internal.h"
#include "api/jid.h"
#include "api/store.h"

/* XML forbids it, so no group name holds it. */
#define GROUP_END "\x1f"

static const char *const no_groups[] = { NULL };

void
contact_free(gpointer data)
{
	Contact *contact = data;
	contact_clear_resources(contact);
	g_strfreev(contact->groups);
	g_free(contact->name);
	g_free(contact);
}

Contact *
contact_make(Account *account, const char *jid)
{
	size_t length = strlen(jid) + 1;
	Contact *contact = g_malloc0(sizeof *contact + length);
	contact->account = account;
	memcpy(contact->jid, jid, length);
	g_hash_table_insert(account->contacts, contact->jid, contact);
	return contact;
}

void
contacts_load(Account *account)
{
	account->contacts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, contact_free);
	g_autoptr(Rows) rows = store_select(NULL,
		"SELECT jid, name, groups, subscription, pending_out FROM account_contact WHERE account = ?", "s", account->jid);
	while (rows && rows_next(rows)) {
		Contact *contact = contact_make(account, rows_text(rows, 0));
		contact->name = g_strdup(rows_text(rows, 1));
		if (rows_text(rows, 2))
			contact->groups = g_strsplit(rows_text(rows, 2), GROUP_END, ROSTER_GROUPS_MAX);
		contact->subscription = (guint8)rows_int(rows, 3) & 3;
		contact->pending_out = rows_int(rows, 4);
	}
}

void
contacts_free(Account *account)
{
	book_drop(account);
	g_clear_pointer(&account->contacts, g_hash_table_unref);
	g_clear_pointer(&account->blocked, g_hash_table_unref);
	g_clear_pointer(&account->allowed, g_hash_table_unref);
	g_clear_pointer(&account->requests, g_ptr_array_unref);
}

bool
contact_keep(const Contact *contact, GError **error)
{
	g_autofree char *groups = contact->groups ? g_strjoinv(GROUP_END, contact->groups) : NULL;
	return store_run(error,
		"INSERT OR REPLACE INTO account_contact (account, jid, name, groups, subscription, pending_out) VALUES (?, ?, ?, "
		"?, ?, ?)",
		"ssssii", contact->account->jid, contact->jid, contact->name, groups, (gint64)contact->subscription,
		(gint64)contact->pending_out);
}

bool
contact_forget(const Account *account, const char *jid, GError **error)
{
	return store_run(error, "DELETE FROM account_contact WHERE account = ? AND jid = ?", "ss", account->jid, jid);
}

Contact *
contact_lookup(const Account *account, const char *bare_jid)
{
	return g_hash_table_lookup(account->contacts, bare_jid);
}

const Contact *
contact_find(const Account *account, const char *jid)
{
	if (!account || !jid)
		return NULL;
	if (jid_is_bare(jid))
		return contact_lookup(account, jid);
	g_autofree char *bare = jid_bare(jid);
	return contact_lookup(account, bare);
}

const char *
contact_jid(const Contact *contact)
{
	return contact->jid;
}

const char *
contact_name(const Contact *contact)
{
	return contact->name ? contact->name : contact->jid;
}

enum subscription
contact_subscription(const Contact *contact)
{
	return contact->subscription;
}

bool
contact_pending_out(const Contact *contact)
{
	return contact->pending_out;
}

const char *const *
contact_groups(const Contact *contact)
{
	return contact->groups ? (const char *const *)contact->groups : no_groups;
}

guint
contact_count(const Account *account)
{
	return g_hash_table_size(account->contacts);
}

void
contact_each(const Account *account, void (*visit)(const Contact *contact, gpointer data), gpointer data)
{
	GHashTableIter iter;
	gpointer contact;
	g_hash_table_iter_init(&iter, account->contacts);
	while (g_hash_table_iter_next(&iter, NULL, &contact))
		visit(contact, data);
}

void
contact_tell(const Contact *contact, bool removed)
{
	event_emit(&(Event){ .kind = EVENT_ROSTER,
		.account = contact->account->jid,
		.roster = { .jid = contact->jid,
			.name = contact_name(contact),
			.groups = contact_groups(contact),
			.subscription = removed ? "remove" : subscription_word(contact->subscription),
			.presence = contact_presence(contact),
			.status = contact_status(contact) } });
}
