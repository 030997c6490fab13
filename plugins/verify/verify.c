/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verification: comparing the keys of both sides, deciding about them and looking back, for whichever provider seals. */
#include "verify.h"

#include <string.h>

/* ---- what was shown, so that a "yes" means just that ---- */

static GHashTable *shown; /* "account\npeer": GHashTable of "device fingerprint" */

static GHashTable *
shown_of(const char *account, const char *peer, bool anew)
{
	g_autofree char *key = g_strconcat(account, "\n", peer, NULL);
	GHashTable *keys;

	if (!shown)
		shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
	if (anew) {
		keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_insert(shown, g_steal_pointer(&key), keys);
		return keys;
	}
	return g_hash_table_lookup(shown, key);
}

static char *
shown_key(const Identity *identity)
{
	return g_strdup_printf("%u %s", identity->device, identity->fingerprint);
}

static bool
was_shown(GHashTable *keys, const Identity *identity)
{
	g_autofree char *key = shown_key(identity);

	return keys && g_hash_table_contains(keys, key);
}

/* ---- showing ---- */

static char *
day_of(gint64 at)
{
	g_autoptr(GDateTime) utc = at ? g_date_time_new_from_unix_local(at / G_USEC_PER_SEC) : NULL;

	return utc ? g_date_time_format(utc, "%Y-%m-%d %H:%M") : g_strdup("-");
}

static void
show_key(Reply *reply, const Identity *identity)
{
	g_autofree char *blocks = show_blocks(identity->fingerprint);
	g_autofree char *words = show_words(identity->fingerprint);

	reply_print(reply, "device %u  %s%s", identity->device, identity->this_device ? "this device" : trust_word(identity->trust),
		identity->active || identity->this_device ? "" : ", not announced any more");
	reply_print_plain(reply, blocks);
	if (words)
		reply_print_plain(reply, words);
}

static void
show_code(Reply *reply, const char *jid, const Identity *identity)
{
	g_autofree char *uri = show_uri(jid, identity);
	g_autofree char *picture = uri ? show_picture(uri) : NULL;

	if (!uri)
		return;
	reply_print(reply, "device %u of %s: %s", identity->device, jid, uri);
	if (picture) {
		g_autofree char *whole = show_beside(picture, jid, identity);
		reply_print_plain(reply, whole);
	}
}

static guint
show_keys(Reply *reply, const char *account, const char *jid, const GPtrArray *list, GHashTable *keys)
{
	guint count = 0;

	reply_print(reply, "%s%s", jid, strcmp(account, jid) == 0 ? " (you)" : "");
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (!identity->active && !identity->this_device)
			continue;
		show_key(reply, identity);
		g_hash_table_add(keys, shown_key(identity));
		count++;
	}
	return count;
}

/* A picture of each is long: those of one device each side, or of the one that was named. */
static void
show_codes(Reply *reply, const char *jid, const GPtrArray *list, guint32 device)
{
	guint drawn = 0, left = 0;

	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (device ? identity->device != device : !identity->active && !identity->this_device)
			continue;
		if (drawn++ == 0)
			show_code(reply, jid, identity);
		else
			left++;
	}
	if (left)
		reply_print(reply, "pictures of the other %u: /verify %s code DEVICE", left, jid);
}

static void
show_both(Reply *reply, Account *account, const char *peer)
{
	const char *own = account_jid(account);
	GHashTable *keys = shown_of(own, peer, true);
	g_autoptr(GPtrArray) theirs = e2ee_identities(account, peer);
	g_autoptr(GPtrArray) ours = strcmp(own, peer) == 0 ? NULL : e2ee_identities(account, own);

	if (ours)
		show_keys(reply, own, own, ours, keys);
	if (!show_keys(reply, own, peer, theirs, keys)) {
		reply_print(reply, "no keys of %s are known yet", peer);
		return;
	}
	reply_print(reply,
		"compare them in person or by voice: read your words, hear theirs. The same: /verify %s yes [device]. Different: "
		"/verify %s no "
		"[device]",
		peer, peer);
	/* The picture last: it fills the screen from which a camera reads it. */
	show_codes(reply, peer, theirs, 0);
	if (ours)
		show_codes(reply, own, ours, 0);
}

struct waiting {
	Reply *reply;
	char *account, *peer;
};

static void
prepared(enum e2ee_readiness readiness, const char *sentence, gpointer data)
{
	struct waiting *waiting = data;
	Account *account = account_find(waiting->account);
	g_autoptr(GPtrArray) list = account ? e2ee_identities(account, waiting->peer) : NULL;

	if (list && list->len)
		show_both(waiting->reply, account, waiting->peer);
	else
		reply_print(waiting->reply, "no keys of %s are known: %s", waiting->peer, sentence ? sentence : "none were found");
	(void)readiness;
	reply_unref(waiting->reply);
	g_free(waiting->account);
	g_free(waiting->peer);
	g_free(waiting);
}

static bool
show(const struct cmd_call *call, const char *peer, GError **error)
{
	const struct e2ee_provider *provider = e2ee_provider();
	g_autoptr(GPtrArray) list = NULL;
	struct waiting *waiting;

	if (!provider)
		return fault(error, FAULT_GONE, "no plugin for encryption is loaded - /plugin load one");
	list = e2ee_identities(call->account, peer);
	if (list->len || !account_online(call->account)) {
		show_both(call->reply, call->account, peer);
		return true;
	}
	/* Never written to: the keys are fetched as if we were about to. */
	waiting = g_new0(struct waiting, 1);
	*waiting = (struct waiting){
		.reply = reply_ref(call->reply), .account = g_strdup(account_jid(call->account)), .peer = g_strdup(peer)
	};
	provider->prepare(call->account, peer, prepared, waiting);
	return true;
}

/* ---- deciding ---- */

/* One key, and an empty line of what it is now. */
static bool
decide_one(const struct cmd_call *call, const char *peer, const Identity *identity, enum trust trust, GError **error)
{
	g_autofree char *blocks = show_blocks(identity->fingerprint);

	if (!e2ee_set_trust(call->account, peer, identity->device, identity->fingerprint, trust, error))
		return false;
	reply_print(call->reply, "device %u of %s is %s now: %s", identity->device, peer, trust_word(trust), blocks);
	return true;
}

static bool
is_candidate(const Identity *identity, guint32 device)
{
	return !identity->this_device && (device ? identity->device == device : identity->active);
}

/* Without a device all that were shown are meant, never one that appeared after that. */
static bool
decide(const struct cmd_call *call, const char *peer, enum trust trust, guint32 device, GError **error)
{
	g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);
	GHashTable *keys = shown_of(account_jid(call->account), peer, false);
	guint candidates = 0, done = 0;

	for (guint i = 0; i < list->len; i++)
		candidates += is_candidate(g_ptr_array_index(list, i), device);
	if (!candidates)
		return device ? fault(error, FAULT_GONE, "%s has no device %u - /verify %s shows them", peer, device, peer)
			      : fault(error, FAULT_GONE, "no keys of %s are known yet - /verify %s looks for them", peer, peer);
	if (!device && candidates > 1 && !keys)
		return fault(error, FAULT_INPUT, "%s has %u devices: look at them first (/verify %s), or name one", peer,
			candidates, peer);
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (!is_candidate(identity, device))
			continue;
		if (!device && keys && !was_shown(keys, identity)) {
			reply_print(call->reply, "device %u of %s appeared after you looked: it is not decided upon",
				identity->device, peer);
			continue;
		}
		if (!decide_one(call, peer, identity, trust, error))
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

static bool
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

/* ---- history ---- */

static bool
show_history(const struct cmd_call *call, const char *peer)
{
	g_autoptr(GPtrArray) list = e2ee_history(call->account, peer);

	if (!list->len)
		reply_print(call->reply, "no key of %s was ever seen", peer);
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);
		g_autofree char *blocks = show_blocks(identity->fingerprint);
		g_autofree char *first = day_of(identity->first_seen);
		g_autofree char *last = day_of(identity->last_used);

		reply_print(call->reply, "%s  device %u  %s%s  learnt from: %s, last used %s", first, identity->device,
			identity->this_device ? "this device" : trust_word(identity->trust),
			identity->active || identity->this_device ? "" : ", gone", identity->learnt ? identity->learnt : "-", last);
		reply_print_plain(call->reply, blocks);
	}
	return true;
}

/* ---- commands ---- */

static const char *
peer_of(const struct cmd_call *call, GError **error)
{
	if (call->args[0])
		return call->args[0];
	if (call->conversation)
		return convo_peer(call->conversation);
	return fault_null(error, FAULT_INPUT, "whom? - /%s CONTACT", call->cmd->name);
}

static guint32
device_of(const struct cmd_call *call)
{
	return call->args[2] ? (guint32)g_ascii_strtoull(call->args[2], NULL, 10) : 0;
}

static bool
run_verify(const struct cmd_call *call, GError **error)
{
	const char *decision = call->args[1], *link = call->args[3];
	const char *peer = link ? NULL : peer_of(call, error);

	if (link)
		return take_link(call, link, error);
	if (!peer)
		return false;
	if (!decision)
		return show(call, peer, error);
	if (strcmp(decision, "history") == 0)
		return show_history(call, peer);
	if (strcmp(decision, "code") == 0) {
		g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);

		show_codes(call->reply, peer, list, device_of(call));
		return true;
	}
	return decide(call, peer, strcmp(decision, "yes") == 0 ? TRUST_VERIFIED : TRUST_UNTRUSTED, device_of(call), error);
}

static bool
run_trust(const struct cmd_call *call, GError **error)
{
	const char *peer = peer_of(call, error), *decision = call->args[1];

	if (!peer)
		return false;
	if (!decision || strcmp(decision, "list") == 0) {
		g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);

		show_keys(call->reply, account_jid(call->account), peer, list, shown_of(account_jid(call->account), peer, true));
		return true;
	}
	return decide(call, peer, strcmp(decision, "yes") == 0 ? TRUST_TRUSTED : TRUST_UNTRUSTED, device_of(call), error);
}

static const char *const verify_choices[] = { "yes", "no", "code", "history", NULL };
static const struct arg verify_args[] = {
	{ .name = "contact", .type = ARG_CONTACT, .optional = true },
	{ .name = "decision", .type = ARG_CHOICE, .optional = true, .choices = verify_choices },
	{ .name = "device", .type = ARG_DEVICE, .optional = true },
	{ .name = "link", .type = ARG_WORD, .optional = true },
	{ NULL },
};
static const char *const verify_examples[] = { "/verify bob", "/verify bob yes", "/verify bob no 1969941428", "/verify bob history",
	NULL };

static const char *const trust_choices[] = { "yes", "no", "list", NULL };
static const struct arg trust_args[] = {
	{ .name = "contact", .type = ARG_CONTACT, .optional = true },
	{ .name = "decision", .type = ARG_CHOICE, .optional = true, .choices = trust_choices },
	{ .name = "device", .type = ARG_DEVICE, .optional = true },
	{ NULL },
};
static const char *const trust_examples[] = { "/trust bob", "/trust bob yes 1969941428", NULL };

static void
complete_device(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	const char *peer = call->args[0] ? call->args[0] : call->conversation ? convo_peer(call->conversation) : NULL;
	g_autoptr(GPtrArray) list = arg == 2 && peer && call->account ? e2ee_identities(call->account, peer) : NULL;

	(void)prefix;
	for (guint i = 0; list && i < list->len; i++) {
		g_autofree char *device = g_strdup_printf("%u", ((const Identity *)g_ptr_array_index(list, i))->device);

		add(device, data);
	}
}

static const struct cmd cmds[] = {
	{ .name = "verify",
		.args = verify_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Compare keys with a contact, to find out whether somebody is in between",
		.help = "Shows the keys of both sides as hex blocks, as words to read aloud and as pictures for a camera. With yes "
			"or no you say "
			"what the comparison gave; without a device all that were shown are meant. After the first yes, new "
			"devices of that "
			"contact get nothing until you decide. A link from another client (xmpp:JID?...) is compared for you. "
			"history shows "
			"every key ever seen.",
		.examples = verify_examples,
		.run = run_verify,
		.complete = complete_device },
	{ .name = "trust",
		.args = trust_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "List the devices of a contact, or say which may read what you write",
		.help = "yes lets a device read without the key having been compared, no shuts it out. To say that you compared "
			"it, use /verify.",
		.examples = trust_examples,
		.run = run_trust,
		.complete = complete_device },
	{ NULL },
};

static void
stop(void)
{
	g_clear_pointer(&shown, g_hash_table_unref);
}

PLUGIN = {
	PLUGIN_HEAD,
	.flags = PLUGIN_DEFAULT,
	.name = "verify",
	.summary = "Compare keys in words, blocks and pictures, and decide whom to trust",
	.stop = stop,
	.cmds = cmds,
};
