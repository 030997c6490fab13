/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the layer: the tables of the archive and the outbox (each column is told of in doc/pia.md), and the options. */
#include "store/store.h"

#include "api/event.h"
#include "api/option.h"
#include "api/store.h"
#include "base/table.h"
#include "store/db.h"
#include "store/history.h"

/* The index of words reads the bodies from archive_message: they are stored once. order=desc answers "the newest that match"
 * without reading all that do. The hash of an id stands for the id itself (archive-ids.c). Both indexes are written behind, in
 * large pieces; archive_progress says how far they are. */
static const struct migration migrations[] = {
	{ "archive", 1,
		"CREATE TABLE archive_conversation ("
		" id INTEGER PRIMARY KEY,"
		" account TEXT NOT NULL,"
		" peer TEXT NOT NULL,"
		" seal INTEGER NOT NULL DEFAULT 0,"
		" seal_provider TEXT,"
		" draft TEXT,"
		" read_up_to INTEGER NOT NULL DEFAULT 0,"
		" last_at INTEGER NOT NULL DEFAULT 0,"
		" unread INTEGER NOT NULL DEFAULT 0,"
		" UNIQUE (account, peer));"
		"CREATE TABLE archive_message ("
		" id INTEGER PRIMARY KEY,"
		" conversation INTEGER NOT NULL REFERENCES archive_conversation (id),"
		" sent_at INTEGER NOT NULL,"
		" direction INTEGER NOT NULL,"
		" kind INTEGER NOT NULL,"
		" origin INTEGER NOT NULL,"
		" state INTEGER NOT NULL,"
		" trust INTEGER NOT NULL,"
		" device INTEGER NOT NULL,"
		" flags INTEGER NOT NULL,"
		" seal TEXT,"
		" sender TEXT,"
		" wire_id TEXT,"
		" origin_id TEXT,"
		" stanza_id TEXT,"
		" replaces TEXT,"
		" reason TEXT,"
		" body TEXT);"
		"CREATE INDEX archive_message_order ON archive_message (conversation, sent_at);"
		"CREATE INDEX archive_message_sent ON archive_message (conversation, sent_at) WHERE direction = 1;"
		"CREATE TABLE archive_old_body ("
		" id INTEGER PRIMARY KEY,"
		" message INTEGER NOT NULL REFERENCES archive_message (id) ON DELETE CASCADE,"
		" body TEXT);"
		"CREATE INDEX archive_old_body_message ON archive_old_body (message);"
		"CREATE TABLE archive_id ("
		" hash INTEGER NOT NULL,"
		" message INTEGER NOT NULL,"
		" PRIMARY KEY (hash, message)) WITHOUT ROWID;"
		"CREATE VIRTUAL TABLE archive_word USING fts4 (content=\"archive_message\", body, matchinfo=fts3, order=desc,"
		" tokenize=unicode61 \"remove_diacritics=1\");"
		"CREATE VIRTUAL TABLE archive_term USING fts4aux (archive_word);"
		"CREATE TABLE archive_progress ("
		" words_up_to INTEGER NOT NULL,"
		" ids_up_to INTEGER NOT NULL,"
		" given_up_to INTEGER NOT NULL);"
		"INSERT INTO archive_progress VALUES (0, 0, 0);"
		"CREATE TABLE archive_gap ("
		" id INTEGER PRIMARY KEY,"
		" account TEXT NOT NULL,"
		" after_id TEXT,"
		" before_id TEXT,"
		" at INTEGER NOT NULL);" },
	{ "outbox", 1,
		"CREATE TABLE outbox_row ("
		" id INTEGER PRIMARY KEY AUTOINCREMENT,"
		" account TEXT NOT NULL,"
		" message INTEGER NOT NULL UNIQUE REFERENCES archive_message (id) ON DELETE CASCADE,"
		" stanza TEXT,"
		" sequence INTEGER NOT NULL DEFAULT 0,"
		" session TEXT);" },
	{ "history", 1, "CREATE TABLE history_clock (seen_at INTEGER NOT NULL)" },
	{ NULL },
};

struct store_set store_set;

static const struct option options[] = {
	{ "store.passphrase_command", OPTION_TEXT, &store_set.passphrase_command, .initial = "",
		.summary = "Command that prints the passphrase of the store",
		.help = "The first line of what it prints is the passphrase. It is run as an argument vector, not by a shell, and "
			"has 30 "
			"seconds. Empty: the passphrase comes from the desktop's keyring if it is there, or is asked for." },
	{ "history.keep", OPTION_CHOICE, &store_set.keep, .initial = "ask", .choices = history_choices,
		.summary = "How long messages are kept on this machine",
		.help = "ask: 90 days, and the terminal asks at its first start; nothing goes before that is answered. Without a "
			"terminal it is 90 days. Older messages are deleted and overwritten, with the index of their words and "
			"their earlier versions, "
			"when the "
			"program starts, once a day and when this is changed. \"none\": all of them go when the program ends. "
			"Messages that still "
			"wait to be "
			"sent are spared, and what the server keeps is not touched. Where the clock says that more than 30 days "
			"went by since the "
			"program last ran, a question comes first." },
	{ NULL },
};

static void
look_option(const Event *event)
{
	if (g_str_equal(event->option.name, "history.keep"))
		history_prune();
}

static const struct event_watch watches[] = {
	{ "history: another choice", EVENT_OPTION, look_option },
	{ NULL },
};

void
store_close(void)
{
	history_prune_at_end();
	db_close();
}

void
store_init(void)
{
	table_add(TABLE_EVENTS, watches, "core");
	table_add(TABLE_OPTIONS, options, "core");
	table_add(TABLE_MIGRATIONS, migrations, "core");
}
