/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /omemo doctor: what is wrong with our nodes and lists, and how it is mended. */
#include "omemo.h"

#include <string.h>

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
	if (!devices_drop_own(doctor->account, stale->device))
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

bool
doctor_run(const struct cmd_call *call, GError **error)
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
