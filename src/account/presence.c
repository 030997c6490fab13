/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presence: who of the contacts is there with which client, and how we are seen. */
#include "xmpp/presence.h"

#include <stdlib.h>
#include <string.h>

#include "account/change.h"
#include "account/internal.h"
#include "api/jid.h"
#include "api/log.h"
#include "api/timer.h"
#include "base/table.h"
#include "base/text.h"
#include "xmpp/caps.h"

#define ANNOUNCED_KEY "presence-announced"

enum { RESOURCES_MAX = 20, STATUS_BYTES_MAX = 512 };

/* ---- resources of a contact, best first ---- */

static void
resource_free(struct resource *resource)
{
	capset_unref(resource->caps);
	g_free(resource->status);
	g_free(resource);
}

void
contact_clear_resources(Contact *contact)
{
	while (contact->resources) {
		struct resource *first = contact->resources;
		contact->resources = first->next;
		resource_free(first);
	}
}

static int
rank(const struct resource *resource)
{
	static const char *const order[] = { "chat", "online", "away", "xa", "dnd" };
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		if (!strcmp(resource->show, order[i]))
			return (int)i - resource->priority * (int)G_N_ELEMENTS(order);
	return G_MAXINT;
}

/* Takes the resource of that name out of the list; *count of those that stay. */
static struct resource *
detach(Contact *contact, const char *full, guint *count)
{
	struct resource *found = NULL;
	*count = 0;
	for (struct resource **place = &contact->resources; *place;) {
		if (found || strcmp((*place)->full, full)) {
			place = &(*place)->next;
			++*count;
			continue;
		}
		found = *place;
		*place = found->next;
	}
	return found;
}

static void
attach(Contact *contact, struct resource *resource)
{
	struct resource **place = &contact->resources;
	while (*place && rank(*place) <= rank(resource))
		place = &(*place)->next;
	resource->next = *place;
	*place = resource;
}

static struct resource *
resource_new(const char *full)
{
	size_t length = strlen(full) + 1;
	struct resource *resource = g_malloc0(sizeof *resource + length);
	memcpy(resource->full, full, length);
	return resource;
}

static void
set_status(struct resource *resource, const char *status)
{
	if (!g_strcmp0(resource->status ? resource->status : "", status))
		return;
	g_free(resource->status);
	resource->status = *status ? text_cut(status, STATUS_BYTES_MAX) : NULL;
}

/* XEP-0115 §6.4: a server may leave the hash out where it did not change. */
static void
set_caps(Account *account, struct resource *resource, const struct presence *presence)
{
	if (!presence->caps_ver || (resource->caps && !strcmp(capset_hash(resource->caps), presence->caps_ver)))
		return;
	capset_unref(resource->caps);
	resource->caps = capset_get(account->stream, resource->full, presence->caps_node, presence->caps_ver);
}

static void
take_available(Account *account, Contact *contact, const char *full, const struct presence *presence)
{
	guint count;
	struct resource *resource = detach(contact, full, &count);
	if (!resource && count >= RESOURCES_MAX)
		return;
	if (!resource)
		resource = resource_new(full);
	resource->show = presence->show;
	resource->priority = presence->priority;
	set_status(resource, presence->status);
	set_caps(account, resource, presence);
	attach(contact, resource);
}

static void
take_unavailable(Contact *contact, const char *full)
{
	guint count;
	if (!jid_resource(full)) {
		contact_clear_resources(contact);
		return;
	}
	struct resource *gone = detach(contact, full, &count);
	if (gone)
		resource_free(gone);
}

static bool
take_from_contact(Account *account, Contact *contact, const char *full, const struct presence *presence)
{
	const char *show = contact_presence(contact);
	g_autofree char *status = g_strdup(contact_status(contact));
	if (!*presence->type)
		take_available(account, contact, full, presence);
	else if (!strcmp(presence->type, "unavailable") || !strcmp(presence->type, "error"))
		take_unavailable(contact, full);
	else
		return false;
	if (strcmp(show, contact_presence(contact)) || strcmp(status, contact_status(contact)))
		contact_tell(contact, false);
	return true;
}

static bool
take_presence(Stream *stream, const Element *stanza)
{
	Account *account = account_of(stream);
	struct presence presence;
	presence_read(stanza, &presence);
	const char *full = presence.from ? presence.from : account->jid;
	g_autofree char *bare = jid_bare(full);
	if (*presence.type && subscription_take(account, presence.type, bare))
		return true;
	if (!strcmp(bare, account->jid))
		return true;
	Contact *contact = contact_lookup(account, bare);
	/* Only of whom we asked to see: what others claim of themselves would fill the memory. */
	bool seen = contact && (contact->subscription == SUBSCRIPTION_TO || contact->subscription == SUBSCRIPTION_BOTH);
	return seen && take_from_contact(account, contact, full, &presence);
}

const struct stanza_hook presence_hooks[] = {
	{ .name = "presence", .kind = "presence", .from = FROM_ANYONE, .take = take_presence },
	{ 0 },
};

void
presence_clear(Account *account)
{
	g_hash_table_remove_all(account->shown);
	GHashTableIter iter;
	gpointer contact;
	g_hash_table_iter_init(&iter, account->contacts);
	while (g_hash_table_iter_next(&iter, NULL, &contact))
		contact_clear_resources(contact);
}

/* ---- what is seen of a contact ---- */

/* While we are away ourselves, nothing is known of anybody. */
static const struct resource *
best(const Contact *contact)
{
	return account_online(contact->account) ? contact->resources : NULL;
}

const char *
contact_presence(const Contact *contact)
{
	return best(contact) ? best(contact)->show : "offline";
}

const char *
contact_status(const Contact *contact)
{
	return best(contact) && best(contact)->status ? best(contact)->status : "";
}

const char *
contact_best_resource(const Contact *contact)
{
	return best(contact) ? best(contact)->full : NULL;
}

void
contact_each_resource(const Contact *contact,
	void (*visit)(const char *full_jid, const char *show, const char *status, int priority, gpointer data), gpointer data)
{
	for (const struct resource *resource = best(contact); resource; resource = resource->next)
		visit(resource->full, resource->show, resource->status ? resource->status : "", resource->priority, data);
}

bool
contact_has_feature(const Account *account, const char *jid, const char *feature)
{
	const Contact *contact = contact_find(account, jid);
	for (const struct resource *resource = contact ? best(contact) : NULL; resource; resource = resource->next)
		if ((!jid_resource(jid) || !strcmp(resource->full, jid)) && resource->caps && capset_has(resource->caps, feature))
			return true;
	return false;
}

/* ---- our own ---- */

void
presence_announce(Account *account)
{
	const char *priority = account_get(account, "priority");
	bool hidden = !strcmp(account->show, "invisible"), first = !account->announced;
	account->presence_due = false;
	/* RFC 6121 §4.2: who sends no presence is connected, and nobody is told. */
	if (hidden && account->announced) {
		presence_send_unavailable(account->stream);
		g_hash_table_remove_all(account->shown); /* §4.6.3: the server tells them, too */
	} else if (!hidden)
		presence_send(account->stream, account->show, account->status, priority ? atoi(priority) : 0);
	account->announced = !hidden;
	memory_put(account->jid, ANNOUNCED_KEY, hidden ? NULL : "yes");
	if (first)
		event_emit(&(Event){ .kind = EVENT_ANNOUNCED, .account = account->jid });
}

/* RFC 6121 §4.3: the server probes for a new session only, so in one that goes on we ask ourselves who is there. */
void
presence_recall(Account *account)
{
	g_autofree char *announced = memory_get(account->jid, ANNOUNCED_KEY);
	account->announced = announced != NULL;
	if (!account->announced)
		return;
	GHashTableIter iter;
	gpointer value;
	g_hash_table_iter_init(&iter, account->contacts);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Contact *contact = value;
		if (contact->subscription == SUBSCRIPTION_TO || contact->subscription == SUBSCRIPTION_BOTH)
			presence_send_subscription(account->stream, contact->jid, "probe");
	}
}

bool
presence_set(Account *account, const char *show, const char *status, GError **error)
{
	if (!presence_show_word(show) && strcmp(show, "invisible"))
		return fault(error, FAULT_INPUT, "a presence is online, chat, away, xa, dnd or invisible: %s", show);
	char *new_show = g_strdup(show), *new_status = g_strdup(status);
	g_free(account->show);
	g_free(account->status);
	account->show = new_show;
	account->status = new_status;
	if (account_online(account))
		presence_announce(account);
	else
		account->presence_due = true;
	return true;
}

/* Not every server remembers whom one without presence was shown to. */
void
presence_leave(Account *account)
{
	GHashTableIter iter;
	gpointer jid;
	g_hash_table_iter_init(&iter, account->shown);
	while (account_online(account) && g_hash_table_iter_next(&iter, &jid, NULL))
		presence_send_subscription(account->stream, jid, "unavailable");
	g_hash_table_remove_all(account->shown);
}

static bool
is_granted(const Account *account, const char *bare_jid)
{
	const Contact *contact = contact_lookup(account, bare_jid);
	return contact && (contact->subscription == SUBSCRIPTION_FROM || contact->subscription == SUBSCRIPTION_BOTH);
}

bool
presence_show_to(Account *account, const char *jid, bool on, GError **error)
{
	if (!change_may(account, error))
		return false;
	if (contact_blocked(account, jid))
		return fault(error, FAULT_INPUT, "%s is blocked: /unblock %s first", jid, jid);
	if (account->announced && is_granted(account, jid))
		return fault(
			error, FAULT_INPUT, on ? "%s sees you already" : "%s may see you: /refuse-contact takes that back", jid);
	if (!on && !g_hash_table_remove(account->shown, jid))
		return fault(error, FAULT_GONE, "%s was not shown that you are here", jid);
	if (!on)
		return presence_send_subscription(account->stream, jid, "unavailable");
	g_hash_table_add(account->shown, g_strdup(jid));
	return presence_send_to(
		account->stream, jid, presence_show_word(account->show) ? account->show : "online", account->status);
}

const char *
presence_show(const Account *account)
{
	return account->show;
}

const char *
presence_status(const Account *account)
{
	return account->status ? account->status : "";
}

/* ---- what the layers below ask ---- */

static bool
is_visible_to(Stream *stream, const char *jid)
{
	const Account *account = account_of(stream);
	g_autofree char *bare = jid_bare(jid);
	bool shown = (account->announced && is_granted(account, bare)) || g_hash_table_contains(account->shown, bare);
	/* A device alone may be blocked, too (XEP-0191 §5). */
	return shown && !contact_blocked(account, jid);
}

bool
contact_sees_us(const Account *account, const char *jid)
{
	return presence_visible_to(account->stream, jid);
}

static guint announce_timer;

/* §5.1 of XEP-0115: other features, other hash. Once for all rows that a plugin brings or takes. */
static void
announce_all(gpointer data)
{
	(void)data;
	announce_timer = 0;
	const GPtrArray *list = account_list();
	for (guint i = 0; i < list->len; i++) {
		Account *account = list->pdata[i];
		if (account_online(account) && account->announced)
			presence_announce(account);
	}
}

static void
features_changed(void)
{
	if (!announce_timer)
		announce_timer = clock_after(0, announce_all, NULL, NULL);
}

void
presence_init(void)
{
	presence_set_visible_check(is_visible_to);
	table_on_change(TABLE_FEATURES, features_changed);
}
