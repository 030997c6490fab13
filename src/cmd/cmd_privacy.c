/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /privacy: who can see what, told from the state of this moment and not from what is meant to be. */
#include "account/account.h"
#include "api/error.h"
#include "api/event.h"
#include "base/files.h"
#include "base/table.h"
#include "chat/convo.h"
#include "cmd/cmd.h"
#include "cmd/inventory.h"
#include "cmd/privacy.h"
#include "conf/settings.h"

enum { LISTED = 10 };

static GHashTable *links; /* account -> how its connection is protected */

static char *
describe_link(const Event *event)
{
	bool bound = event->connection.channel_binding && !g_str_equal(event->connection.channel_binding, "none");

	if (event->connection.state != CONNECTION_ONLINE)
		return g_strdup("not connected");
	return g_strdup_printf("%s %s, login by %s%s%s", event->connection.tls ? event->connection.tls : "TLS",
		event->connection.cipher ? event->connection.cipher : "",
		event->connection.auth ? event->connection.auth : "an unknown way",
		bound ? ", bound to the channel by " : ", not bound to the channel",
		bound ? event->connection.channel_binding : "");
}

static void
remember_link(const Event *event)
{
	if (!event->account)
		return;
	if (!links)
		links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	/* A resumed stream may leave out what it told before. */
	if (event->connection.state == CONNECTION_ONLINE && event->connection.resumed && !event->connection.tls)
		return;
	g_hash_table_replace(links, g_strdup(event->account), describe_link(event));
}

const struct event_watch cmd_privacy_watches[] = {
	{ "privacy: connections", EVENT_CONNECTION, remember_link },
	{ 0 },
};

static void
tell_chats(Reply *reply, const Account *account)
{
	static const char *const words[] = { "sealed as soon as the other side has keys", "sealed", "READABLE" };
	const GPtrArray *convos = convo_list();
	guint count[G_N_ELEMENTS(words)] = { 0 };

	for (guint i = 0; convos && i < convos->len; i++) {
		const Conversation *conv = g_ptr_array_index(convos, i);
		enum convo_seal seal = convo_seal_state(conv);

		if (convo_account(conv) != account)
			continue;
		if (seal == CONVO_READABLE && count[seal] < LISTED)
			reply_print(reply, "  the chat with %s is READABLE to both servers: a person switched sealing off",
				convo_peer(conv));
		count[seal]++;
	}
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (count[i])
			reply_print(reply, "  %u %s %s", count[i], count[i] == 1 ? "chat is" : "chats are", words[i]);
}

static void
tell_account(Reply *reply, const Account *account)
{
	const char *link = links ? g_hash_table_lookup(links, account_jid(account)) : NULL;

	reply_print(reply, "%s: %s", account_jid(account), link ? link : "not connected");
	reply_print(reply,
		"  its server sees to whom you write, when and how much, your network address (or the proxy's), and keeps your "
		"list of contacts; so does each contact's server for what goes there");
	reply_print(reply, "  of sealed chats no server can read the text; that something was sent, and to whom, it sees");
	tell_chats(reply, account);
}

/* What contacts learn, each governed by a setting. */
static const struct {
	const char *option, *on, *off;
} told[] = {
	{ "chat.receipts", "that a message arrived here", "not that a message arrived" },
	{ "chat.markers", "what you have read, in readable chats", "not what you have read" },
	{ "chat.markers_sealed", "what you have read, in sealed chats (both servers see that, too)", NULL },
	{ "chat.states", "that you are typing, in readable chats", "not that you are typing" },
	{ "chat.states_sealed", "that you are typing, in sealed chats (both servers see that, too)", NULL },
};

static void
tell_contacts(Reply *reply)
{
	reply_print(reply, "contacts who may see your presence learn:");
	reply_print(reply, "  that you are online, your status, and what this program can do");
	for (guint i = 0; i < G_N_ELEMENTS(told); i++) {
		g_autofree char *value = settings_get(told[i].option);
		const char *words = value && g_str_equal(value, "on") ? told[i].on : told[i].off;

		if (value && words)
			reply_print(reply, "  %s (%s = %s)", words, told[i].option, value);
	}
	reply_print(reply, "strangers get the answers that a dead address would give");
}

static void
tell_plugins(Reply *reply)
{
	g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) list = g_string_new(NULL);
	const void *row;

	for (int t = 0; t < TABLES; t++)
		for (guint i = 0; (row = table_row(t, i)); i++) {
			const char *owner = table_owner(t, row);

			if (g_str_equal(owner, "core") || g_str_equal(owner, "user") || !g_hash_table_add(owners, (gpointer)owner))
				continue;
			g_string_append_printf(list, "%s%s", list->len ? ", " : "", owner);
		}
	if (list->len)
		reply_print(reply, "these plugins can read and send all that you can: %s", list->str);
}

static void
tell_history(Reply *reply)
{
	static const struct {
		const char *keep, *words;
	} rows[] = {
		{ "ask", "messages are kept 90 days on this machine" },
		{ "all", "messages are kept on this machine until you /forget them" },
		{ "none", "messages are kept on this machine until the program ends" },
	};
	g_autofree char *keep = settings_get("history.keep");

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!g_strcmp0(keep, rows[i].keep)) {
			reply_print(reply, "%s (history.keep = %s)", rows[i].words, keep);
			return;
		}
	reply_print(reply, "messages are kept on this machine for so long: history.keep = %s", keep);
}

static bool
run_privacy(const struct cmd_call *call, GError **error)
{
	const GPtrArray *accounts = account_list();

	(void)error;
	for (guint i = 0; accounts && i < accounts->len; i++)
		tell_account(call->reply, g_ptr_array_index(accounts, i));
	tell_contacts(call->reply);
	reply_print(call->reply,
		"on this machine: messages, keys and passwords lie encrypted in %s; the settings are plain text in %s",
		files_folder(FOLDER_DATA), files_folder(FOLDER_CONFIG));
	tell_history(call->reply);
	reply_print(call->reply, "nothing is fetched because somebody sent it: no link is opened, no picture loaded");
	tell_plugins(call->reply);
	return true;
}

static bool
run_answers(const struct cmd_call *call, GError **error)
{
	const GPtrArray *accounts = account_list();

	(void)error;
	for (guint i = 0; accounts && i < accounts->len; i++) {
		const Account *account = g_ptr_array_index(accounts, i);
		g_auto(GStrv) lines = account_asked(account);

		reply_print(call->reply, "%s: %s", account_jid(account),
			*lines ? "others asked since the start" : "nobody asked anything yet");
		for (char **line = lines; *line; line++)
			reply_print(call->reply, "  %s", *line);
	}
	reply_print(call->reply,
		"refused is what a dead address would say; the list is in memory only, the newest 64 by asker and kind");
	return true;
}

/* Tables with their columns. */
static void
tell_tables(Reply *reply)
{
	for (const struct inventory_row *row = inventory; row->table; row++) {
		g_autoptr(GString) columns = g_string_new(row->column);

		for (; row[1].table && g_str_equal(row[1].table, row->table); row++)
			g_string_append_printf(columns, ", %s", row[1].column);
		reply_print(reply, "%s: %s", row->table, columns->str);
	}
	reply_print(
		reply, "/privacy data followed by one of these words tells what it is, what for, how long, and who receives it");
}

static bool
run_data(const struct cmd_call *call, GError **error)
{
	const char *word = call->args[0];
	guint found = 0;

	if (!word) {
		tell_tables(call->reply);
		return true;
	}
	for (const struct inventory_row *row = inventory; row->table; row++) {
		if (!g_str_equal(row->table, word) && !g_str_equal(row->column, word))
			continue;
		reply_print(call->reply, "%s, %s: %s. For: %s. Kept: %s. Goes to: %s", row->table, row->column, row->what,
			row->purpose, row->kept, g_str_equal(row->receives, "-") ? "nobody" : row->receives);
		found++;
	}
	if (!found)
		return fault(error, FAULT_INPUT, "nothing is stored under the name %s: /privacy data lists the names", word);
	reply_print(call->reply, "account: until /account remove; history: until /forget or the age in history.keep");
	return true;
}

static void
complete_tables(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)call;
	(void)arg;
	(void)prefix;
	for (const struct inventory_row *row = inventory; row->table; row++)
		if (row == inventory || !g_str_equal(row[-1].table, row->table))
			add(row->table, data);
}

static const struct arg data_args[] = { { .name = "table or column", .type = ARG_WORD, .optional = true }, { 0 } };

const struct cmd cmd_privacy_rows[] = {
	{ .name = "privacy",
		.needs = NEEDS_STORE,
		.summary = "Tell who can see what at this moment",
		.help = "It reports what is so, chat by chat where something is readable; /tls has the details of a connection, "
			"/info those "
			"of a contact.",
		.run = run_privacy },
	{ .name = "privacy data",
		.args = data_args,
		.summary = "Tell what is stored about people, what for, how long, and who receives it",
		.help = "Everything lies in the encrypted store of this profile. Without a word the tables and their columns are "
			"listed.",
		.examples = (const char *const[]){ "/privacy data", "/privacy data archive_message", NULL },
		.run = run_data,
		.complete = complete_tables },
	{ .name = "privacy answers",
		.needs = NEEDS_STORE,
		.summary = "Tell what others asked this program, and what it said",
		.help = "Programs ask each other for version, time, features, idle time, or whether somebody is there. Contacts "
			"who see "
			"your presence get features, a yes and the name sotto; everybody else is refused.",
		.run = run_answers },
	{ 0 },
};
