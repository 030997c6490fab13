/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preparing to seal: lists of the peer and of ourselves, key bundles of devices without a session, then the question whether it may
 * be sent and to whom. */
#include "omemo.h"

#include <string.h>

enum {
	FETCHES = 4,     /* at the same time */
	PATIENCE = 8000, /* ms: devices whose keys did not come by then get the next message */
	GIVE_UP = 30000, /* ms: nothing came */
};

struct target {
	char *owner;
	guint32 device;
};

struct gather {
	guint refs;
	char *account, *peer;
	e2ee_prepared done; /* NULL once it was called */
	gpointer data;
	GQueue targets; /* of struct target *: bundles still to fetch */
	guint under_way, timer;
	bool network;    /* something failed that may work later */
	char *no_list;   /* why the peer has no list */
	char *no_bundle; /* why a device of the peer has no session */
	bool to_contacts_only;
	bool late; /* patience is over */
};

static GList *gathers; /* those whose caller still waits */

static void
target_free(gpointer data)
{
	struct target *target = data;

	g_free(target->owner);
	g_free(target);
}

static void
gather_unref(gpointer data)
{
	struct gather *gather = data;

	if (--gather->refs > 0)
		return;
	g_queue_clear_full(&gather->targets, target_free);
	g_free(gather->account);
	g_free(gather->peer);
	g_free(gather->no_list);
	g_free(gather->no_bundle);
	g_free(gather);
}

static struct gather *
gather_ref(struct gather *gather)
{
	gather->refs++;
	return gather;
}

static void
finish(struct gather *gather, enum e2ee_readiness readiness, const char *sentence)
{
	e2ee_prepared done = gather->done;

	if (!done)
		return;
	gather->done = NULL;
	gathers = g_list_remove(gathers, gather);
	clock_cancel(gather->timer);
	done(readiness, sentence, gather->data);
}

static void
finish_ready(struct gather *gather)
{
	if (!gather->done)
		return;
	lists_tell_cut(gather->account, gather->peer);
	lists_tell_cut(gather->account, gather->account);
	finish(gather, E2EE_READY, NULL);
}

/* ---- the decision ---- */

struct tally {
	guint usable, undecided, untrusted, without_session, devices;
	guint32 changed, first_undecided; /* a device, 0 if none */
};

static bool
count(const char *account, const char *owner, struct tally *tally)
{
	g_autoptr(GArray) devices = devices_of(account, owner, NULL);

	*tally = (struct tally){ 0 };
	for (guint i = 0; devices && i < devices->len; i++) {
		const struct recipient *to = &g_array_index(devices, struct recipient, i);

		tally->devices++;
		if (to->has_key && to->trust == TRUST_UNDECIDED) {
			tally->undecided++;
			if (!tally->first_undecided)
				tally->first_undecided = to->device;
			if (to->changed)
				tally->changed = to->device;
		} else if (to->has_key && to->trust == TRUST_UNTRUSTED) {
			tally->untrusted++;
		} else if (!to->has_session || !session_fits(account, owner, to->device, to->identity)) {
			tally->without_session++;
		} else {
			tally->usable++;
		}
	}
	return devices != NULL;
}

static void
decide_changed(struct gather *gather, const char *owner, guint32 device)
{
	g_autofree char *sentence = g_strdup_printf(
		"the key of device %u of %s changed: compare it (/verify %s), then /trust %s yes %u or /trust %s no %u", device,
		owner, owner, owner, device, owner, device);

	finish(gather, E2EE_UNDECIDED, sentence);
}

static void
decide_none(struct gather *gather, const struct tally *tally)
{
	const char *peer = gather->peer;
	bool to_self = strcmp(gather->account, peer) == 0;
	g_autofree char *sentence = NULL;
	enum e2ee_readiness readiness = E2EE_BLOCKED;

	if (tally->undecided) {
		readiness = E2EE_UNDECIDED;
		sentence = g_strdup_printf("no device of %s is decided upon: compare the keys (/verify %s), then /trust %s yes %u",
			peer, peer, peer, tally->first_undecided);
	} else if (tally->untrusted) {
		sentence = g_strdup_printf(
			"no device of %s is trusted: /verify %s shows them, /trust %s yes DEVICE allows one", peer, peer, peer);
	} else if (gather->network) {
		readiness = E2EE_RETRY;
		sentence = g_strdup(gather->no_list ? gather->no_list : gather->no_bundle);
	} else if (to_self) {
		sentence = g_strdup_printf("%s has no other device that could read it", peer);
	} else if (gather->to_contacts_only) {
		sentence = g_strdup(gather->no_list ? gather->no_list : gather->no_bundle);
	} else if (!tally->devices) {
		readiness = trust_seen(gather->account, peer) ? E2EE_BLOCKED : E2EE_NO_KEYS;
		sentence = gather->no_list ? g_strdup(gather->no_list) : g_strdup_printf("%s offers no keys", peer);
	} else {
		readiness = trust_seen(gather->account, peer) ? E2EE_RETRY : E2EE_NO_KEYS;
		sentence = g_strdup_printf("%s announces devices, but none has usable keys on the server%s%s", peer,
			gather->no_bundle ? ": " : "", gather->no_bundle ? gather->no_bundle : "");
	}
	finish(gather, readiness, sentence);
}

static void
decide(struct gather *gather)
{
	struct tally peer, own;

	if (!count(gather->account, gather->peer, &peer) || !count(gather->account, gather->account, &own)) {
		finish(gather, E2EE_BLOCKED, "the key store cannot be read");
		return;
	}
	if (peer.changed)
		decide_changed(gather, gather->peer, peer.changed);
	else if (own.changed)
		decide_changed(gather, gather->account, own.changed);
	else if (peer.usable)
		finish_ready(gather);
	else
		decide_none(gather, &peer);
}

/* ---- bundles ---- */

static void fetch_bundles(struct gather *gather);

struct answer_to {
	struct gather *gather;
	struct target *target;
};

static void
answer_to_free(gpointer data)
{
	struct answer_to *to = data;

	target_free(to->target);
	gather_unref(to->gather);
	g_free(to);
}

static void
note_failure(struct gather *gather, const struct target *target, const GError *error)
{
	if (strcmp(target->owner, gather->peer) != 0)
		return;
	gather->to_contacts_only = gather->to_contacts_only || g_error_matches(error, FAULT, FAULT_TRUST);
	gather->network = gather->network || g_error_matches(error, FAULT, FAULT_OFFLINE) ||
			  g_error_matches(error, FAULT, FAULT_NETWORK) || g_error_matches(error, FAULT, FAULT_BUSY);
	if (!gather->no_bundle)
		gather->no_bundle = g_strdup(error->message);
}

static void
got_bundle(const struct bundle *bundle, const GError *error, gpointer data)
{
	const struct answer_to *to = data;
	struct gather *gather = to->gather;
	g_autoptr(GError) why = NULL;

	gather->under_way--;
	/* Also when it comes late: the next message needs the session. */
	if (!bundle || !session_build(gather->account, to->target->owner, to->target->device, bundle, &why))
		note_failure(gather, to->target, why ? why : error);
	fetch_bundles(gather);
}

static void
fetch_bundles(struct gather *gather)
{
	Account *account = account_find(gather->account);
	struct target *target;

	while (account && gather->under_way < FETCHES && (target = g_queue_pop_head(&gather->targets))) {
		struct answer_to *to = g_new0(struct answer_to, 1);
		g_autoptr(GError) error = NULL;

		*to = (struct answer_to){ .gather = gather_ref(gather), .target = target };
		if (bundle_fetch(account, target->owner, target->device, got_bundle, to, answer_to_free, &error)) {
			gather->under_way++;
			continue;
		}
		note_failure(gather, target, error);
		answer_to_free(to);
	}
	if (!gather->under_way && gather->done)
		decide(gather);
}

static void
impatient(gpointer data)
{
	struct gather *gather = data;
	struct tally peer, own;

	gather->timer = 0;
	if (!gather->done)
		return;
	if (count(gather->account, gather->peer, &peer) && count(gather->account, gather->account, &own) && peer.usable &&
		!peer.changed && !own.changed)
		finish_ready(gather);
	else if (!gather->late)
		gather->timer = clock_after(GIVE_UP - PATIENCE, impatient, gather_ref(gather), gather_unref);
	else
		finish(gather, E2EE_RETRY, "the keys do not come");
	gather->late = true;
}

/* Devices that could read it if there were a session. */
static void
add_targets(struct gather *gather, const char *owner)
{
	g_autoptr(GArray) devices = devices_of(gather->account, owner, NULL);

	for (guint i = 0; devices && i < devices->len; i++) {
		const struct recipient *to = &g_array_index(devices, struct recipient, i);
		struct target *target;

		if (to->has_key && !trust_allows(to->trust))
			continue;
		if (to->has_session && session_fits(gather->account, owner, to->device, to->identity))
			continue;
		target = g_new0(struct target, 1);
		*target = (struct target){ .owner = g_strdup(owner), .device = to->device };
		g_queue_push_tail(&gather->targets, target);
	}
}

/* ---- lists ---- */

static void
lists_done(struct gather *gather)
{
	if (gather->under_way || !gather->done)
		return;
	add_targets(gather, gather->peer);
	if (strcmp(gather->account, gather->peer) != 0)
		add_targets(gather, gather->account);
	fetch_bundles(gather);
}

static void
note_list(struct gather *gather, enum list_state state, const char *sentence)
{
	gather->network = gather->network || state == LIST_LATER;
	gather->to_contacts_only = gather->to_contacts_only || state == LIST_CONTACTS_ONLY;
	if (sentence && !gather->no_list)
		gather->no_list = g_strdup(sentence);
}

static void
got_list(Stream *stream, const char *owner, const Element *items, const GError *error, struct gather *gather)
{
	g_autofree char *sentence = NULL;
	enum list_state state;

	gather->under_way--;
	if (!gather->done)
		return;
	state = lists_answer(account_of(stream), owner, items, error, &sentence);
	note_list(gather, state, sentence);
	lists_done(gather);
}

static void
got_peer_list(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	struct gather *gather = data;

	got_list(stream, gather->peer, items, error, gather);
}

static void
got_own_list(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	struct gather *gather = data;

	got_list(stream, gather->account, items, error, gather);
}

static void
fetch_list(struct gather *gather, Account *account, const char *owner)
{
	bool own = strcmp(owner, gather->account) == 0;
	const char *sentence = NULL;
	enum list_state heard = lists_heard(gather->account, owner, &sentence);

	if (heard != LIST_UNKNOWN) {
		note_list(gather, heard, sentence);
		return;
	}
	gather->under_way++;
	pubsub_fetch(account_stream(account), own ? NULL : owner, OMEMO_LIST, own ? got_own_list : got_peer_list,
		gather_ref(gather), gather_unref);
}

void
prepare(Account *account, const char *peer, e2ee_prepared done, gpointer data)
{
	const char *own = account_jid(account);
	g_autoptr(GError) error = NULL;
	struct gather *gather;
	struct own_keys keys;

	if (!account_online(account)) {
		done(E2EE_RETRY, "offline", data);
		return;
	}
	if (!keys_load(own, &keys, NULL) && !keys_ensure(own, &error)) {
		done(E2EE_BLOCKED, error->message, data);
		return;
	}
	gather = g_new0(struct gather, 1);
	*gather = (struct gather){ .refs = 1, .account = g_strdup(own), .peer = g_strdup(peer), .done = done, .data = data };
	g_queue_init(&gather->targets);
	gathers = g_list_prepend(gathers, gather);
	gather->timer = clock_after(PATIENCE, impatient, gather_ref(gather), gather_unref);
	fetch_list(gather, account, own);
	if (strcmp(own, peer) != 0)
		fetch_list(gather, account, peer);
	lists_done(gather);
	gather_unref(gather);
}

/* Unloaded while somebody waits: the message goes on waiting for a provider. */
void
prepare_stop(void)
{
	while (gathers) {
		struct gather *gather = gather_ref(gathers->data);

		finish(gather, E2EE_RETRY, "sealing is switched off");
		gather_unref(gather);
	}
}
