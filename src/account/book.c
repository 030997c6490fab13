/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster between server and store (RFC 6121 §2): fetched by version, kept by pushes, changed by the user. */
#include <malloc.h>
#include <string.h>

#include "account/internal.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/store.h"
#include "api/timer.h"

#define VERSION_KEY "roster-version"

enum { TRIM_MS = 500 };

/* ---- one item ---- */

static bool
same_groups(const Contact *contact, const RosterItem *item)
{
	return g_strv_equal(contact_groups(contact), item->groups);
}

static bool
is_same(const Contact *contact, const RosterItem *item)
{
	return contact->subscription == item->subscription && contact->pending_out == item->pending_out &&
	       !g_strcmp0(contact->name, item->name) && same_groups(contact, item);
}

static void
fill(Contact *contact, RosterItem *item)
{
	g_free(contact->name);
	contact->name = g_steal_pointer(&item->name);
	if (!same_groups(contact, item)) {
		g_strfreev(contact->groups);
		contact->groups = item->group_count ? g_strdupv((char **)item->groups) : NULL;
	}
	contact->subscription = item->subscription;
	contact->pending_out = item->pending_out;
	/* Who may not show us their presence any more is not there, whatever we saw last. */
	if (contact->subscription == SUBSCRIPTION_NONE || contact->subscription == SUBSCRIPTION_FROM)
		contact_clear_resources(contact);
}

/* The contact of an item in its new state, kept; *changed tells whether it was any different before. */
static Contact *
take_item(Account *account, RosterItem *item, bool *changed, GError **error)
{
	Contact *contact = contact_lookup(account, item->jid);
	*changed = !contact || !is_same(contact, item);
	if (!contact)
		contact = contact_make(account, item->jid);
	if (!*changed)
		return contact;
	fill(contact, item);
	return contact_keep(contact, error) ? contact : NULL;
}

/* ---- the whole ---- */

static bool
drop_missing(Account *account, GError **error)
{
	GHashTableIter iter;
	gpointer value;
	g_hash_table_iter_init(&iter, account->contacts);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Contact *contact = value;
		if (contact->generation == account->generation)
			continue;
		if (!contact_forget(contact, error))
			return false;
		g_hash_table_iter_remove(&iter);
	}
	return true;
}

static bool
take_all(Account *account, const Element *query, GError **error)
{
	account->generation++;
	for (const Element *child = element_first(query); child; child = element_next(child)) {
		RosterItem item;
		bool changed;
		if (!roster_item_read(child, &item))
			continue;
		Contact *contact = item.removed ? NULL : take_item(account, &item, &changed, error);
		if (contact)
			contact->generation = account->generation;
		bool failed = !contact && !item.removed;
		roster_item_clear(&item);
		if (failed)
			return false;
	}
	return drop_missing(account, error);
}

static void
remember_version(Account *account, const Element *query)
{
	memory_put(account->jid, VERSION_KEY, element_attr(query, "ver"));
}

/* One transaction: the contacts and the version that they are of. */
static void
take_roster(Account *account, const Element *query)
{
	g_autoptr(GError) error = NULL;
	bool kept = store_begin(&error);
	if (kept && !take_all(account, query, &error)) {
		store_rollback();
		kept = false;
	}
	if (kept) {
		remember_version(account, query);
		kept = store_commit(STORE_SOON, &error);
	}
	if (!kept)
		alert(account->jid, NULL, "roster-not-kept", "the roster of %s is not kept: %s", account->jid, error->message);
}

/* The tree of a large roster is freed when this answer is done; without a word the heap would keep its megabytes. */
static void
give_back(gpointer data)
{
	(void)data;
	malloc_trim(0);
}

struct fetch {
	void (*then)(Account *account);
};

static void
fetched(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct fetch *fetch = data;
	Account *account = account_of(stream);
	const Element *query = result ? element_child(result, "query", ROSTER_NS) : NULL;
	if (g_error_matches(error, FAULT, FAULT_OFFLINE))
		return;
	if (query) {
		take_roster(account, query);
		clock_after(TRIM_MS, give_back, NULL, NULL);
	}
	if (error)
		alert(account->jid, NULL, "roster", "the server gave no roster for %s: %s", account->jid, error->message);
	log_info("%s: roster of %u", account->jid, contact_count(account));
	event_emit(&(Event){ .kind = EVENT_ROSTER_LOADED, .account = account->jid });
	fetch->then(account);
}

void
book_fetch(Account *account, void (*then)(Account *account))
{
	struct fetch *fetch = g_new(struct fetch, 1);
	fetch->then = then;
	/* A version without its contacts would be answered by nothing. */
	g_autofree char *version = contact_count(account) ? memory_get(account->jid, VERSION_KEY) : NULL;
	roster_get(account->stream, version, fetched, fetch, g_free);
}

/* ---- pushes ---- */

static bool
push_item(Account *account, RosterItem *item, GError **error)
{
	Contact *contact = contact_lookup(account, item->jid);
	if (item->removed && !contact)
		return true;
	if (item->removed) {
		if (!contact_forget(contact, error))
			return false;
		contact_clear_resources(contact);
		g_hash_table_steal(account->contacts, item->jid);
		contact_tell(contact, true);
		contact_free(contact);
		return true;
	}
	bool changed;
	contact = take_item(account, item, &changed, error);
	if (contact)
		contact->generation = account->generation;
	if (contact && changed)
		contact_tell(contact, false);
	return contact != NULL;
}

static bool
take_push(Stream *stream, const Element *iq)
{
	Account *account = account_of(stream);
	const Element *query = element_child(iq, "query", ROSTER_NS);
	const Element *child = element_child(query, "item", ROSTER_NS);
	RosterItem item;
	if (!child || !roster_item_read(child, &item)) {
		iq_error(stream, iq, "modify", "bad-request");
		return true;
	}
	g_autoptr(GError) error = NULL;
	if (!push_item(account, &item, &error))
		log_error("%s: a change of the roster is not kept: %s", account->jid, error->message);
	else if (element_attr(query, "ver"))
		remember_version(account, query);
	roster_item_clear(&item);
	iq_result(stream, iq, NULL);
	return true;
}

const struct stanza_hook book_hooks[] = {
	{ .name = "roster", .kind = "iq", .type = "set", .child = "query", .ns = ROSTER_NS, .from = FROM_SELF, .take = take_push },
	{ 0 },
};
