/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OMEMO (XEP-0384 0.3, eu.siacs.conversations.axolotl) as a plugin: its tables, and what happens at login, at the end of catch-up
 * and when it is unloaded. */
#include "omemo.h"

#include <string.h>

guint omemo_run;
int omemo_new_devices;

/* ---- the provider ---- */

static bool
usable(Account *account, const char *peer)
{
	return trust_seen(account_jid(account), peer) || devices_known(account_jid(account), peer);
}

static GPtrArray *
identities(Account *account, const char *peer)
{
	return trust_identities(account_jid(account), peer, false);
}

static GPtrArray *
history(Account *account, const char *peer)
{
	return trust_identities(account_jid(account), peer, true);
}

static guint32
own_device(Account *account)
{
	return keys_device(account_jid(account));
}

static bool
identity_key(Account *account, const char *peer, guint32 device, guint8 key[32], enum trust *trust)
{
	const char *own = account_jid(account);
	struct own_keys mine;
	struct recipient theirs;

	if (strcmp(own, peer) == 0 && keys_load(own, &mine, NULL) && mine.device == device) {
		memcpy(key, mine.identity + 1, KEY_LENGTH - 1);
		*trust = TRUST_VERIFIED;
		return true;
	}
	if (!device_find(own, peer, device, &theirs)) {
		/* Who names it knows it from elsewhere: our list may be old. */
		lists_doubt(own, peer);
		return false;
	}
	memcpy(key, theirs.identity + 1, KEY_LENGTH - 1);
	*trust = theirs.trust;
	return true;
}

const struct e2ee_provider omemo_provider = {
	.name = "omemo",
	.title = "OMEMO",
	.ns = OMEMO_NS,
	.element = "encrypted",
	.eme_name = "OMEMO",
	.call_namespace = "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification",
	.uri_key = "omemo-sid-",
	.fallback = "This message is sealed with OMEMO, which your client does not read.",
	.usable = usable,
	.prepare = prepare,
	.seal = message_seal,
	.open = message_open,
	.identities = identities,
	.set_trust = trust_set,
	.history = history,
	.seal_for = message_seal_for,
	.open_for = message_open_for,
	.own_device = own_device,
	.identity_key = identity_key,
};

/* ---- what happens ---- */

static void
log_in(Account *account)
{
	g_autoptr(GError) error = NULL;

	if (!keys_ensure(account_jid(account), &error)) {
		alert(account_jid(account), NULL, "keys-broken", "%s", error->message);
		return;
	}
	bundle_check(account);
	lists_check(account);
	skipped_age();
}

/* Making keys takes some milliseconds: after the login, not within. */
static void
log_in_later(gpointer data)
{
	Account *account = account_find(data);

	/* It may have been unloaded since. */
	if (account && account_online(account) && store_is_open() && crypto_context())
		log_in(account);
}

static void
connection(const Event *event)
{
	if (event->connection.state != CONNECTION_ONLINE)
		return;
	if (event->connection.resumed) {
		bundle_sweep_later(event->account);
		return;
	}
	lists_forget(event->account);
	answers_catching_up(event->account, true);
	clock_after(0, log_in_later, g_strdup(event->account), g_free);
}

static void
caught_up(const Event *event)
{
	answers_catching_up(event->account, false);
	if (store_is_open() && keys_device(event->account))
		bundle_sweep(event->account);
}

static const struct event_watch events[] = {
	{ "omemo: keys at login", EVENT_CONNECTION, connection },
	{ "omemo: one-time keys after catch-up", EVENT_CAUGHT_UP, caught_up },
	{ NULL },
};

/* Rotates the signed prekey when its week is over, and forgets what did not come for too long. */
static void
rotate(void)
{
	const GPtrArray *accounts = account_list();

	if (store_is_open())
		skipped_age();
	for (guint i = 0; i < accounts->len; i++) {
		Account *account = g_ptr_array_index(accounts, i);

		if (account_online(account) && !answers_are_catching_up(account_jid(account)))
			bundle_sweep(account_jid(account));
	}
}

static const struct timer timers[] = {
	{ "omemo: weekly signed prekey, old keys", 6 * 60 * 60, rotate },
	{ NULL },
};

static const struct feature features[] = {
	{ OMEMO_LIST "+notify" },
	{ NULL },
};

static const char *const new_devices[] = { "trust", "ask", NULL };

static const struct option options[] = {
	{ .name = "omemo.new_devices",
		.type = OPTION_CHOICE,
		.value = &omemo_new_devices,
		.initial = "trust",
		.choices = new_devices,
		.summary = "what happens with a new device of a contact that was never verified",
		.help = "trust: it is used, and a loud line says so. ask: nothing is sealed to it before you decide. For a contact "
			"of "
			"whom you verified a device, new ones always wait for your decision." },
	{ NULL },
};

static bool
start(GError **error)
{
	const GPtrArray *accounts = account_list();

	omemo_run++;
	if (!crypto_start(error))
		return false;
	/* Loaded while accounts are online already. */
	for (guint i = 0; i < accounts->len; i++)
		if (account_online(g_ptr_array_index(accounts, i)))
			clock_after(0, log_in_later, g_strdup(account_jid(g_ptr_array_index(accounts, i))), g_free);
	return true;
}

static void
stop(void)
{
	omemo_run++;
	prepare_stop();
	bundles_stop();
	answers_stop();
	lists_stop();
	keystore_stop();
	crypto_stop();
}

PLUGIN = {
	PLUGIN_HEAD,
	.flags = PLUGIN_DEFAULT,
	.name = "omemo",
	.summary = "End-to-end encryption that other clients read too (OMEMO)",
	.start = start,
	.stop = stop,
	.options = options,
	.cmds = omemo_cmds,
	.stanzas = lists_hooks,
	.features = features,
	.events = events,
	.e2ee = &omemo_provider,
	.timers = timers,
	.migrations = keystore_migrations,
};
