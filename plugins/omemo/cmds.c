/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /omemo: what there is, what is wrong and how it is mended, and how to begin anew. */
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

/* ---- doctor ---- */

/* One look at everything; each answer says what was found and what was done. */
struct doctor {
	guint refs;
	Reply *reply;
	char *account;
	guint run;
	bool healthy;
};

static struct doctor *
doctor_ref(struct doctor *doctor)
{
	doctor->refs++;
	return doctor;
}

static void
doctor_unref(gpointer data)
{
	struct doctor *doctor = data;

	if (--doctor->refs > 0)
		return;
	if (doctor->run == omemo_run && doctor->healthy)
		reply_print(doctor->reply, "nothing is wrong");
	reply_unref(doctor->reply);
	g_free(doctor->account);
	g_free(doctor);
}

G_GNUC_PRINTF(2, 3)
static void
found(struct doctor *doctor, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	doctor->healthy = false;
	reply_print(doctor->reply, "%s", text);
}

static void
mended(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	struct doctor *doctor = data;

	(void)stream;
	(void)items;
	if (error)
		found(doctor, "mending failed: %s", error->message);
}

static void
check_access(struct doctor *doctor, Stream *stream, const char *node, const char *what, const char *model, const GError *error)
{
	if (doctor->run != omemo_run)
		return;
	if (model && strcmp(model, "open") != 0) {
		found(doctor, "%s could be read with access \"%s\" only: opening it for everybody", what, model);
		pubsub_set_access(stream, node, PUBSUB_OPEN, mended, doctor_ref(doctor), doctor_unref);
	} else if (!model && g_strcmp0(iq_condition(error), "item-not-found") != 0) {
		found(doctor, "the access of %s cannot be read: %s", what, error->message);
	}
}

static void
got_list_access(Stream *stream, const char *model, const GError *error, gpointer data)
{
	check_access(data, stream, OMEMO_LIST, "the device list", model, error);
}

static void
got_bundle_access(Stream *stream, const char *model, const GError *error, gpointer data)
{
	struct doctor *doctor = data;
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(doctor->account));

	check_access(doctor, stream, node, "the key bundle", model, error);
}

static void
got_own_bundle(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	struct doctor *doctor = data;
	struct own_keys keys;
	struct bundle bundle;

	if (doctor->run != omemo_run || !keys_load(doctor->account, &keys, NULL))
		return;
	if (error && g_strcmp0(iq_condition(error), "item-not-found") != 0) {
		found(doctor, "the key bundle cannot be read: %s", error->message);
		return;
	}
	if (!items || !bundle_parse(items, &bundle, NULL))
		found(doctor, "the key bundle was missing or damaged: publishing it");
	else if (memcmp(bundle.identity, keys.identity, KEY_LENGTH) != 0)
		found(doctor, "the server had a key bundle with another identity key for this device: publishing the right one");
	else if (bundle.prekeys < PREKEYS / 2)
		found(doctor, "the key bundle had %u one-time keys left: publishing new ones", bundle.prekeys);
	else
		return;
	keys_set_published(doctor->account, 0, NULL);
	bundle_publish(account_of(stream));
}

struct stale {
	struct doctor *doctor;
	guint32 device;
};

static void
stale_free(gpointer data)
{
	struct stale *stale = data;

	doctor_unref(stale->doctor);
	g_free(stale);
}

static bool
drop(const char *account, guint32 device)
{
	return store_run(NULL, "UPDATE omemo_devices SET active = 0 WHERE account = ?1 AND peer = ?1 AND device = ?2", "si",
		account, (gint64)device);
}

static void
got_other_bundle(const struct bundle *bundle, const GError *error, gpointer data)
{
	const struct stale *stale = data;
	struct doctor *doctor = stale->doctor;
	Account *account = account_find(doctor->account);

	if (bundle || doctor->run != omemo_run || !account)
		return;
	if (!g_error_matches(error, FAULT, FAULT_GONE)) {
		found(doctor, "your device %u: %s", stale->device, error->message);
		return;
	}
	if (!drop(doctor->account, stale->device))
		return;
	found(doctor, "your device %u has no keys any more: taken out of the device list", stale->device);
	lists_publish(account);
}

static void
check_others(struct doctor *doctor, Account *account)
{
	g_autoptr(GArray) devices = devices_of(doctor->account, doctor->account, NULL);

	for (guint i = 0; devices && i < devices->len; i++) {
		struct stale *stale = g_new0(struct stale, 1);
		g_autoptr(GError) error = NULL;

		*stale = (struct stale){ .doctor = doctor_ref(doctor),
			.device = g_array_index(devices, struct recipient, i).device };
		if (bundle_fetch(account, doctor->account, stale->device, got_other_bundle, stale, stale_free, &error))
			continue;
		found(doctor, "your device %u: %s", stale->device, error->message);
		stale_free(stale);
	}
}

static void
got_own_list(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	struct doctor *doctor = data;
	Account *account = account_of(stream);
	g_autofree char *sentence = NULL;
	g_autofree char *mine = g_strdup_printf("%u", keys_device(doctor->account));
	bool named = false, current = false;

	if (doctor->run != omemo_run)
		return;
	for (const Element *item = items ? element_first(items) : NULL; item; item = element_next(item)) {
		const Element *list = element_child(item, "list", OMEMO_NS);

		current = current || g_strcmp0(element_attr(item, "id"), "current") == 0;
		for (const Element *device = list ? element_first(list) : NULL; device; device = element_next(device))
			named = named || g_strcmp0(element_attr(device, "id"), mine) == 0;
	}
	if (error && g_strcmp0(iq_condition(error), "item-not-found") != 0) {
		found(doctor, "the device list cannot be read: %s", error->message);
		return;
	}
	if (!items || !element_first(items))
		found(doctor, "there was no device list: publishing it");
	else if (!named)
		found(doctor, "the device list did not name this device: publishing it");
	else if (!current)
		found(doctor, "the device list had an unusual item id: publishing it as \"current\"");
	lists_answer(account, doctor->account, items, error, &sentence);
	check_others(doctor, account);
}

static bool
run_doctor(const struct cmd_call *call, GError **error)
{
	const char *own = account_jid(call->account);
	Stream *stream = account_stream(call->account);
	g_autofree char *node = NULL;
	struct doctor *doctor;
	int used, left;

	if (!keys_ensure(own, error))
		return false;
	left = keys_prekeys_left(own);
	if (!keys_refresh(own, &used, error))
		return false;
	doctor = g_new0(struct doctor, 1);
	*doctor = (struct doctor){
		.refs = 1, .reply = reply_ref(call->reply), .account = g_strdup(own), .run = omemo_run, .healthy = true
	};
	if (left < PREKEYS)
		reply_print(call->reply, "one-time keys: %d were left, filled up to %d", left, PREKEYS);
	bundle_publish(call->account);
	node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(own));
	pubsub_get_access(stream, OMEMO_LIST, got_list_access, doctor_ref(doctor), doctor_unref);
	pubsub_get_access(stream, node, got_bundle_access, doctor_ref(doctor), doctor_unref);
	pubsub_fetch(stream, NULL, node, got_own_bundle, doctor_ref(doctor), doctor_unref);
	pubsub_fetch(stream, NULL, OMEMO_LIST, got_own_list, doctor_ref(doctor), doctor_unref);
	doctor_unref(doctor);
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
		drop(reset->account, old);
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
		.run = run_doctor },
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
