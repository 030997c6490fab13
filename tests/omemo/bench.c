/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bench of the plugin: see bench.h. */
#define _GNU_SOURCE
#include "omemo/bench.h"
#include "fake/place.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "store/db.h"

PUBLIC extern const struct plugin sotto_plugin;

struct Account {
	char *jid;
	bool online;
};
struct Reply {
	int refs;
};
struct node {
	char *items, *access;
};

static char *folder, *path;
static Secret *key;
static GPtrArray *accounts;
static GHashTable *nodes; /* "owner\nnode" */
static bool strangers;
const char *bench_refuse, *bench_refuse_publish, *bench_mute, *bench_answer = "yes";
guint bench_fetches, bench_publishes;
GPtrArray *bench_alerts, *bench_signals;
GString *bench_output;
char *bench_sentence;

/* ---- accounts and contacts ---- */

Account *
account_find(const char *jid)
{
	for (guint i = 0; accounts && i < accounts->len; i++) {
		Account *account = g_ptr_array_index(accounts, i);

		if (strcmp(account->jid, jid) == 0)
			return account;
	}
	return NULL;
}

Account *
account_of(const Stream *stream)
{
	return (Account *)stream;
}

const GPtrArray *
account_list(void)
{
	return accounts;
}

const char *
account_jid(const Account *account)
{
	return account->jid;
}

Stream *
account_stream(Account *account)
{
	return (Stream *)account;
}

bool
account_online(const Account *account)
{
	return account->online;
}

const char *
stream_jid(const Stream *stream)
{
	return ((const Account *)stream)->jid;
}

bool
stream_online(const Stream *stream)
{
	return ((const Account *)stream)->online;
}

const Contact *
contact_find(const Account *account, const char *jid)
{
	(void)account;
	return strangers ? NULL : (const Contact *)jid;
}

enum subscription
contact_subscription(const Contact *contact)
{
	return contact ? SUBSCRIPTION_BOTH : SUBSCRIPTION_NONE;
}

bool
contact_sees_us(const Account *account, const char *jid)
{
	return !strangers || strcmp(account->jid, jid) == 0;
}

const char *
convo_peer(const Conversation *conv)
{
	return (const char *)conv;
}

void
e2ee_keys_changed(Account *account, const char *peer)
{
	(void)account;
	(void)peer;
}

/* ---- the server ---- */

static const char *last_condition;

const char *
iq_condition(const GError *error)
{
	(void)error;
	return last_condition;
}

const char *
iq_condition_detail(const GError *error)
{
	(void)error;
	return NULL;
}

struct job {
	Stream *stream;
	char *owner, *node, *items, *access, *condition;
	pubsub_done done;
	pubsub_access_done access_done;
	gpointer data;
	GDestroyNotify data_free;
};

static char *
node_key(const char *owner, const char *node)
{
	return g_strconcat(owner, "\n", node, NULL);
}

static struct node *
node_at(const char *owner, const char *name)
{
	g_autofree char *at = node_key(owner, name);

	return g_hash_table_lookup(nodes, at);
}

static void
node_gone(gpointer data)
{
	struct node *node = data;

	g_free(node->items);
	g_free(node->access);
	g_free(node);
}

const char *
bench_node(const char *owner, const char *name)
{
	const struct node *node = node_at(owner, name);

	return node ? node->items : NULL;
}

const char *
bench_node_access(const char *owner, const char *name)
{
	const struct node *node = node_at(owner, name);

	return node ? node->access : NULL;
}

void
bench_set_node(const char *owner, const char *name, const char *items, const char *access)
{
	struct node *node;

	if (!items) {
		g_autofree char *at = node_key(owner, name);

		g_hash_table_remove(nodes, at);
		return;
	}
	node = g_new0(struct node, 1);
	*node = (struct node){ .items = g_strdup(items), .access = g_strdup(access ? access : "open") };
	g_hash_table_insert(nodes, node_key(owner, name), node);
}

void
bench_push_list(const char *from, const char *items)
{
	for (guint i = 0; i < accounts->len; i++) {
		Account *account = g_ptr_array_index(accounts, i);
		g_autofree char *xml =
			g_strdup_printf("<message from='%s' to='%s'><event xmlns='http://jabber.org/protocol/pubsub#event'><items "
					"node='%s'>%s</items></event>"
					"</message>",
				from, account->jid, OMEMO_LIST, items);
		g_autoptr(Stanza) stanza = NULL;

		if (!account->online)
			continue;
		stanza = stanza_parse(xml, strlen(xml), NULL);
		assert_non_null(stanza);
		lists_hooks[0].take(account_stream(account), stanza_root(stanza));
	}
}

static void
job_free(gpointer data)
{
	struct job *job = data;

	if (job->data_free)
		job->data_free(job->data);
	g_free(job->owner);
	g_free(job->node);
	g_free(job->items);
	g_free(job->access);
	g_free(job);
}

static void
job_due(gpointer data)
{
	struct job *job = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Stanza) stanza = NULL;
	const struct node *node = node_at(job->owner, job->node);

	last_condition = NULL;
	if (!account_of(job->stream)->online)
		fault(&error, FAULT_OFFLINE, "offline");
	else if (bench_refuse && strcmp(job->owner, stream_jid(job->stream)) != 0)
		last_condition = bench_refuse;
	else if (bench_refuse_publish && job->items && strcmp(job->items, "") != 0)
		last_condition = bench_refuse_publish;
	else if (!node && (job->access_done || !job->items))
		last_condition = "item-not-found";
	if (last_condition)
		fault(&error, FAULT_PEER, "the server said %s", last_condition);
	if (job->access_done) {
		job->access_done(job->stream, error ? NULL : node->access, error, job->data);
		return;
	}
	if (!error && !job->items) {
		g_autofree char *xml = g_strdup_printf(
			"<items xmlns='http://jabber.org/protocol/pubsub' node='%s'>%s</items>", job->node, node->items);

		stanza = stanza_parse(xml, strlen(xml), NULL);
		assert_non_null(stanza);
	}
	job->done(job->stream, stanza ? stanza_root(stanza) : NULL, error, job->data);
}

static struct job *
job_new(Stream *stream, const char *owner, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	struct job *job = g_new0(struct job, 1);

	*job = (struct job){ .stream = stream,
		.owner = g_strdup(owner ? owner : stream_jid(stream)),
		.node = g_strdup(node),
		.done = done,
		.data = data,
		.data_free = data_free };
	clock_after(bench_mute && strcmp(node, bench_mute) == 0 ? 60000 : 1, job_due, job, job_free);
	return job;
}

void
pubsub_fetch(Stream *stream, const char *owner, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	bench_fetches++;
	job_new(stream, owner, node, done, data, data_free);
}

void
pubsub_get_access(Stream *stream, const char *node, pubsub_access_done done, gpointer data, GDestroyNotify data_free)
{
	job_new(stream, NULL, node, NULL, data, data_free)->access_done = done;
}

void
pubsub_publish(Stream *stream, const char *node, const char *item_id, enum pubsub_access access, Node *payload, pubsub_done done,
	gpointer data, GDestroyNotify data_free)
{
	g_autofree char *xml = node_to_xml(payload);
	struct job *job = job_new(stream, NULL, node, done, data, data_free);

	node_free(payload);
	bench_publishes++;
	job->items = g_strdup_printf("<item id='%s'>%s</item>", item_id, xml);
	if (!account_of(stream)->online || bench_refuse_publish)
		return;
	bench_set_node(stream_jid(stream), node, job->items, access == PUBSUB_OPEN ? "open" : "presence");
	if (strcmp(node, OMEMO_LIST) == 0)
		bench_push_list(stream_jid(stream), job->items);
}

void
pubsub_retract(Stream *stream, const char *node, const char *item_id, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	(void)item_id;
	job_new(stream, NULL, node, done, data, data_free)->items = g_strdup("");
}

void
pubsub_delete_node(Stream *stream, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	bench_set_node(stream_jid(stream), node, NULL, NULL);
	job_new(stream, NULL, node, done, data, data_free)->items = g_strdup("");
}

void
pubsub_set_access(
	Stream *stream, const char *node, enum pubsub_access access, pubsub_done done, gpointer data, GDestroyNotify data_free)
{
	struct node *at = node_at(stream_jid(stream), node);

	if (at) {
		g_free(at->access);
		at->access = g_strdup(access == PUBSUB_OPEN ? "open" : "presence");
	}
	job_new(stream, NULL, node, done, data, data_free)->items = g_strdup("");
}

/* ---- what comes out ---- */

static void
signal_free(gpointer data)
{
	struct bench_signal *signal = data;

	g_free(signal->from);
	g_free(signal->to);
	g_free(signal->xml);
	g_free(signal);
}

bool
message_signal(Account *account, enum signal_kind kind, const char *to, Node *content, GError **error)
{
	struct bench_signal *signal = g_new0(struct bench_signal, 1);

	(void)error;
	assert_int_equal(kind, SIGNAL_KEY_TRANSPORT);
	*signal = (struct bench_signal){ .from = g_strdup(account->jid), .to = g_strdup(to), .xml = node_to_xml(content) };
	node_free(content);
	g_ptr_array_add(bench_signals, signal);
	return true;
}

void
bench_deliver_signals(void)
{
	while (bench_signals->len) {
		struct bench_signal *signal = g_ptr_array_steal_index(bench_signals, 0);
		Account *to = account_find(signal->to);
		E2eeOpened opened;

		if (to)
			assert_int_equal(bench_open(to, signal->from, signal->xml, &opened), E2EE_NOTHING);
		signal_free(signal);
	}
}

static void
look(const Event *event)
{
	g_ptr_array_add(bench_alerts, g_strdup_printf("%s: %s", event->alert.code, event->alert.text));
}

static const struct event_watch watches[] = { { "bench", EVENT_ALERT, look }, { NULL } };

bool
bench_alerted(const char *code)
{
	bool found = false;

	for (guint i = 0; i < bench_alerts->len; i++)
		found = found || g_str_has_prefix(g_ptr_array_index(bench_alerts, i), code);
	g_ptr_array_set_size(bench_alerts, 0);
	return found;
}

Reply *
reply_ref(Reply *reply)
{
	reply->refs++;
	return reply;
}

void
reply_unref(Reply *reply)
{
	reply->refs--;
}

void
reply_print(Reply *reply, const char *format, ...)
{
	va_list list;

	assert_true(reply->refs > 0);
	va_start(list, format);
	g_string_append_vprintf(bench_output, format, list);
	va_end(list);
	g_string_append_c(bench_output, '\n');
}

void
reply_print_plain(Reply *reply, const char *text)
{
	reply_print(reply, "%s", text);
}

void
reply_fail(Reply *reply, const GError *error)
{
	reply_print(reply, "%s", error->message);
}

guint
ask(const char *account, const char *peer, const char *text, const char *const *choices, ask_done done, gpointer data,
	GDestroyNotify data_free)
{
	(void)account;
	(void)peer;
	assert_string_equal(choices[0], "no");
	assert_true(strlen(text) > 20);
	done(bench_answer, data);
	if (data_free)
		data_free(data);
	return 1;
}

bool
bench_command(Account *account, const char *name, const char *arg, const char *arg2)
{
	struct Reply reply = { 1 };
	const char *args[] = { arg, arg2 };
	g_autoptr(GError) error = NULL;
	bool done = false;

	g_string_truncate(bench_output, 0);
	for (const struct cmd *cmd = omemo_cmds; cmd->name; cmd++) {
		struct cmd_call call = { .cmd = cmd, .account = account, .args = args, .reply = &reply };

		if (strcmp(cmd->name, name) == 0)
			done = cmd->run(&call, &error);
	}
	if (error)
		g_string_append(bench_output, error->message);
	bench_turn(50);
	assert_int_equal(reply.refs, 1);
	return done;
}

/* ---- life ---- */

static void
emit_connection(const Account *account)
{
	event_emit(&(Event){ .kind = EVENT_CONNECTION, .account = account->jid, .connection = { .state = CONNECTION_ONLINE } });
}

void
bench_catching_up(Account *account, bool catching_up)
{
	if (catching_up)
		emit_connection(account);
	else
		event_emit(&(Event){ .kind = EVENT_CAUGHT_UP, .account = account->jid });
	bench_turn(20);
}

void
bench_turn(guint ms)
{
	for (guint i = 0; i < 20; i++)
		clock_turn(1);
	if (ms > 20)
		clock_turn(ms - 20);
	for (guint i = 0; i < 20; i++)
		clock_turn(1);
}

Account *
bench_account(const char *jid)
{
	Account *account = g_new0(Account, 1);

	*account = (Account){ .jid = g_strdup(jid), .online = true };
	g_ptr_array_add(accounts, account);
	bench_catching_up(account, true);
	bench_catching_up(account, false);
	return account;
}

void
bench_only_online(Account *account, bool online)
{
	account->online = online;
}

void
bench_set_online(Account *account, bool online)
{
	account->online = online;
	if (online) {
		bench_catching_up(account, true);
		bench_catching_up(account, false);
	}
}

void
bench_strangers(bool are)
{
	strangers = are;
}

static void
account_gone(gpointer data)
{
	Account *account = data;

	g_free(account->jid);
	g_free(account);
}

static void
start(void)
{
	GError *error = NULL;

	if (!db_open(path, key, &error))
		fail_msg("%s", error->message);
	if (!sotto_plugin.start(&error))
		fail_msg("%s", error->message);
}

int
bench_begin(void **state)
{
	(void)state;
	folder = place_new();
	path = g_build_filename(folder, "sotto.db", NULL);
	secret_init(NULL);
	key = secret_random(32);
	accounts = g_ptr_array_new_with_free_func(account_gone);
	nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, node_gone);
	bench_alerts = g_ptr_array_new_with_free_func(g_free);
	bench_signals = g_ptr_array_new_with_free_func(signal_free);
	bench_output = g_string_new(NULL);
	bench_refuse = bench_refuse_publish = bench_mute = NULL;
	bench_answer = "yes";
	bench_fetches = bench_publishes = 0;
	strangers = false;
	clock_hold((gint64)1790000000 * G_USEC_PER_SEC);
	table_add(TABLE_MIGRATIONS, sotto_plugin.migrations, "omemo");
	table_add(TABLE_EVENTS, sotto_plugin.events, "omemo");
	table_add_one(TABLE_E2EE, sotto_plugin.e2ee, "omemo");
	table_add(TABLE_EVENTS, watches, "bench");
	start();
	return 0;
}

void
bench_restart(void)
{
	sotto_plugin.stop();
	db_close();
	start();
}

static void
copy_store(const char *from_suffix, const char *to_suffix)
{
	static const char *const files[] = { "", "-wal" };

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *from = g_strconcat(path, files[i], from_suffix, NULL);
		g_autofree char *to = g_strconcat(path, files[i], to_suffix, NULL);
		g_autofree char *bytes = NULL;
		gsize length;

		g_unlink(to);
		if (g_file_get_contents(from, &bytes, &length, NULL))
			assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
	}
}

/* What lies on the disk now is what will be found: nothing that is written on the way out counts. */
void
bench_kill(void)
{
	copy_store("", ".then");
	sotto_plugin.stop();
	db_close();
	copy_store(".then", "");
	start();
}

int
bench_end(void **state)
{
	(void)state;
	sotto_plugin.stop();
	bench_turn(5000);
	table_remove("omemo");
	table_remove("bench");
	db_close();
	g_clear_pointer(&accounts, g_ptr_array_unref);
	g_clear_pointer(&nodes, g_hash_table_unref);
	g_clear_pointer(&bench_alerts, g_ptr_array_unref);
	g_clear_pointer(&bench_signals, g_ptr_array_unref);
	g_string_free(bench_output, TRUE);
	g_clear_pointer(&bench_sentence, g_free);
	g_clear_pointer(&key, secret_free);
	place_remove(folder);
	g_free(path);
	return 0;
}

/* ---- talking ---- */

static int readiness;

static void
prepared(enum e2ee_readiness result, const char *sentence, gpointer data)
{
	assert_int_equal(readiness, -1);
	assert_ptr_equal(data, &readiness);
	readiness = (int)result;
	g_free(bench_sentence);
	bench_sentence = g_strdup(sentence);
}

void
bench_begin_prepare(Account *from, const char *to)
{
	readiness = -1;
	omemo_provider.prepare(from, to, prepared, &readiness);
}

bool
bench_prepared_once(void)
{
	return readiness >= 0;
}

enum e2ee_readiness
bench_prepare(Account *from, const char *to)
{
	bench_begin_prepare(from, to);
	for (int i = 0; readiness < 0 && i < 500; i++)
		clock_turn(1);
	assert_int_not_equal(readiness, -1);
	return (enum e2ee_readiness)readiness;
}

char *
bench_seal(Account *from, const char *to, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) node = NULL;
	enum trust weakest;

	if (bench_prepare(from, to) != E2EE_READY)
		return NULL;
	assert_true(store_begin(NULL));
	node = omemo_provider.seal(from, to, text, &weakest, &error);
	if (!node) {
		store_rollback();
		g_free(bench_sentence);
		bench_sentence = g_strdup(error->message);
		return NULL;
	}
	assert_true(store_commit(STORE_SOON, NULL));
	return node_to_xml(node);
}

char bench_why[256];

enum e2ee_outcome
bench_open(Account *to, const char *from, const char *xml, E2eeOpened *opened)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	g_autoptr(GError) error = NULL;
	enum e2ee_outcome outcome;

	assert_non_null(stanza);
	assert_true(store_begin(NULL));
	outcome = omemo_provider.open(to, from, stanza_root(stanza), answers_are_catching_up(to->jid), opened, &error);
	assert_true(store_commit(STORE_SOON, NULL));
	assert_true(outcome == E2EE_OPENED || outcome == E2EE_NOTHING || error);
	assert_true((outcome == E2EE_OPENED) == (opened->text != NULL));
	g_strlcpy(bench_why, error ? error->message : "", sizeof bench_why);
	return outcome;
}

void
bench_hears(Account *to, Account *from, const char *xml, const char *text)
{
	E2eeOpened opened;

	assert_int_equal(bench_open(to, from->jid, xml, &opened), E2EE_OPENED);
	assert_string_equal(opened.text, text);
	e2ee_opened_clear(&opened);
}

void
bench_says(Account *from, Account *to, const char *text)
{
	g_autofree char *xml = bench_seal(from, to->jid, text);

	if (!xml)
		fail_msg("%s", bench_sentence);
	bench_hears(to, from, xml, text);
}

void
bench_meet(Account **alice, Account **bob)
{
	*alice = bench_account("alice@a.test");
	*bob = bench_account("bob@b.test");
	bench_says(*alice, *bob, "hello");
	bench_says(*bob, *alice, "hello");
}

char *
bench_replace(const char *text, const char *pattern, const char *with)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);
	char *result = g_regex_replace(regex, text, -1, 0, with, 0, NULL);

	assert_string_not_equal(result, text);
	return result;
}
