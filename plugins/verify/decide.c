/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deciding: about keys that were shown, about those that were not, and about those that a link names. */
#include "verify.h"

#include <string.h>

static bool
decide_one(const struct decision *made, const Identity *identity, GError **error)
{
	g_autofree char *blocks = show_blocks(identity->fingerprint);

	if (!e2ee_set_trust(made->account, made->peer, identity->device, identity->fingerprint, made->trust, error))
		return false;
	reply_print(made->reply, "device %u of %s is %s now: %s", identity->device, made->peer, trust_word(made->trust), blocks);
	return true;
}

static bool
is_candidate(const Identity *identity, guint32 device)
{
	return !identity->this_device && (device ? identity->device == device : identity->active);
}

/* ---- a yes to what was never looked at ---- */

struct unseen {
	Reply *reply;
	char *account, *peer;
	guint32 device;
};

static guint unseen_question;

static void
unseen_free(gpointer data)
{
	struct unseen *unseen = data;

	reply_unref(unseen->reply);
	g_free(unseen->account);
	g_free(unseen->peer);
	g_free(unseen);
}

static void
unseen_answered(const char *choice, gpointer data)
{
	const struct unseen *unseen = data;
	Account *account = account_find(unseen->account);
	struct decision made = { unseen->reply, account, unseen->peer, TRUST_VERIFIED, unseen->device };
	g_autoptr(GError) error = NULL;

	unseen_question = 0;
	if (g_strcmp0(choice, "yes") != 0 || !account)
		reply_print(unseen->reply, "nothing was changed");
	else if (!decide(&made, &error))
		reply_fail(unseen->reply, error);
}

/* Shows what the yes would be about, and asks. */
static void
ask_unseen(const struct decision *made, const GPtrArray *list)
{
	static const char *const choices[] = { "no", "yes", NULL };
	const char *own = account_jid(made->account);
	GHashTable *keys = shown_of(own, made->peer, !made->device);
	struct unseen *unseen = g_new0(struct unseen, 1);
	g_autofree char *text = NULL;
	guint32 device = made->device;
	guint count = 0;

	if (!keys)
		keys = shown_of(own, made->peer, true);
	reply_print(made->reply, "%s", made->peer);
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (!is_candidate(identity, made->device))
			continue;
		show_key(made->reply, identity);
		g_hash_table_add(keys, shown_key(identity));
		device = identity->device;
		count++;
	}
	text = count == 1 ? g_strdup_printf(
				    "Does %s see the same key for device %u? It was not shown to you before", made->peer, device)
			  : g_strdup_printf("Does %s see the same %u keys? They were not shown to you before", made->peer, count);
	*unseen = (struct unseen){
		.reply = reply_ref(made->reply), .account = g_strdup(own), .peer = g_strdup(made->peer), .device = made->device
	};
	unseen_question = ask(own, made->peer, text, choices, unseen_answered, unseen, unseen_free);
}

/* Only where a person can be asked: a script means what it says. */
static bool
is_unseen(const struct decision *made, const GPtrArray *list, GHashTable *keys)
{
	if (made->trust != TRUST_VERIFIED || !reply_columns(made->reply) || (!made->device && keys))
		return false;
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (is_candidate(identity, made->device) && !was_shown(keys, identity))
			return true;
	}
	return false;
}

/* Without a device all that were shown are meant, never one that appeared after that. */
bool
decide(const struct decision *made, GError **error)
{
	const char *peer = made->peer;
	guint32 device = made->device;
	g_autoptr(GPtrArray) list = e2ee_identities(made->account, peer);
	GHashTable *keys = shown_of(account_jid(made->account), peer, false);
	guint candidates = 0, done = 0;

	for (guint i = 0; i < list->len; i++)
		candidates += is_candidate(g_ptr_array_index(list, i), device);
	if (!candidates)
		return device ? fault(error, FAULT_GONE, "%s has no device %u - /verify %s shows them", peer, device, peer)
			      : fault(error, FAULT_GONE, "no keys of %s are known yet - /verify %s looks for them", peer, peer);
	if (is_unseen(made, list, keys)) {
		ask_unseen(made, list);
		return true;
	}
	if (!device && candidates > 1 && !keys)
		return fault(error, FAULT_INPUT, "%s has %u devices: look at them first (/verify %s), or name one", peer,
			candidates, peer);
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (!is_candidate(identity, device))
			continue;
		if (!device && keys && !was_shown(keys, identity)) {
			reply_print(made->reply, "device %u of %s appeared after you looked: it is not decided upon",
				identity->device, peer);
			continue;
		}
		if (!decide_one(made, identity, error))
			return false;
		done++;
	}
	return done > 0 || fault(error, FAULT_GONE, "nothing was decided - /verify %s shows what is there now", peer);
}

/* ---- a link ---- */

static const Identity *
find_device(const GPtrArray *list, guint32 device)
{
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (identity->device == device)
			return identity;
	}
	return NULL;
}

bool
take_link(const struct cmd_call *call, const char *text, GError **error)
{
	g_autofree char *jid = NULL;
	g_autoptr(GArray) keys = link_parse(text, &jid, error);
	g_autoptr(GPtrArray) list = keys ? e2ee_identities(call->account, jid) : NULL;

	if (!keys)
		return false;
	for (guint i = 0; i < keys->len; i++) {
		const struct link_key *key = &g_array_index(keys, struct link_key, i);
		const Identity *known = find_device(list, key->device);

		if (known && strcmp(known->fingerprint, key->fingerprint) != 0)
			return fault(error, FAULT_TRUST,
				"THE KEYS DIFFER: device %u of %s has another key here than in that link - somebody may be in "
				"between: do not "
				"trust it (/verify %s no %u)",
				key->device, jid, jid, key->device);
	}
	for (guint i = 0; i < keys->len; i++) {
		const struct link_key *key = &g_array_index(keys, struct link_key, i);
		const Identity *known = find_device(list, key->device);

		if (known && known->this_device) {
			reply_print(call->reply, "device %u is this one, and the link names its key rightly", key->device);
			continue;
		}
		if (!e2ee_set_trust(call->account, jid, key->device, key->fingerprint, TRUST_VERIFIED, error))
			return false;
		reply_print(call->reply, "device %u of %s is verified now%s", key->device, jid,
			known ? "" : ": it was not met yet, its key is remembered");
	}
	return true;
}

void
decide_stop(void)
{
	if (unseen_question)
		ask_withdraw(unseen_question);
	unseen_question = 0;
}
