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

enum { COLUMNS = 78 }; /* where a program reads */

static int
columns_of(const Reply *reply)
{
	int columns = reply_columns(reply);

	return columns > 0 ? columns : COLUMNS;
}

static const char *
state_of(const Identity *identity)
{
	return identity->this_device ? "this device" : trust_word(identity->trust);
}

/* Each wraps by itself if the window becomes narrower. */
static void
show_rows(Reply *reply, const char *text)
{
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);

	for (guint i = 0; rows[i]; i++)
		reply_print(reply, "%s", rows[i]);
}

static void
show_key(Reply *reply, const Identity *identity)
{
	int columns = columns_of(reply);
	g_autofree char *blocks = show_blocks_in(identity->fingerprint, columns);
	g_autofree char *words = show_words_in(identity->fingerprint, columns);

	reply_print(reply, "device %u  %s%s", identity->device, state_of(identity),
		identity->active || identity->this_device ? "" : ", not announced any more");
	show_rows(reply, blocks);
	if (words)
		show_rows(reply, words);
}

static void
show_code(Reply *reply, const char *jid, const Identity *identity, const char *hint)
{
	g_autofree char *uri = show_uri(jid, identity);
	g_autofree char *picture = uri ? show_picture(uri) : NULL;
	struct picture_side side = { .jid = jid, .is = state_of(identity), .identity = identity, .hint = hint };

	if (uri)
		reply_print(reply, "device %u of %s: %s", identity->device, jid, uri);
	if (picture) {
		g_autofree char *whole = show_with_picture(picture, &side, columns_of(reply));

		reply_print_plain(reply, whole);
	} else if (hint) {
		reply_print(reply, "%s", hint);
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

/* A picture of each is long: that of one device, or of the one that was named. */
static void
show_codes(Reply *reply, const char *jid, const GPtrArray *list, guint32 device, const char *hint)
{
	const Identity *drawn = NULL;
	guint left = 0;

	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (device ? identity->device != device : !identity->active && !identity->this_device)
			continue;
		/* Of our own, this one. */
		left += drawn != NULL;
		if (!drawn || (!device && identity->this_device))
			drawn = identity;
	}
	if (left)
		reply_print(reply, "pictures of the other %u: /verify %s qr DEVICE", left, jid);
	if (drawn)
		show_code(reply, jid, drawn, hint);
}

/* The contact comes last: what is nearest to the input is what one decides about. */
static void
show_both(Reply *reply, Account *account, const char *peer)
{
	const char *own = account_jid(account);
	GHashTable *keys = shown_of(own, peer, true);
	g_autoptr(GPtrArray) theirs = e2ee_identities(account, peer);
	g_autoptr(GPtrArray) ours = strcmp(own, peer) == 0 ? NULL : e2ee_identities(account, own);
	g_autofree char *hint = g_strdup_printf("Same? /verify %s yes [device], else no.%s", peer, ours ? " PageUp: ours" : "");

	if (ours) {
		show_keys(reply, own, own, ours, keys);
		show_codes(reply, own, ours, 0, NULL);
	}
	reply_print(reply, "compare in person or by voice: read your words, hear theirs");
	if (!show_keys(reply, own, peer, theirs, keys)) {
		reply_print(reply, "no keys of %s are known yet", peer);
		return;
	}
	show_codes(reply, peer, theirs, 0, hint);
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

struct decision {
	Reply *reply;
	Account *account;
	const char *peer;
	enum trust trust;
	guint32 device; /* 0: all that were shown */
};

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

static bool decide(const struct decision *made, GError **error);

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
static bool
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
	if (strcmp(decision, "qr") == 0 || strcmp(decision, "code") == 0) {
		g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);

		show_codes(call->reply, peer, list, device_of(call), NULL);
		return true;
	}
	return decide(&(struct decision){ call->reply, call->account, peer,
			      strcmp(decision, "yes") == 0 ? TRUST_VERIFIED : TRUST_UNTRUSTED, device_of(call) },
		error);
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
	return decide(&(struct decision){ call->reply, call->account, peer,
			      strcmp(decision, "yes") == 0 ? TRUST_TRUSTED : TRUST_UNTRUSTED, device_of(call) },
		error);
}

static const char *const verify_choices[] = { "yes", "no", "qr", "code", "history", NULL };
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
			"or no you say what the comparison gave; without a device all that were shown are meant. In a terminal a "
			"yes "
			"to a key that was never shown asks once more. After the first yes, new devices of that contact get "
			"nothing "
			"until you decide. A link from another client (xmpp:JID?...) is compared for you. qr draws the picture of "
			"one "
			"device, of your own with your own address. history shows every key ever seen.",
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
	if (unseen_question)
		ask_withdraw(unseen_question);
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
