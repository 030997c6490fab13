/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /omemo: what there is, and how to begin anew. */
#include "omemo.h"

#include <string.h>

/* ---- showing ---- */

static char *
blocks(const char *hex)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; hex[i]; i++)
		g_string_append_printf(text, "%s%c", i && i % 8 == 0 ? " " : "", hex[i]);
	return g_string_free(text, FALSE);
}

static char *
ago(gint64 then)
{
	gint64 seconds = (clock_now() - then) / G_USEC_PER_SEC;

	if (!then)
		return g_strdup("never");
	if (seconds < 120)
		return g_strdup("just now");
	if (seconds < 2 * 3600)
		return g_strdup_printf("%d minutes ago", (int)(seconds / 60));
	if (seconds < 48 * 3600)
		return g_strdup_printf("%d hours ago", (int)(seconds / 3600));
	return g_strdup_printf("%d days ago", (int)(seconds / 86400));
}

static void
show_identity(Reply *reply, const Identity *identity)
{
	g_autofree char *key = blocks(identity->fingerprint);
	g_autofree char *used = ago(identity->last_used);

	if (identity->this_device)
		reply_print(reply, "device %u  this device%s", identity->device, identity->active ? "" : ", not announced yet");
	else
		reply_print(reply, "device %u  %s%s  last used %s", identity->device, trust_word(identity->trust),
			identity->active ? "" : ", not announced any more", used);
	reply_print(reply, "  %s", key);
}

static void
show_keyless(Reply *reply, const char *account, const char *peer)
{
	g_autoptr(GArray) devices = devices_of(account, peer, NULL);

	for (guint i = 0; devices && i < devices->len; i++)
		if (!g_array_index(devices, struct recipient, i).has_key)
			reply_print(
				reply, "device %u  its key was not needed yet", g_array_index(devices, struct recipient, i).device);
}

static void
show_devices(Reply *reply, const char *account, const char *peer)
{
	g_autoptr(GPtrArray) list = trust_identities(account, peer, false);

	if (strcmp(account, peer) == 0)
		reply_print(reply, "your account %s", account);
	else
		reply_print(reply, "%s%s", peer,
			trust_is_strict(account, peer) ? " (verified once: new devices wait for your decision)" : "");
	if (!list->len && !devices_known(account, peer))
		reply_print(reply, "no keys known yet: they are fetched when you write");
	for (guint i = 0; i < list->len; i++)
		show_identity(reply, g_ptr_array_index(list, i));
	show_keyless(reply, account, peer);
}

static bool
run_omemo(const struct cmd_call *call, GError **error)
{
	const char *own = account_jid(call->account);
	const char *peer = call->args[0] ? call->args[0] : call->conversation ? convo_peer(call->conversation) : NULL;
	struct own_keys keys;
	g_autofree char *age = NULL;

	if (!keys_load(own, &keys, error))
		return false;
	age = ago(keys_signed_at(own));
	show_devices(call->reply, own, own);
	reply_print(call->reply, "one-time keys left: %d of %d, signed prekey made %s, keys %s", keys_prekeys_left(own), PREKEYS,
		age, keys.revision == keys.published ? "published" : "not published yet");
	if (peer && strcmp(peer, own) != 0)
		show_devices(call->reply, own, peer);
	return true;
}

/* ---- reset ---- */

struct reset {
	Reply *reply;
	char *account;
	guint run;
};

static void
reset_free(gpointer data)
{
	struct reset *reset = data;

	reply_unref(reset->reply);
	g_free(reset->account);
	g_free(reset);
}

static void
deleted(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	(void)items;
	(void)data;
	if (error)
		log_info("omemo: the old key bundle of %s stays: %s", stream_jid(stream), error->message);
}

static void
reset_now(const char *choice, gpointer data)
{
	const struct reset *reset = data;
	Account *account = account_find(reset->account);
	g_autoptr(GError) error = NULL;
	g_autofree char *node = NULL;
	guint32 old;

	if (g_strcmp0(choice, "yes") != 0 || reset->run != omemo_run || !account) {
		reply_print(reset->reply, "nothing was changed");
		return;
	}
	old = keys_device(reset->account);
	if (!keys_forget(reset->account, &error) || !keys_ensure(reset->account, &error)) {
		reply_fail(reset->reply, error);
		return;
	}
	reply_print(reset->reply, "this device has a new identity, number %u", keys_device(reset->account));
	if (old)
		devices_drop_own(reset->account, old);
	if (!account_online(account))
		return;
	if (old) {
		node = g_strdup_printf(OMEMO_BUNDLES "%u", old);
		pubsub_delete_node(account_stream(account), node, deleted, NULL, NULL);
	}
	bundle_publish(account);
	lists_publish(account);
}

static bool
run_reset(const struct cmd_call *call, GError **error)
{
	static const char *const choices[] = { "no", "yes", NULL };
	const char *own = account_jid(call->account);
	struct reset *reset = g_new0(struct reset, 1);
	g_autofree char *text = NULL;

	(void)error;
	*reset = (struct reset){ .reply = reply_ref(call->reply), .account = g_strdup(own), .run = omemo_run };
	text = g_strdup_printf("Make a new identity for %s on this device? Sealed messages that are still under way cannot be read "
			       "any more, all sessions "
			       "begin anew, and everybody who verified this device is warned and must verify it again. What is in "
			       "the history stays.",
		own);
	ask(own, NULL, text, choices, reset_now, reset, reset_free);
	return true;
}

/* ---- trust, as profanity spells it ---- */

static bool
run_trust(const struct cmd_call *call, GError **error)
{
	const char *peer = call->args[0];
	g_autoptr(GPtrArray) list = trust_identities(account_jid(call->account), peer, false);
	g_autofree char *key = g_ascii_strdown(call->args[1], -1);
	g_auto(GStrv) parts = g_strsplit_set(key, " -:", -1);
	g_autofree char *hex = g_strjoinv("", parts);
	enum trust trust = strcmp(call->cmd->name, "omemo untrust") == 0 ? TRUST_UNTRUSTED : TRUST_VERIFIED;

	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);

		if (strcmp(identity->fingerprint, hex) != 0)
			continue;
		if (!trust_set(call->account, peer, identity->device, hex, trust, error))
			return false;
		reply_print(call->reply, "device %u of %s is %s now", identity->device, peer, trust_word(trust));
		return true;
	}
	return fault(error, FAULT_GONE, "%s has no device with that fingerprint - /omemo %s shows them", peer, peer);
}

static const struct arg contact_args[] = {
	{ .name = "contact", .type = ARG_CONTACT, .optional = true },
	{ NULL },
};
static const struct arg trust_args[] = {
	{ .name = "contact", .type = ARG_CONTACT },
	{ .name = "fingerprint", .type = ARG_TEXT },
	{ NULL },
};

const struct cmd omemo_cmds[] = {
	{ .name = "omemo",
		.args = contact_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Show devices, fingerprints and the state of the keys",
		.help = "Shows this device, your other devices and those of the contact: number, trust, last use and fingerprint; "
			"how many "
			"one-time keys are left and how old the signed prekey is.",
		.run = run_omemo },
	{ .name = "omemo doctor",
		.needs = NEEDS_ACCOUNT | NEEDS_ONLINE,
		.summary = "Find and mend what is wrong with the keys on the server",
		.help = "Looks at the device list and the key bundle on the server: their access, their items, whether this device "
			"is named, "
			"one-time keys, and devices of yours that have no keys any more.",
		.run = doctor_run },
	{ .name = "omemo reset",
		.needs = NEEDS_ACCOUNT,
		.summary = "Make a new identity for this device",
		.help = "All sessions begin anew and your contacts are warned. Asks before it does anything.",
		.run = run_reset },
	{ .name = "omemo trust",
		.args = trust_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Say that a fingerprint was compared and is right",
		.run = run_trust },
	{ .name = "omemo untrust",
		.args = trust_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Never seal anything to the device with this fingerprint",
		.run = run_trust },
	{ NULL },
};
