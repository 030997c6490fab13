/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of the roster that the user asks for; what comes of them arrives as a push. */
#include <string.h>

#include "account/change.h"
#include "account/internal.h"
#include "xmpp/presence.h"

/* ---- waiting for the server's answer, for other files too ---- */

struct change {
	contact_done done;
	gpointer data;
};

void
change_answered(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct change *change = data;
	(void)stream, (void)result;
	if (change->done)
		change->done(error, change->data);
}

gpointer
change_new(contact_done done, gpointer data)
{
	struct change *change = g_new(struct change, 1);
	*change = (struct change){ .done = done, .data = data };
	return change;
}

bool
change_may(const Account *account, GError **error)
{
	if (account_online(account))
		return true;
	return fault(error, FAULT_OFFLINE, "%s is not online: /connect first", account->jid);
}

static Contact *
find(Account *account, const char *jid, GError **error)
{
	Contact *contact = contact_lookup(account, jid);
	if (!contact)
		return fault_null(error, FAULT_GONE, "%s is not on the roster: /add adds it", jid);
	return change_may(account, error) ? contact : NULL;
}

/* ---- the changes ---- */

/* Adding is two steps: on the roster first, so that the request belongs to a contact (RFC 6121 §3.1.1). */
struct addition {
	char *jid;
	contact_done done;
	gpointer data;
};

static void
addition_free(gpointer data)
{
	struct addition *addition = data;
	g_free(addition->jid);
	g_free(addition);
}

static void
added(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	const struct addition *addition = data;
	g_autoptr(GError) unkept = NULL;
	if (result) {
		subscription_allow(account_of(stream), addition->jid, &unkept);
		presence_send_subscription(stream, addition->jid, "subscribe");
	}
	if (addition->done)
		addition->done(error ? error : unkept, addition->data);
}

bool
contact_add(
	Account *account, const char *jid, const char *name, const char *group, contact_done done, gpointer data, GError **error)
{
	if (!strcmp(jid, account->jid))
		return fault(error, FAULT_INPUT, "%s is your own address", jid);
	if (contact_blocked(account, jid))
		return fault(error, FAULT_INPUT, "%s is blocked: /unblock %s first", jid, jid);
	if (!change_may(account, error))
		return false;
	const Contact *contact = contact_lookup(account, jid);
	const char *one_group[] = { group, NULL };
	if (contact && !name)
		name = contact->name;
	struct addition *addition = g_new(struct addition, 1);
	*addition = (struct addition){ .jid = g_strdup(jid), .done = done, .data = data };
	roster_set(account->stream, jid, name, contact && !group ? contact_groups(contact) : one_group, added, addition,
		addition_free);
	return true;
}

bool
contact_remove(Account *account, const char *jid, contact_done done, gpointer data, GError **error)
{
	if (!find(account, jid, error) || !subscription_disallow(account, jid, error))
		return false;
	roster_remove(account->stream, jid, change_answered, change_new(done, data), g_free);
	return true;
}

bool
contact_rename(Account *account, const char *jid, const char *name, contact_done done, gpointer data, GError **error)
{
	const Contact *contact = find(account, jid, error);
	if (!contact)
		return false;
	roster_set(account->stream, jid, name, contact_groups(contact), change_answered, change_new(done, data), g_free);
	return true;
}

bool
contact_set_groups(Account *account, const char *jid, const char *const *groups, contact_done done, gpointer data, GError **error)
{
	const Contact *contact = find(account, jid, error);
	if (!contact)
		return false;
	roster_set(account->stream, jid, contact->name, groups, change_answered, change_new(done, data), g_free);
	return true;
}
