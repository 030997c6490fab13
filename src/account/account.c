/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: the list of our own addresses, each with its stream. */
#include "account/account.h"

#include <stdlib.h>
#include <string.h>

#include "account/internal.h"
#include "api/jid.h"
#include "api/store.h"
#include "base/table.h"
#include "store/db.h"
#include "xmpp/asked.h"
#include "xmpp/disco.h"
#include "xmpp/route.h"

static GPtrArray *accounts; /* owned, in the order of their adding */
static bool inactive;       /* nobody is looking */

static const struct migration migrations[] = {
	{ "account", 1,
		"CREATE TABLE account_list (jid TEXT PRIMARY KEY, position INTEGER NOT NULL, password BLOB);"
		"CREATE TABLE account_option (account TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
		" PRIMARY KEY (account, name)) WITHOUT ROWID;"
		"CREATE TABLE account_memory (account TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
		" PRIMARY KEY (account, key)) WITHOUT ROWID;"
		"CREATE TABLE account_contact (account TEXT NOT NULL, jid TEXT NOT NULL, name TEXT, groups TEXT,"
		" subscription INTEGER NOT NULL, pending_out INTEGER NOT NULL, PRIMARY KEY (account, jid)) WITHOUT ROWID;"
		"CREATE TABLE account_request (account TEXT NOT NULL, jid TEXT NOT NULL, PRIMARY KEY (account, jid));"
		"CREATE TABLE account_allowed (account TEXT NOT NULL, jid TEXT NOT NULL, PRIMARY KEY (account, jid)) WITHOUT ROWID;"
		"CREATE TABLE account_blocked (account TEXT NOT NULL, jid TEXT NOT NULL, PRIMARY KEY (account, jid)) WITHOUT ROWID;"
		"CREATE TABLE account_caps (hash TEXT PRIMARY KEY, features TEXT NOT NULL, learnt INTEGER NOT NULL);" },
	{ 0 },
};

static const char *const own_tables[] = { "option", "memory", "contact", "request", "allowed", "blocked" };

static void
tell(const char *jid)
{
	event_emit(&(Event){ .kind = EVENT_ACCOUNT, .account = jid });
}

static struct stream_config
read_config(const Account *account)
{
	const char *port = account_get(account, "port"), *tls = account_get(account, "tls");
	return (struct stream_config){
		.jid = account->jid,
		.host = account_get(account, "host"),
		.port = port ? (guint16)atoi(port) : 0,
		.tls = !tls                     ? STREAM_TLS_AUTO
		       : !strcmp(tls, "direct") ? STREAM_TLS_DIRECT
						: STREAM_TLS_STARTTLS,
		.ca_file = account_get(account, "ca_file"),
		.proxy = account_get(account, "proxy"),
		.fingerprint = account_get(account, "fingerprint"),
	};
}

static void
account_free(Account *account)
{
	disco_forget(account->stream);
	asked_forget(account->stream);
	stream_free(account->stream);
	contacts_free(account);
	g_hash_table_unref(account->options);
	secret_free(account->password);
	g_hash_table_unref(account->shown);
	g_free(account->reason);
	g_free(account->show);
	g_free(account->status);
	g_free(account->jid);
	g_free(account);
}

static GHashTable *
load_options(const char *jid)
{
	GHashTable *options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(Rows) rows = store_select(NULL, "SELECT name, value FROM account_option WHERE account = ?", "s", jid);
	while (rows && rows_next(rows))
		g_hash_table_insert(options, g_strdup(rows_text(rows, 0)), g_strdup(rows_text(rows, 1)));
	return options;
}

/* From its rows; without any it is a new one. */
static Account *
account_new(const char *jid)
{
	Account *account = g_new0(Account, 1);
	account->jid = g_strdup(jid);
	account->options = load_options(jid);
	const char *show = account_get(account, "presence");
	account->show = g_strdup(show ? show : "online");
	account->shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	contacts_load(account);
	blocked_load(account);
	requests_load(account);
	struct stream_config config = read_config(account);
	account->stream = stream_new(&config, &account_memory, password_wanted);
	stream_set_owner(account->stream, account);
	if (inactive)
		stream_set_active(account->stream, false);
	g_ptr_array_add(accounts, account);
	return account;
}

bool
accounts_load(GError **error)
{
	g_autoptr(GPtrArray) jids = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = store_select(error, "SELECT jid FROM account_list ORDER BY position", "");
	if (!rows)
		return false;
	while (rows_next(rows))
		g_ptr_array_add(jids, g_strdup(rows_text(rows, 0)));
	if (!rows_end(rows, error))
		return false;
	for (guint i = 0; i < jids->len; i++) {
		Account *account = account_new(jids->pdata[i]);
		tell(account->jid);
		if (contact_count(account))
			event_emit(&(Event){ .kind = EVENT_ROSTER_LOADED, .account = account->jid });
	}
	return true;
}

void
accounts_unload(void)
{
	/* Out of the list first: what the ending stream tells must not find half an account. */
	for (guint i = 0; i < accounts->len; i++)
		book_finish(accounts->pdata[i]);
	while (accounts->len)
		account_free(g_ptr_array_steal_index(accounts, accounts->len - 1));
}

void
accounts_autoconnect(void)
{
	for (guint i = 0; i < accounts->len; i++)
		if (g_strcmp0(account_get(accounts->pdata[i], "autoconnect"), "off"))
			account_connect(accounts->pdata[i]);
}

void
accounts_set_active(bool active)
{
	inactive = !active;
	for (guint i = 0; accounts && i < accounts->len; i++)
		stream_set_active(account_stream(accounts->pdata[i]), active);
}

Account *
account_add(const char *text, GError **error)
{
	g_autofree char *jid = jid_normalise(text, error);
	if (!jid)
		return NULL;
	if (!jid_is_bare(jid) || !strchr(jid, '@'))
		return fault_null(error, FAULT_INPUT, "an account is an address like name@server: %s", jid);
	if (account_find(jid))
		return fault_null(error, FAULT_INPUT, "%s is there already: /account set %s changes it", jid, jid);
	if (!store_run(error,
		    "INSERT INTO account_list (jid, position) VALUES (?, (SELECT COALESCE(MAX(position), 0) + 1 FROM "
		    "account_list))",
		    "s", jid) ||
		!store_flush(error))
		return NULL;
	Account *account = account_new(jid);
	tell(jid);
	return account;
}

static bool
delete_rows(const char *jid, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(own_tables); i++) {
		g_autofree char *sql = g_strdup_printf("DELETE FROM account_%s WHERE account = ?", own_tables[i]);
		if (!store_run(error, sql, "s", jid))
			return false;
	}
	return store_run(error, "DELETE FROM account_list WHERE jid = ?", "s", jid);
}

bool
account_remove(Account *account, GError **error)
{
	g_autofree char *jid = g_strdup(account->jid);
	if (!store_begin(error))
		return false;
	if (!delete_rows(jid, error)) {
		store_rollback();
		return false;
	}
	if (!store_commit(STORE_NOW, error))
		return false;
	account_disconnect(account);
	guint place;
	if (g_ptr_array_find(accounts, account, &place))
		account_free(g_ptr_array_steal_index(accounts, place));
	tell(jid);
	return true;
}

void
account_apply_options(Account *account, const char *changed)
{
	struct stream_config config = read_config(account);
	stream_configure(account->stream, &config);
	const char *show = account_get(account, "presence");
	if (!strcmp(changed, "presence"))
		presence_set(account, show ? show : "online", account->status, NULL);
	else if (!strcmp(changed, "priority"))
		presence_set(account, account->show, account->status, NULL);
	tell(account->jid);
}

void
account_connect(Account *account)
{
	stream_connect(account->stream);
}

void
account_disconnect(Account *account)
{
	event_emit(&(Event){ .kind = EVENT_LEAVING, .account = account->jid });
	password_forget(account);
	presence_leave(account);
	stream_disconnect(account->stream);
}

Account *
account_default(void)
{
	if (accounts->len == 1)
		return accounts->pdata[0];
	for (guint i = 0; i < accounts->len; i++)
		if (account_online(accounts->pdata[i]))
			return accounts->pdata[i];
	return NULL;
}

Account *
account_find(const char *bare_jid)
{
	for (guint i = 0; i < accounts->len; i++)
		if (!strcmp(((Account *)accounts->pdata[i])->jid, bare_jid))
			return accounts->pdata[i];
	return NULL;
}

Account *
account_of(const Stream *stream)
{
	return stream_owner(stream);
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
	return account->stream;
}

bool
account_online(const Account *account)
{
	return stream_online(account->stream);
}

enum connection_state
account_state(const Account *account)
{
	return account->state;
}

const char *
account_reason(const Account *account)
{
	return account->reason ? account->reason : "";
}

char **
account_tls(const Account *account)
{
	return stream_describe(account->stream);
}

char **
account_asked(const Account *account)
{
	return asked_lines(account->stream);
}

void
account_reset_auth(Account *account)
{
	stream_reset_memory(account->stream);
}

bool
account_has_feature(const Account *account, const char *feature)
{
	return disco_has(account->stream, DISCO_ACCOUNT, feature) || disco_has(account->stream, DISCO_SERVER, feature);
}

static bool
is_contact(Stream *stream, const char *bare_jid)
{
	const Contact *contact = contact_lookup(account_of(stream), bare_jid);
	return contact && contact->subscription != SUBSCRIPTION_NONE;
}

void
account_init(void)
{
	accounts = g_ptr_array_new();
	table_add(TABLE_MIGRATIONS, migrations, "core");
	table_add(TABLE_EVENTS, online_watches, "core");
	table_add(TABLE_STANZAS, book_hooks, "core");
	table_add(TABLE_STANZAS, blocked_hooks, "core");
	table_add(TABLE_STANZAS, presence_hooks, "core");
	route_set_contact_check(is_contact);
	db_on_commit(stream_committed);
	db_on_lost(stream_batch_lost);
	presence_init();
}
