/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key bundles (XEP-0384 0.3): ours published whenever the server has an old one, those of others fetched when needed and read
 * strictly. */
#include "omemo.h"

#include <string.h>

enum {
	PREKEYS_READ = 500, /* more of a bundle are not looked at */
	FETCH_MAX = 100,    /* bundles of one peer in a window */
	FETCH_WINDOW = 600, /* s */
	STALLED = 5,        /* s: a question that is open so long is not asked once more */
	FAILED_REST = 15,   /* s until a bundle that was not there is asked for again; four times longer each time */
	FAILED_REST_MAX = 3600,
	SWEEP_MS = 10000,  /* how long a used one-time key may serve a second message that was under way */
	DRAINED = 40,      /* used in one window: somebody takes them all */
	RETRY_MS = 120000, /* twice as long after each time, up to */
	RETRY_MAX_MS = 6 * 60 * 60 * 1000,
};

struct rate {
	gint64 began, failed_at;
	gint64 asked_at; /* of a question that is open, else 0 */
	guint count;
	int rest;
};
static GHashTable *rates; /* "account\npeer", and with "\ndevice" for failures: struct rate */

static struct rate *
rate_of(const char *account, const char *what, guint32 device)
{
	g_autofree char *key = g_strdup_printf("%s\n%s\n%u", account, what, device);
	struct rate *rate;

	if (!rates)
		rates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	rate = g_hash_table_lookup(rates, key);
	if (!rate) {
		rate = g_new0(struct rate, 1);
		rate->began = clock_monotonic();
		rate->failed_at = G_MININT64 / 2;
		g_hash_table_insert(rates, g_steal_pointer(&key), rate);
	}
	if (clock_monotonic() - rate->began > (gint64)FETCH_WINDOW * G_USEC_PER_SEC) {
		rate->began = clock_monotonic();
		rate->count = 0;
	}
	return rate;
}

/* ---- reading ---- */

static bool
read_key(const Element *parent, const char *name, guint8 *key, size_t length)
{
	const char *text = element_child_text(parent, name, OMEMO_NS);
	g_autofree guint8 *bytes = NULL;
	size_t got = 0;

	bytes = text ? text_base64(text, length, &got) : NULL;
	if (!bytes || got != length || (length == KEY_LENGTH && !key_is_sound(bytes)))
		return false;
	memcpy(key, bytes, length);
	return true;
}

/* One of them by chance, so that two senders seldom pick the same. */
static void
pick_prekey(const Element *prekeys, struct bundle *bundle)
{
	for (const Element *key = prekeys ? element_first(prekeys) : NULL; key && bundle->prekeys < PREKEYS_READ;
		key = element_next(key)) {
		g_autofree guint8 *bytes = NULL;
		size_t length = 0;
		guint32 id, dice;

		if (!element_is(key, "preKeyPublic", OMEMO_NS) || !parse_number(element_attr(key, "preKeyId"), 0, G_MAXUINT32, &id))
			continue;
		bytes = text_base64(element_text(key), KEY_LENGTH, &length);
		if (!bytes || length != KEY_LENGTH || !key_is_sound(bytes))
			continue;
		bundle->prekeys++;
		random_bytes(&dice, sizeof dice);
		if (dice % bundle->prekeys != 0)
			continue;
		memcpy(bundle->prekey, bytes, KEY_LENGTH);
		bundle->prekey_id = id;
		bundle->has_prekey = true;
	}
}

static bool
read_bundle(const Element *element, struct bundle *bundle)
{
	const Element *signed_prekey = element_child(element, "signedPreKeyPublic", OMEMO_NS);

	*bundle = (struct bundle){ 0 };
	if (!signed_prekey || !parse_number(element_attr(signed_prekey, "signedPreKeyId"), 0, G_MAXUINT32, &bundle->signed_id) ||
		!read_key(element, "signedPreKeyPublic", bundle->signed_prekey, KEY_LENGTH) ||
		!read_key(element, "signedPreKeySignature", bundle->signature, SIGNATURE_LENGTH) ||
		!read_key(element, "identityKey", bundle->identity, KEY_LENGTH))
		return false;
	pick_prekey(element_child(element, "prekeys", OMEMO_NS), bundle);
	return true;
}

/* Whatever the item is called: "current", "1", or nothing at all. */
bool
bundle_parse(const Element *items, struct bundle *bundle, GError **error)
{
	for (const Element *item = items ? element_first(items) : NULL; item; item = element_next(item)) {
		const Element *element = element_child(item, "bundle", OMEMO_NS);

		if (element && read_bundle(element, bundle))
			return true;
	}
	return fault(error, FAULT_PEER, "the keys on the server are not well-formed");
}

/* ---- fetching ---- */

struct fetch {
	char *peer;
	guint32 device;
	bundle_done done;
	gpointer data;
	GDestroyNotify data_free;
	guint run;
};

static void
fetch_free(gpointer data)
{
	struct fetch *fetch = data;

	if (fetch->data_free)
		fetch->data_free(fetch->data);
	g_free(fetch->peer);
	g_free(fetch);
}

/* Old devices stay in lists for ever: they must not cost a question with each message. */
static void
failed(struct rate *rate)
{
	rate->failed_at = clock_monotonic();
	rate->rest = CLAMP(rate->rest * 4, FAILED_REST, FAILED_REST_MAX);
}

static void
fetched(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	const struct fetch *fetch = data;
	const char *condition = error ? iq_condition(error) : NULL;
	g_autoptr(GError) wrong = NULL;
	struct bundle bundle;

	if (fetch->run != omemo_run)
		return;
	rate_of(stream_jid(stream), fetch->peer, fetch->device)->asked_at = 0;
	if (items && bundle_parse(items, &bundle, &wrong)) {
		fetch->done(&bundle, NULL, fetch->data);
		return;
	}
	if (!wrong && g_strcmp0(condition, "item-not-found") == 0)
		fault(&wrong, FAULT_GONE, "device %u of %s has no keys on the server", fetch->device, fetch->peer);
	else if (!wrong && (g_strcmp0(condition, "forbidden") == 0 || g_strcmp0(condition, "not-authorized") == 0))
		fault(&wrong, FAULT_TRUST, "%s shows its keys to contacts only: add each other first (/add %s, and %s must accept)",
			fetch->peer, fetch->peer, fetch->peer);
	if (wrong || !g_error_matches(error, FAULT, FAULT_OFFLINE))
		failed(rate_of(stream_jid(stream), fetch->peer, fetch->device));
	fetch->done(NULL, wrong ? wrong : error, fetch->data);
}

bool
bundle_fetch(Account *account, const char *peer, guint32 device, bundle_done done, gpointer data, GDestroyNotify data_free,
	GError **error)
{
	const char *own = account_jid(account);
	struct rate *rate = rate_of(own, peer, 0), *last = rate_of(own, peer, device);
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", device);
	struct fetch *fetch;

	if (!account_online(account))
		return fault(error, FAULT_OFFLINE, "%s is offline", own);
	if (clock_monotonic() - last->failed_at < (gint64)last->rest * G_USEC_PER_SEC)
		return fault(error, FAULT_BUSY, "device %u of %s had no usable keys a moment ago", device, peer);
	if (last->asked_at && clock_monotonic() - last->asked_at > (gint64)STALLED * G_USEC_PER_SEC)
		return fault(error, FAULT_BUSY, "the keys of device %u of %s do not come", device, peer);
	if (rate->count >= FETCH_MAX)
		return fault(error, FAULT_BUSY, "%s has too many devices with too many changes: wait some minutes", peer);
	rate->count++;
	last->asked_at = clock_monotonic();
	fetch = g_new0(struct fetch, 1);
	*fetch = (struct fetch){
		.peer = g_strdup(peer), .device = device, .done = done, .data = data, .data_free = data_free, .run = omemo_run
	};
	pubsub_fetch(account_stream(account), strcmp(own, peer) == 0 ? NULL : peer, node, fetched, fetch, fetch_free);
	return true;
}

/* ---- publishing ---- */

struct publication {
	gint64 revision;
	guint run;
};

struct retry {
	guint timer, pause;
};
static GHashTable *retries; /* account: struct retry */

static void
retry_due(gpointer data)
{
	Account *account = account_find(data);
	struct retry *retry = g_hash_table_lookup(retries, data);

	retry->timer = 0;
	if (account && account_online(account))
		bundle_publish(account);
}

/* One of an account at a time, however often publishing failed meanwhile. */
static void
retry_later(const char *account)
{
	struct retry *retry;

	if (!retries)
		retries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	retry = g_hash_table_lookup(retries, account);
	if (!retry) {
		retry = g_new0(struct retry, 1);
		g_hash_table_insert(retries, g_strdup(account), retry);
	}
	if (retry->timer)
		return;
	retry->pause = CLAMP(retry->pause * 2, RETRY_MS, RETRY_MAX_MS);
	retry->timer = clock_after(retry->pause, retry_due, g_strdup(account), g_free);
}

static void
forget_retry(gpointer account, gpointer value, gpointer data)
{
	struct retry *retry = value;

	(void)account;
	(void)data;
	if (retry->timer)
		clock_cancel(retry->timer);
}

static void
published(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	const struct publication *publication = data;
	const char *account = stream_jid(stream);

	(void)items;
	if (publication->run != omemo_run)
		return;
	if (!error) {
		struct retry *retry = retries ? g_hash_table_lookup(retries, account) : NULL;

		if (retry)
			retry->pause = 0;
		keys_set_published(account, publication->revision, NULL);
		log_info("omemo: key bundle of %s published", account);
		/* More may have been used meanwhile. */
		bundle_publish(account_of(stream));
		return;
	}
	if (g_error_matches(error, FAULT, FAULT_OFFLINE))
		return;
	log_warning("omemo: the keys of %s cannot be published: %s", account, error->message);
	if (rate_of(account, "publish", 1)->count++ == 0)
		alert(account, NULL, "keys-not-published",
			"the keys of %s cannot be published, so nobody can begin to write to it sealed: %s", account,
			error->message);
	retry_later(account);
}

static GHashTable *publishing; /* accounts whose publication is under way */

static void
publication_free(gpointer data)
{
	g_free(data);
}

static void
publish_ended(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	if (publishing)
		g_hash_table_remove(publishing, stream_jid(stream));
	published(stream, items, error, data);
}

void
bundle_publish(Account *account)
{
	const char *own = account_jid(account);
	g_autofree char *node = NULL;
	g_autoptr(GError) error = NULL;
	struct publication *publication;
	struct own_keys keys;
	Node *bundle;

	if (!account_online(account) || !keys_load(own, &keys, NULL) || keys.revision == keys.published)
		return;
	if (!publishing)
		publishing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!g_hash_table_add(publishing, g_strdup(own)))
		return;
	publication = g_new0(struct publication, 1);
	publication->run = omemo_run;
	bundle = keys_bundle(own, &publication->revision, &error);
	if (!bundle) {
		alert(own, NULL, "keys-broken", "%s", error->message);
		g_hash_table_remove(publishing, own);
		g_free(publication);
		return;
	}
	node = g_strdup_printf(OMEMO_BUNDLES "%u", keys.device);
	pubsub_publish(account_stream(account), node, "current", PUBSUB_OPEN, bundle, publish_ended, publication, publication_free);
}

static void
ignore(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	(void)items;
	(void)data;
	if (error)
		log_info("omemo: opening the key bundle of %s: %s", stream_jid(stream), error->message);
}

static void
checked_access(Stream *stream, const char *model, const GError *error, gpointer data)
{
	const char *account = stream_jid(stream);
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(account));

	if (GPOINTER_TO_UINT(data) != omemo_run)
		return;
	if (error && g_strcmp0(iq_condition(error), "item-not-found") == 0) {
		keys_set_published(account, 0, NULL);
		bundle_publish(account_of(stream));
	} else if (model && strcmp(model, "open") != 0) {
		log_info("omemo: key bundle of %s was %s, opening it", account, model);
		pubsub_set_access(stream, node, PUBSUB_OPEN, ignore, NULL, NULL);
	}
}

void
bundle_check(Account *account)
{
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", keys_device(account_jid(account)));

	bundle_publish(account);
	pubsub_get_access(account_stream(account), node, checked_access, GUINT_TO_POINTER(omemo_run), NULL);
}

/* ---- used one-time keys ---- */

static GHashTable *sweeps; /* account: id of its timer */

void
bundle_sweep(const char *account)
{
	Account *owner = account_find(account);
	struct rate *rate = rate_of(account, "used", 0);
	g_autoptr(GError) error = NULL;
	int used = 0;

	if (!keys_refresh(account, &used, &error)) {
		log_error("omemo: one-time keys of %s: %s", account, error->message);
		return;
	}
	if (rate->count < DRAINED && rate->count + (guint)used >= DRAINED)
		alert(account, NULL, "prekeys-drained",
			"%d one-time keys of %s were used up within minutes: somebody may be draining them (new ones are "
			"published)",
			(int)rate->count + used, account);
	rate->count += (guint)used;
	if (owner)
		bundle_publish(owner);
}

static void
sweep_due(gpointer data)
{
	const char *account = data;

	g_hash_table_remove(sweeps, account);
	if (store_is_open() && !answers_are_catching_up(account))
		bundle_sweep(account);
}

void
bundle_sweep_later(const char *account)
{
	if (!sweeps)
		sweeps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_hash_table_contains(sweeps, account))
		return;
	g_hash_table_insert(
		sweeps, g_strdup(account), GUINT_TO_POINTER(clock_after(SWEEP_MS, sweep_due, g_strdup(account), g_free)));
}

/* The last moment: what was used is deleted now, the rest comes at the next start. */
void
bundles_stop(void)
{
	GHashTableIter iter;
	gpointer account, id;

	if (sweeps) {
		g_hash_table_iter_init(&iter, sweeps);
		while (g_hash_table_iter_next(&iter, &account, &id)) {
			int used;

			clock_cancel(GPOINTER_TO_UINT(id));
			if (store_is_open() && !answers_are_catching_up(account))
				keys_refresh(account, &used, NULL);
		}
	}
	if (retries)
		g_hash_table_foreach(retries, forget_retry, NULL);
	g_clear_pointer(&retries, g_hash_table_unref);
	g_clear_pointer(&sweeps, g_hash_table_unref);
	g_clear_pointer(&publishing, g_hash_table_unref);
	g_clear_pointer(&rates, g_hash_table_unref);
}
