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

enum { TRIM_MS = 500, SLICE = 256 };

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

/* The contact of an item in its new state; *changed tells whether it was any different before. */
static Contact *
take_item(Account *account, RosterItem *item, bool *changed)
{
	Contact *contact = contact_lookup(account, item->jid);
	*changed = !contact || !is_same(contact, item);
	if (!contact)
		contact = contact_make(account, item->jid);
	if (*changed)
		fill(contact, item);
	contact->generation = account->generation;
	return contact;
}

/* ---- keeping: the whole roster in slices, so that a hundred thousand contacts do not stop the program ---- */

static bool
keep_row(Account *account, const char *jid, GError **error)
{
	const Contact *contact = contact_lookup(account, jid);
	return contact ? contact_keep(contact, error) : contact_forget(account, jid, error);
}

static void
remember_version(Account *account, const char *version)
{
	/* A version without all its contacts would hide the missing ones for ever. */
	if (account->unkept) {
		g_free(account->version_due);
		account->version_due = g_strdup(version);
	} else {
		memory_put(account->jid, VERSION_KEY, version);
	}
}

static bool
keep_rows(Account *account, guint count, GError **error)
{
	if (!store_begin(error))
		return false;
	for (guint i = 0; i < count; i++) {
		g_autofree char *jid = g_ptr_array_steal_index_fast(account->unkept, account->unkept->len - 1);
		if (!keep_row(account, jid, error)) {
			store_rollback();
			return false;
		}
	}
	return store_commit(STORE_SOON, error);
}

void
book_drop(Account *account)
{
	clock_cancel(account->keep_timer);
	account->keep_timer = 0;
	g_clear_pointer(&account->unkept, g_ptr_array_unref);
	g_clear_pointer(&account->version_due, g_free);
}

/* False when there is nothing more to keep. */
static bool
keep_slice(Account *account)
{
	g_autoptr(GError) error = NULL;
	if (!keep_rows(account, MIN(account->unkept->len, SLICE), &error)) {
		alert(account->jid, NULL, "roster-not-kept", "the roster of %s is not kept: %s", account->jid, error->message);
		book_drop(account);
		return false;
	}
	if (account->unkept->len)
		return true;
	memory_put(account->jid, VERSION_KEY, account->version_due);
	book_drop(account);
	return false;
}

static void keep_later(Account *account);

static void
on_keep(gpointer data)
{
	Account *account = account_find(data);
	if (!account)
		return;
	account->keep_timer = 0;
	if (keep_slice(account))
		keep_later(account);
}

static void
keep_later(Account *account)
{
	if (!account->keep_timer)
		account->keep_timer = clock_after(1, on_keep, g_strdup(account->jid), g_free);
}

void
book_finish(Account *account)
{
	while (account->unkept && keep_slice(account))
		;
}

static void
keep_soon(Account *account, const char *jid)
{
	if (!account->unkept)
		account->unkept = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(account->unkept, g_strdup(jid));
}

/* ---- the whole ---- */

static void
drop_missing(Account *account)
{
	GHashTableIter iter;
	gpointer value;
	g_hash_table_iter_init(&iter, account->contacts);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Contact *contact = value;
		if (contact->generation == account->generation)
			continue;
		keep_soon(account, contact->jid);
		g_hash_table_iter_remove(&iter);
	}
}

static void
take_roster(Account *account, const Element *query)
{
	account->generation++;
	for (const Element *child = element_first(query); child; child = element_next(child)) {
		RosterItem item;
		bool changed;
		if (!roster_item_read(child, &item))
			continue;
		if (!item.removed) {
			const Contact *contact = take_item(account, &item, &changed);
			if (changed)
				keep_soon(account, contact->jid);
		}
		roster_item_clear(&item);
	}
	drop_missing(account);
	remember_version(account, element_attr(query, "ver"));
	if (account->unkept)
		keep_later(account);
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
remove_item(Account *account, const char *jid, GError **error)
{
	Contact *contact = contact_lookup(account, jid);
	if (!contact)
		return true;
	contact_clear_resources(contact);
	g_hash_table_steal(account->contacts, jid);
	contact_tell(contact, true);
	contact_free(contact);
	return contact_forget(account, jid, error);
}

static bool
push_item(Account *account, RosterItem *item, GError **error)
{
	bool changed;
	if (item->removed)
		return remove_item(account, item->jid, error);
	const Contact *contact = take_item(account, item, &changed);
	if (changed)
		contact_tell(contact, false);
	return !changed || contact_keep(contact, error);
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
		remember_version(account, element_attr(query, "ver"));
	roster_item_clear(&item);
	iq_result(stream, iq, NULL);
	return true;
}

const struct stanza_hook book_hooks[] = {
	{ .name = "roster", .kind = "iq", .type = "set", .child = "query", .ns = ROSTER_NS, .from = FROM_SELF, .take = take_push },
	{ 0 },
};
