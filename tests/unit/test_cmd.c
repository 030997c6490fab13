/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: finding rows, reading arguments, what is text and what is never sent, completion, help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "account/account.h"
#include "api/ask.h"
#include "api/error.h"
#include "api/event.h"
#include "base/base.h"
#include "base/table.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/inventory.h"
#include "cmd/run.h"
#include "conf/settings.h"
#include "fake/place.h"
#include "store/db.h"
#include "store/store.h"

/* ---- commands of the test ---- */

static GString *story;
static guint64 last_done;
static bool last_ok;
static Reply *held;

static bool
run_story(const struct cmd_call *call, GError **error)
{
	(void)error;
	g_string_append(story, call->cmd->name);
	for (guint i = 0; i < args_count(call->cmd); i++)
		g_string_append_printf(story, "|%s", call->args[i] ? call->args[i] : "-");
	return true;
}

static bool
run_fail(const struct cmd_call *call, GError **error)
{
	(void)call;
	return fault(error, FAULT_PEER, "the peer said no");
}

static bool
run_later(const struct cmd_call *call, GError **error)
{
	(void)error;
	held = reply_ref(call->reply);
	return true;
}

static bool
run_keep(const struct cmd_call *call, GError **error)
{
	return store_run(error, "INSERT INTO test_kept (of) VALUES (?)", "i", g_ascii_strtoll(call->args[0], NULL, 10));
}

static void
complete_story(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)prefix;
	(void)call;
	if (arg == 0) {
		add("two words", data);
		add("twofold", data);
		add("other", data);
	}
}

static const char *const on_off[] = { "on", "off", "other", NULL };
static const struct arg text[] = { { "text", ARG_TEXT, false, NULL }, { 0 } };
static const struct arg word_text[] = { { "who", ARG_WORD, false, NULL }, { "text", ARG_TEXT, true, NULL }, { 0 } };
static const struct arg choice[] = { { "state", ARG_CHOICE, false, on_off }, { 0 } };
static const struct arg number[] = { { "number", ARG_NUMBER, false, NULL }, { "device", ARG_DEVICE, true, NULL }, { 0 } };
static const struct arg skipped[] = { { "state", ARG_CHOICE, true, on_off }, { "device", ARG_DEVICE, true, NULL }, { 0 } };
static const struct arg words[] = { { "name", ARG_WORD, true, NULL }, { "more", ARG_WORDS, true, NULL }, { 0 } };
static const struct arg jid[] = { { "address", ARG_JID, false, NULL }, { 0 } };

static const struct cmd rows[] = {
	{ .name = "story",
		.aliases = "tale,st ory",
		.args = word_text,
		.run = run_story,
		.summary = "s",
		.complete = complete_story },
	{ .name = "story teller", .args = choice, .run = run_story, .summary = "s" },
	{ .name = "story teller now", .run = run_story, .summary = "s" },
	{ .name = "speak", .args = text, .run = run_story, .summary = "s" },
	{ .name = "count", .args = number, .run = run_story, .summary = "s" },
	{ .name = "skip", .args = skipped, .run = run_story, .summary = "s" },
	{ .name = "words", .args = words, .run = run_story, .summary = "s" },
	{ .name = "to", .args = jid, .run = run_story, .summary = "s" },
	{ .name = "keep", .args = number, .run = run_keep, .summary = "s" },
	{ .name = "fail", .run = run_fail, .summary = "s" },
	{ .name = "later", .run = run_later, .summary = "s" },
	{ .name = "inside", .needs = NEEDS_CONVERSATION, .run = run_story, .summary = "s" },
	{ 0 },
};

static void
take_output(const Event *event)
{
	g_string_append_printf(story, "%s%s", event->output.error ? "!" : "", event->output.text);
	g_string_append_c(story, '\n');
}

static void
take_done(const Event *event)
{
	last_done = event->done.seq;
	last_ok = event->done.ok;
}

static const struct event_watch watches[] = {
	{ "output", EVENT_OUTPUT, take_output },
	{ "done", EVENT_DONE, take_done },
	{ 0 },
};

static int
set_up(void **state)
{
	(void)state;
	base_init(NULL);
	cmd_init();
	table_add(TABLE_CMDS, rows, "test");
	table_add(TABLE_EVENTS, watches, "test");
	story = g_string_new(NULL);
	cmd_slash_guard = true;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	table_remove("core");
	table_remove("test");
	g_string_free(story, TRUE);
	return 0;
}

static void
becomes(const char *line, const char *wanted)
{
	static guint64 seq;

	g_string_truncate(story, 0);
	cmd_run(line, ++seq);
	assert_string_equal(story->str, wanted);
	assert_true(last_done == seq);
	assert_true(last_ok);
}

static void
fails(const char *line, const char *part)
{
	static guint64 seq = 1000000;

	g_string_truncate(story, 0);
	cmd_run(line, ++seq);
	if (story->str[0] != '!' || !strstr(story->str, part))
		fail_msg("\"%s\" made \"%s\", not \"%s\"", line, story->str, part);
	assert_true(last_done == seq);
	assert_false(last_ok);
}

/* ---- finding ---- */

static void
the_longest_name_wins(void **state)
{
	(void)state;
	becomes("/story bob", "story|bob|-");
	becomes("/tale bob", "story|bob|-");
	becomes("/st  ory bob", "story|bob|-");
	becomes("/STORY bob", "story|bob|-");
	becomes("/story teller on", "story teller|on");
	becomes("/story teller now", "story teller now");
	becomes("/story \t teller\tnow ", "story teller now");
	becomes("/story tellers", "story|tellers|-");
	becomes("/ story x", "story|x|-");
}

static void
unknown_commands_are_errors_and_never_text(void **state)
{
	(void)state;
	fails("/nonsense", "there is no command /nonsense");
	fails("/stroy x", "did you mean /story");
	fails("/foo", "there is no command /foo: /help lists them");
	fails("/join room@a.test", "no rooms yet");
	fails("/", "a / alone");
	fails("/ ", "a / alone");
	fails("/storyx", "/story");
	fails("/\xc3\xa4\xc3\xb6", "there is no command");
	fails("/story\xff", "UTF-8");
	fails("plain words", "open a conversation");
	fails("//slash", "open a conversation");
	fails("/inside", "passphrase");
}

/* A blank in front of a command must not send it to the peer. */
static void
a_blank_before_a_slash_sends_nothing(void **state)
{
	(void)state;
	fails(" /quit", "a blank before the /");
	fails("\t/msg bob secret", "a blank before the /");
	fails("\n/quit", "a blank before the /");
	cmd_slash_guard = false;
	fails(" /quit", "open a conversation");
}

static void
an_empty_line_does_nothing(void **state)
{
	(void)state;
	becomes("", "");
	becomes("  \n", "");
}

/* ---- arguments ---- */

static void
arguments_arrive_by_their_type(void **state)
{
	(void)state;
	becomes("/speak  a  b\n c ", "speak| a  b\n c ");
	becomes("/story \"two words\" and  text", "story|two words|and  text");
	becomes("/story \"a \\\"b\\\" \\\\ c\"", "story|a \"b\" \\ c|-");
	becomes("/story \"\" x", "story||x");
	becomes("/story teller OFF", "story teller|off");
	becomes("/story teller of", "story teller|off");
	becomes("/count -5", "count|-5|-");
	becomes("/count 5 4294967295", "count|5|4294967295");
	becomes("/skip on 7", "skip|on|7");
	becomes("/skip 7", "skip|-|7");
	becomes("/skip", "skip|-|-");
	becomes("/words a  b   \"c  d\" e", "words|a|b \"c  d\" e");
	becomes("/words", "words|-|-");
	becomes("/to ALICE@Good.Test/X", "to|alice@good.test/X");
}

static void
wrong_arguments_are_explained(void **state)
{
	(void)state;
	fails("/speak", "something is missing: /speak <text>");
	fails("/story", "/story <who> [text]");
	fails("/story \"open", "quotes are not closed");
	fails("/set \"open", "quotes are not closed");
	fails("/words \"open", "quotes are not closed");
	fails("/skip on \"7", "quotes are not closed");
	fails("/story teller", "something is missing: /story teller on|off|other");
	fails("/story teller o", "none of on, off, other");
	fails("/story teller maybe", "none of on, off, other");
	fails("/story teller on off", "more than the command takes: /story teller on|off|other");
	fails("/count x", "is a number");
	fails("/count 99999999999999999999", "is a number");
	fails("/count 5 0", "number of a device");
	fails("/count 5 4294967296", "number of a device");
	fails("/count 5 6 7", "more than");
	fails("/skip blue", "none of on, off, other");
	fails("/skip on blue", "number of a device");
	fails("/to a b", "more than");
	fails("/to @", "no address");
}

static void
a_quoted_word_reads_back(void **state)
{
	static const char *const texts[] = { "", "a", "a b", "\"", "a\"b", "\\", "a \\ \"b\"", "x\ny", "\"\"", "a\\" };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *quoted = args_quote(texts[i]);
		const char *at = quoted;
		g_autofree char *back = args_take_word(&at, NULL);

		assert_string_equal(back, texts[i]);
		assert_string_equal(at, "");
	}
}

/* ---- the end of a command ---- */

static void
an_error_is_told_once(void **state)
{
	(void)state;
	fails("/fail", "the peer said no");
	assert_string_equal(story->str, "!the peer said no\n");
}

static void
a_command_is_done_when_nobody_holds_its_reply(void **state)
{
	(void)state;
	last_done = 0;
	cmd_run("/later", 77);
	assert_true(last_done == 0);
	g_string_truncate(story, 0);
	reply_print(held, "a\nb");
	reply_print(held, "%s", "");
	assert_string_equal(story->str, "a\n  │ b\n\n");
	reply_unref(held);
	assert_true(last_done == 77);
	assert_true(last_ok);
}

/* ---- what a command wrote ---- */

/* The commit, not the statement, finds that 8 is nowhere: as a full disk is found. */
static const struct migration kept_tables[] = {
	{ "test", 1,
		"CREATE TABLE test_number (id INTEGER PRIMARY KEY); INSERT INTO test_number VALUES (7);"
		"CREATE TABLE test_kept (of INTEGER REFERENCES test_number (id) DEFERRABLE INITIALLY DEFERRED)" },
	{ 0 },
};

static gint64
kept(void)
{
	g_autoptr(Rows) found = store_select(NULL, "SELECT count(*) FROM test_kept", "");

	assert_true(rows_next(found));
	return rows_int(found, 0);
}

static void
what_is_answered_with_ok_is_durable(void **state) /* M03 */
{
	char *folder = place_new();

	(void)state;
	table_add(TABLE_MIGRATIONS, kept_tables, "test");
	store_init();
	account_init();
	place_store(folder);
	assert_true(accounts_load(NULL));
	db_flush();
	becomes("/keep 7", "");
	assert_false(db_is_pending());
	assert_int_equal(kept(), 1);
	fails("/keep 8", "cannot write to the store");
	assert_int_equal(kept(), 1);
	/* What others wrote is not the command's affair. */
	assert_true(store_run(NULL, "INSERT INTO test_kept (of) VALUES (8)", ""));
	becomes("/story teller now", "story teller now");
	assert_true(db_is_pending());
	accounts_unload();
	db_close();
	place_remove(folder);
}

/* ---- own words ---- */

static void
an_alias_stands_for_a_line(void **state)
{
	(void)state;
	becomes("/alias Bb /story bob", "/bb stands for /story bob until you leave; /save keeps it\n");
	becomes("/bb  hello", "story|bob| hello");
	fails("/alias story /quit", "is a command already");
	cmd_run("/alias loop /loop", 1);
	fails("/loop", "there is no command");
	becomes("/unalias bb", "/bb stands for nothing of yours any more; /save keeps it so\n");
	fails("/bb", "there is no command");
	fails("/unalias bb", "there is no");
	becomes("/unalias loop", "/loop stands for nothing of yours any more; /save keeps it so\n");
}

/* ---- completion ---- */

static void
offers(const char *line, size_t start, const char *wanted)
{
	size_t at = 99;
	g_autoptr(GPtrArray) found = cmd_complete(line, strlen(line), &at);
	g_autofree char *list = NULL;

	g_ptr_array_add(found, NULL);
	list = g_strjoinv(",", (char **)found->pdata);
	if (strcmp(list, wanted) != 0)
		fail_msg("\"%s\" offers \"%s\", not \"%s\"", line, list, wanted);
	assert_int_equal(at, start);
	g_ptr_array_set_size(found, (int)found->len - 1);
	g_ptr_array_set_free_func(found, g_free);
}

static void
completion_follows_the_tables(void **state)
{
	(void)state;
	offers("/sto", 0, "/story");
	offers("/ta", 0, "/tale");
	offers("/story te", 7, "teller");
	offers("/story teller n", 14, "now");
	offers("/story teller o", 14, "off,on,other");
	offers("/story teller", 7, "teller");
	offers("/story tw", 7, "\"two words\",twofold");
	offers("/story \"tw", 7, "\"two words\",twofold");
	offers("/story TWOF", 7, "twofold");
	offers("/story x y", 9, "");
	offers("/skip o", 6, "off,on,other");
	offers("/nonsense x", 10, "");
	offers("/help story te", 12, "teller");
	offers("/help sto", 6, "story");
	offers("/set input.slash_guard ", 23, "off,on");
	offers("/set input.sl", 5, "input.slash_guard");
	offers("", 0, "");
}

static void
the_cursor_may_stand_anywhere(void **state)
{
	static const char line[] = "/story \"teller \xc3\xa4 on";
	size_t start;

	(void)state;
	for (size_t cursor = 0; cursor <= sizeof line + 3; cursor++) {
		g_autoptr(GPtrArray) found = cmd_complete(line, cursor, &start);

		assert_true(start <= MIN(cursor, sizeof line));
		g_ptr_array_set_free_func(found, g_free);
	}
}

/* ---- help and settings ---- */

static void
help_is_read_off_the_tables(void **state)
{
	(void)state;
	cmd_run("/help story teller", 1);
	assert_non_null(strstr(story->str, "/story teller on|off|other\n"));
	assert_non_null(strstr(story->str, "/story teller now"));
	g_string_truncate(story, 0);
	cmd_run("/help", 1);
	assert_non_null(strstr(story->str, "/story ..."));
	assert_null(strstr(story->str, "/story teller"));
	g_string_truncate(story, 0);
	cmd_run("/help input.slash_guard", 1);
	assert_non_null(strstr(story->str, "on | off"));
	fails("/help nonsense", "there is no command or setting");
}

static void
settings_are_shown_and_changed(void **state)
{
	(void)state;
	becomes("/reset input.slash_guard", "input.slash_guard = on\n");
	becomes("/set input.slash_guard off", "input.slash_guard = off  (changed)  (unsaved)\n");
	assert_false(cmd_slash_guard);
	becomes("/set slash", "input.slash_guard = off  (changed)  (unsaved)\n");
	becomes("/set input.*", "input.slash_guard = off  (changed)  (unsaved)\n");
	becomes("/changes", "input.slash_guard = off  (changed)  (unsaved)\n");
	becomes("/reset input.slash_guard", "input.slash_guard = on\n");
	becomes("/changes", "every setting is as the file has it\n");
	fails("/set input.slash_guard perhaps", "is on or off");
	fails("/set nothing.like.it", "no setting like");
	fails("/set nothing x", "there is no setting");
	fails("/reset nothing", "there is no setting");
}

/* ---- questions ---- */

static void
take_choice(const char *chosen, gpointer data)
{
	g_string_append_printf(data, "(%s)", chosen ? chosen : "-");
}

static void
questions_are_answered_by_commands(void **state)
{
	static const char *const choices[] = { "no", "yes", NULL }, *const other[] = { "keep", "drop", NULL };
	g_autofree char *line = NULL, *wrong = NULL;
	guint id;

	(void)state;
	fails("/yes", "no question is open");
	ask("a@x", "b@x", "first?", choices, take_choice, story, NULL);
	becomes("/yes", "(yes)");
	id = ask("a@x", "b@x", "second?", other, take_choice, story, NULL);
	fails("/no", "choose one of keep, drop");
	line = g_strdup_printf("/answer-ask %u drop", id);
	wrong = g_strdup_printf("/answer-ask %u drop", id + 1);
	fails(wrong, "there is no open question");
	becomes(line, "(drop)");
}

/* ---- the inventory ---- */

/* It is read off doc/pia.md; tests/pia holds that against the tables of the store. */
static void
what_is_stored_is_told_by_table_and_by_column(void **state)
{
	(void)state;
	for (const struct inventory_row *row = inventory; row->table; row++)
		assert_true(*row->column && *row->what && *row->purpose && *row->kept && *row->receives);
	becomes("/privacy data draft",
		"archive_conversation, draft: text not sent yet. For: a draft survives a lost terminal. Kept: until sent, /forget. "
		"Goes to: nobody\n"
		"account: until /account remove; history: until /forget or the age in history.keep\n");
	/* What the table calls the same is said once more. */
	becomes("/privacy data seal_provider",
		"archive_conversation, seal_provider: by which method. For: a chat that was sealed never falls back to readable, "
		"also "
		"after /forget. Kept: always. Goes to: nobody\n"
		"account: until /account remove; history: until /forget or the age in history.keep\n");
	fails("/privacy data dreams", "nothing is stored under the name dreams");
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(the_longest_name_wins),
		STORY(unknown_commands_are_errors_and_never_text),
		STORY(a_blank_before_a_slash_sends_nothing),
		STORY(an_empty_line_does_nothing),
		STORY(arguments_arrive_by_their_type),
		STORY(wrong_arguments_are_explained),
		STORY(a_quoted_word_reads_back),
		STORY(an_error_is_told_once),
		STORY(a_command_is_done_when_nobody_holds_its_reply),
		STORY(what_is_answered_with_ok_is_durable),
		STORY(an_alias_stands_for_a_line),
		STORY(completion_follows_the_tables),
		STORY(the_cursor_may_stand_anywhere),
		STORY(help_is_read_off_the_tables),
		STORY(settings_are_shown_and_changed),
		STORY(questions_are_answered_by_commands),
		STORY(what_is_stored_is_told_by_table_and_by_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
