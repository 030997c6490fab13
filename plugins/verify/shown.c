/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of both sides on the screen, and which were shown: a "yes" means just those. */
#include "verify.h"

#include <string.h>

/* ---- what was shown ---- */

static GHashTable *shown; /* "account\npeer": GHashTable of "device fingerprint" */

GHashTable *
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

char *
shown_key(const Identity *identity)
{
	return g_strdup_printf("%u %s", identity->device, identity->fingerprint);
}

bool
was_shown(GHashTable *keys, const Identity *identity)
{
	g_autofree char *key = shown_key(identity);

	return keys && g_hash_table_contains(keys, key);
}

/* ---- showing ---- */

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

void
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

guint
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
void
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

bool
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

void
shown_forget(void)
{
	g_clear_pointer(&shown, g_hash_table_unref);
}
