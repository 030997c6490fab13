/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Device lists: taken from owners (XEP-0384 0.3, PEP node), and our own one kept as it must be: there, open, naming this device. */
#include "omemo.h"

#include <string.h>

enum {
	LOUD_WINDOW = 10 * 60, /* s */
	LEARN_MAX = 8,         /* keys of new devices that are fetched at once */
	PUBLISH_MAX = 6,       /* own lists in a window: two clients may fight over it */
};

static GHashTable *windows; /* "account\npeer": struct window */

struct window {
	gint64 began;
	guint count;
};

guint
count_lately(const char *account, const char *what)
{
	g_autofree char *key = g_strconcat(account, "\n", what, NULL);
	struct window *window;

	if (!windows)
		windows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	window = g_hash_table_lookup(windows, key);
	if (!window) {
		window = g_new0(struct window, 1);
		g_hash_table_insert(windows, g_steal_pointer(&key), window);
	}
	if (clock_monotonic() - window->began > (gint64)LOUD_WINDOW * G_USEC_PER_SEC)
		*window = (struct window){ .began = clock_monotonic() };
	return ++window->count;
}

/* ---- reading ---- */

/* All numbers of all items: which item is the newest one, servers tell in different orders. NULL when there is no list. */
static GArray *
read_ids(const Element *items)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	GArray *ids = NULL;

	for (const Element *item = items ? element_first(items) : NULL; item; item = element_next(item)) {
		const Element *list = element_child(item, "list", OMEMO_NS);

		if (!list)
			continue;
		if (!ids)
			ids = g_array_new(FALSE, FALSE, sizeof(guint32));
		for (const Element *device = element_first(list); device; device = element_next(device)) {
			guint32 id;

			if (!element_is(device, "device", OMEMO_NS) ||
				!parse_number(element_attr(device, "id"), 1, DEVICE_MAX, &id) ||
				!g_hash_table_add(seen, GUINT_TO_POINTER(id)))
				continue;
			g_array_append_val(ids, id);
		}
	}
	return ids;
}

/* ---- new devices ---- */

struct learn {
	char *account, *peer;
	guint32 device;
	guint run;
};

static void
learn_free(gpointer data)
{
	struct learn *learn = data;

	g_free(learn->account);
	g_free(learn->peer);
	g_free(learn);
}

static void
learn_key(const struct bundle *bundle, const GError *error, gpointer data)
{
	const struct learn *learn = data;
	enum key_news news = KEY_KNOWN;
	enum trust trust = TRUST_UNDECIDED;

	if (learn->run != omemo_run)
		return;
	if (!bundle) {
		alert(learn->account, learn->peer, "new-device", "NEW DEVICE %u for %s (not used: %s)", learn->device, learn->peer,
			error->message);
		return;
	}
	if (!store_begin(NULL))
		return;
	if (!trust_learn(learn->account, learn->peer, learn->device, bundle->identity, true, "device list", &trust, &news, NULL)) {
		store_rollback();
		return;
	}
	if (store_commit(STORE_SOON, NULL))
		trust_tell(learn->account, learn->peer, learn->device, bundle->identity, news, trust);
}

/* A device that appears is told at once, with its key, and not only when the next message is sent. */
static void
meet(Account *account, const char *peer, const GArray *added)
{
	const char *own = account_jid(account);
	guint lately;

	if (!added->len || (strcmp(own, peer) != 0 && !trust_seen(own, peer)))
		return;
	lately = count_lately(own, peer);
	if (lately > LOUD_MAX) {
		if (lately == LOUD_MAX + 1)
			alert(own, peer, "device-list-flood",
				"the device list of %s changes too often: further devices are not shown here for a while (/omemo "
				"%s)",
				peer, peer);
		return;
	}
	if (added->len > LEARN_MAX) {
		alert(own, peer, "new-device", "%u NEW DEVICES for %s: look at them with /omemo %s before you write", added->len,
			peer, peer);
		return;
	}
	/* P18: to fetch a key because a list came would tell its owner that we are here; it is fetched when we write. */
	if (!contact_sees_us(account, peer)) {
		alert(own, peer, "new-device", "%u NEW DEVICE%s for %s: look at %s with /omemo %s before you write", added->len,
			added->len == 1 ? "" : "S", peer, added->len == 1 ? "it" : "them", peer);
		return;
	}
	for (guint i = 0; i < added->len; i++) {
		struct learn *learn = g_new0(struct learn, 1);
		g_autoptr(GError) error = NULL;

		*learn = (struct learn){ .account = g_strdup(own),
			.peer = g_strdup(peer),
			.device = g_array_index(added, guint32, i),
			.run = omemo_run };
		if (bundle_fetch(account, peer, learn->device, learn_key, learn, learn_free, &error))
			continue;
		learn_key(NULL, error, learn);
		learn_free(learn);
	}
}

/* XEP-0384: who was here before and is now said to have no device stays sealed with those that are known. */
static void
gone(const char *account, const char *peer)
{
	if (!devices_known(account, peer) || count_lately(account, peer) > LOUD_MAX)
		return;
	alert(account, peer, "device-list-gone",
		"the server says that %s has no devices any more: the known ones go on being used (/encrypt off would write "
		"readable)",
		peer);
}

static void
take(Account *account, const char *peer, GArray *ids)
{
	g_autoptr(GArray) added = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GError) error = NULL;
	const char *own = account_jid(account);
	guint left_out = 0;

	if (!ids->len && strcmp(own, peer) != 0 && trust_seen(own, peer)) {
		gone(own, peer);
		return;
	}
	if (!devices_choose(own, peer, ids, &left_out, &error) || !devices_set(own, peer, ids, added, &error)) {
		log_error("omemo: device list of %s: %s", peer, error->message);
		return;
	}
	heard_cut(own, peer, left_out);
	meet(account, peer, added);
}

/* ---- our own list ---- */

static void
published(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	const char *account = stream_jid(stream);

	(void)items;
	if (GPOINTER_TO_UINT(data) != omemo_run)
		return;
	if (error && !g_error_matches(error, FAULT, FAULT_OFFLINE))
		alert(account, NULL, "keys-not-published",
			"the device list of %s cannot be published, so nobody can write to it sealed: %s", account, error->message);
	else if (!error && keys_set_announced(account, NULL))
		log_info("omemo: device list of %s published", account);
}

void
lists_publish(Account *account)
{
	const char *own = account_jid(account);
	g_autoptr(GArray) others = devices_of(own, own, NULL);
	guint32 device = keys_device(own);
	guint lately = count_lately(own, "publish");
	g_autoptr(Node) list = NULL;

	if (!others || !device || lately > PUBLISH_MAX) {
		if (lately == PUBLISH_MAX + 1)
			alert(own, NULL, "device-list-fight",
				"another client of %s takes this device out of its device list again and again: sealed messages "
				"may not arrive "
				"here (/omemo doctor)",
				own);
		return;
	}
	list = node_new("list", OMEMO_NS);
	node_attr_int(node_add(list, "device", NULL), "id", device);
	for (guint i = 0; i < others->len; i++)
		node_attr_int(node_add(list, "device", NULL), "id", g_array_index(others, struct recipient, i).device);
	pubsub_publish(account_stream(account), OMEMO_LIST, "current", PUBSUB_OPEN, g_steal_pointer(&list), published,
		GUINT_TO_POINTER(omemo_run), NULL);
}

static void
ignore(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	(void)items;
	(void)data;
	if (error)
		log_info("omemo: repairing the device list of %s: %s", stream_jid(stream), error->message);
}

/* Items beside "current" would be what some clients read: they go when there are several. */
static bool
repair_items(Account *account, const Element *items)
{
	bool current = false;
	int count = 0;

	for (const Element *item = element_first(items); item; item = element_next(item)) {
		count++;
		current = current || g_strcmp0(element_attr(item, "id"), "current") == 0;
	}
	for (const Element *item = count > 1 ? element_first(items) : NULL; item; item = element_next(item))
		if (element_attr(item, "id") && strcmp(element_attr(item, "id"), "current") != 0)
			pubsub_retract(account_stream(account), OMEMO_LIST, element_attr(item, "id"), ignore, NULL, NULL);
	return current;
}

/* Was it there? This device is no news to itself. */
static bool
take_out(GArray *ids, guint32 device)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, guint32, i) == device) {
			g_array_remove_index(ids, i);
			return true;
		}
	return false;
}

static void
take_own(Account *account, const Element *items, GArray *ids, bool pushed)
{
	const char *own = account_jid(account);
	struct own_keys keys;
	bool named, tidy;

	if (!keys_load(own, &keys, NULL))
		return;
	named = take_out(ids, keys.device);
	/* XEP-0384 (0.3): a number that is in use already is not ours. */
	if (named && !keys.announced && !pushed) {
		if (!keys_renumber(own, NULL))
			return;
		named = false;
	}
	if (ids->len || named)
		take(account, own, ids);
	tidy = pushed || repair_items(account, items);
	if (!named || !tidy)
		lists_publish(account);
	else
		keys_set_announced(own, NULL);
}

/* ---- from the server ---- */

static bool
is_one_of(const char *word, const char *const *words)
{
	return word && g_strv_contains(words, word);
}

static enum list_state
no_list(const char *peer, const GError *error, char **sentence)
{
	static const char *const none[] = { "item-not-found", "service-unavailable", "feature-not-implemented", NULL };
	static const char *const closed[] = { "forbidden", "not-authorized", "subscription-required", NULL };
	const char *condition = error ? iq_condition(error) : NULL;

	if (!error || is_one_of(condition, none)) {
		*sentence = g_strdup_printf(
			"%s offers no keys: none of their clients has published a device list, so OMEMO is off or not set up there",
			peer);
		return LIST_NONE;
	}
	if (is_one_of(condition, closed) || g_strcmp0(iq_condition_detail(error), "presence-subscription-required") == 0) {
		*sentence = g_strdup_printf(
			"%s shows its keys to contacts only: add each other first (/add %s, and %s must accept)", peer, peer, peer);
		return LIST_CONTACTS_ONLY;
	}
	*sentence = g_strdup_printf("the device list of %s cannot be read now: %s", peer, error->message);
	return LIST_LATER;
}

static void
answer_own(Account *account, const Element *items, GArray *ids)
{
	g_autoptr(GArray) none = ids ? NULL : g_array_new(FALSE, FALSE, sizeof(guint32));

	if (items)
		take_own(account, items, ids ? ids : none, false);
	else
		lists_publish(account);
}

enum list_state
lists_answer(Account *account, const char *peer, const Element *items, const GError *error, char **sentence)
{
	const char *own = account_jid(account);
	bool is_own = strcmp(own, peer) == 0;
	g_autoptr(GArray) ids = read_ids(items);
	enum list_state state = LIST_HERE;

	*sentence = NULL;
	if (!ids || !ids->len)
		state = no_list(peer, error, sentence);
	if (state == LIST_LATER)
		return state;
	if (is_own) {
		state = LIST_HERE;
		g_clear_pointer(sentence, g_free);
	}
	heard_set(own, peer, state, *sentence);
	if (is_own) {
		answer_own(account, items, ids);
	} else if (ids) {
		take(account, peer, ids);
	} else {
		gone(own, peer);
	}
	return state;
}

static void
checked(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	g_autofree char *sentence = NULL;

	if (GPOINTER_TO_UINT(data) != omemo_run)
		return;
	lists_answer(account_of(stream), stream_jid(stream), items, error, &sentence);
	if (sentence)
		log_info("omemo: %s", sentence);
}

static void
checked_access(Stream *stream, const char *model, const GError *error, gpointer data)
{
	(void)error;
	if (GPOINTER_TO_UINT(data) != omemo_run || !model || strcmp(model, "open") == 0)
		return;
	log_info("omemo: device list of %s was %s, opening it", stream_jid(stream), model);
	pubsub_set_access(stream, OMEMO_LIST, PUBSUB_OPEN, ignore, NULL, NULL);
}

void
lists_check(Account *account)
{
	Stream *stream = account_stream(account);

	pubsub_fetch(stream, NULL, OMEMO_LIST, checked, GUINT_TO_POINTER(omemo_run), NULL);
	pubsub_get_access(stream, OMEMO_LIST, checked_access, GUINT_TO_POINTER(omemo_run), NULL);
}

static const Element *
items_of(const Element *stanza)
{
	const Element *event = element_child(stanza, "event", "http://jabber.org/protocol/pubsub#event");

	for (const Element *child = event ? element_first(event) : NULL; child; child = element_next(child))
		if (element_is(child, "items", NULL) && g_strcmp0(element_attr(child, "node"), OMEMO_LIST) == 0)
			return child;
	return NULL;
}

/* News of a list. A service speaks by the bare address of the owner; strangers' lists are nothing to us until we write to them. */
static bool
news(Stream *stream, const Element *stanza)
{
	Account *account = account_of(stream);
	const char *own = account_jid(account), *from = element_attr(stanza, "from");
	const char *peer = from ? from : own;
	const Element *items = items_of(stanza);
	g_autoptr(GArray) ids = NULL;
	bool is_own = strcmp(peer, own) == 0;

	/* An answer that came back says nothing of the one whose name is on it. */
	if (!items || !jid_is_bare(peer) || g_strcmp0(element_attr(stanza, "type"), "error") == 0)
		return true;
	if (!is_own && !contact_find(account, peer) && !trust_seen(own, peer) && !devices_known(own, peer))
		return true;
	ids = read_ids(items);
	if (!ids)
		return true;
	heard_set(own, peer, LIST_HERE, NULL);
	if (is_own) {
		take_own(account, items, ids, true);
		return true;
	}
	take(account, peer, ids);
	/* What was typed before they had keys need not wait for a person any more. */
	if (ids->len)
		e2ee_keys_changed(account, peer);
	return true;
}

const struct stanza_hook lists_hooks[] = {
	{ .name = "omemo: device lists", .kind = "message", .node = OMEMO_LIST, .from = FROM_ANYONE, .take = news },
	{ NULL },
};

void
lists_stop(void)
{
	heard_stop();
	g_clear_pointer(&windows, g_hash_table_unref);
}
