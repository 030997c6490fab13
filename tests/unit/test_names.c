/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a person means: the right one, or a question; never a guess. With real accounts and conversations in a real store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "account/account.h"
#include "api/error.h"
#include "api/store.h"
#include "base/base.h"
#include "base/files.h"
#include "base/table.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/names.h"
#include "cmd/run.h"
#include "conf/conf.h"
#include "conf/settings.h"
#include "fake/place.h"
#include "store/db.h"
#include "store/store.h"
#include "ui/ui.h"
#include "xmpp/xmpp.h"

static char *place;
static Account *alice, *carol;
static Conversation *in_view;
static GString *story;

static Conversation *
current(void)
{
	return in_view;
}

static const struct front_end front = { .name = "test", .current = current };

static void
take_output(const Event *event)
{
	g_string_append_printf(story, "%s\n", event->output.text);
}

static const struct event_watch watches[] = { { "output", EVENT_OUTPUT, take_output }, { 0 } };

static bool
run_who(const struct cmd_call *call, GError **error)
{
	(void)error;
	reply_print(call->reply, "%s to %s", account_jid(call->account), call->args[0]);
	return true;
}

static const struct arg contact[] = { { "contact", ARG_CONTACT, false, NULL }, { 0 } };
static const struct cmd cmds[] = {
	{ .name = "whom", .args = contact, .needs = NEEDS_ACCOUNT, .summary = "s", .run = run_who },
	{ 0 },
};

static void
complete_who(const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	(void)prefix;
	if (arg == 1)
		add(call->args[0], data);
}

static const struct arg contact_word[] = { { "contact", ARG_CONTACT, false, NULL }, { "word", ARG_WORD, true, NULL }, { 0 } };
static const struct cmd more_cmds[] = {
	{ .name = "whose", .args = contact_word, .summary = "s", .run = run_who, .complete = complete_who },
	{ 0 },
};

static int
set_up(void **state)
{
	g_autoptr(Secret) key = NULL;
	g_autofree char *path = NULL;

	(void)state;
	place = place_new();
	if (!base_init(NULL) || !files_init(place, NULL))
		return -1;
	conf_init();
	store_init();
	xmpp_init();
	account_init();
	chat_init();
	cmd_init();
	table_add(TABLE_CMDS, cmds, "test");
	table_add(TABLE_CMDS, more_cmds, "test");
	table_add(TABLE_EVENTS, watches, "test");
	settings_load(NULL);
	ui_use(&front);
	story = g_string_new(NULL);
	key = secret_random(32);
	path = files_path(FOLDER_DATA, "sotto.db", NULL);
	if (!db_open(path, key, NULL) || !accounts_load(NULL))
		return -1;
	alice = account_add("alice@a.test", NULL);
	carol = account_add("carol@c.test", NULL);
	convo_get(alice, "bob@b.test");
	convo_get(alice, "eve@one.test");
	convo_get(alice, "eve@two.test");
	convo_get(carol, "dan@d.test");
	convo_get(carol, "bob@other.test");
	return alice && carol ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	convos_unload();
	accounts_unload();
	db_close();
	place_remove(place);
	g_string_free(story, TRUE);
	return 0;
}

static void
means(const char *word, Account *from, const char *jid, Account *to)
{
	g_autoptr(GError) error = NULL;
	Account *account = from;
	g_autofree char *found = names_contact(word, &account, &error);

	if (!found)
		fail_msg("%s: %s", word, error->message);
	assert_string_equal(found, jid);
	assert_ptr_equal(account, to);
}

static void
a_name_leads_to_the_only_one_who_has_it(void **state)
{
	(void)state;
	means("bob", alice, "bob@b.test", alice);
	means("BOB", alice, "bob@b.test", alice);
	means("bob@b.test/phone", alice, "bob@b.test", alice);
	means("stranger@x.test", alice, "stranger@x.test", alice);
	means("gateway.test", alice, "gateway.test", alice);
}

static void
who_is_known_elsewhere_is_found_there(void **state)
{
	(void)state;
	means("dan", alice, "dan@d.test", carol);
	means("bob", carol, "bob@other.test", carol);
	means("eve@one.test", alice, "eve@one.test", alice);
}

static void
two_who_fit_are_a_question(void **state)
{
	g_autoptr(GError) error = NULL;
	Account *account = alice;

	(void)state;
	assert_null(names_contact("eve", &account, &error));
	assert_true(g_error_matches(error, FAULT, FAULT_INPUT));
	assert_non_null(strstr(error->message, "eve@one.test, eve@two.test"));
	g_clear_error(&error);
	assert_null(names_contact("nobody", &account, &error));
	assert_true(g_error_matches(error, FAULT, FAULT_GONE));
}

static void
who_writes_from_a_like_address_is_not_meant(void **state)
{
	(void)state;
	convo_get(alice, "zoe@evil.test");
	means("zoe", alice, "zoe@evil.test", alice);
	assert_true(store_run(NULL,
		"INSERT INTO account_contact (account, jid, subscription, pending_out) VALUES ('carol@c.test', 'zoe@z.test', 3, 0)",
		""));
	convos_unload();
	accounts_unload();
	assert_true(accounts_load(NULL));
	convos_load();
	alice = account_find("alice@a.test");
	carol = account_find("carol@c.test");
	assert_non_null(convo_find("alice@a.test", "zoe@evil.test"));
	means("zoe", alice, "zoe@z.test", carol);
}

static void
an_account_is_found_by_its_beginning(void **state)
{
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_ptr_equal(names_account("carol", NULL), carol);
	assert_ptr_equal(names_account("Alice@A.test", NULL), alice);
	assert_null(names_account("bob", &error));
	assert_true(g_error_matches(error, FAULT, FAULT_GONE));
}

static void
a_command_acts_for_the_account_that_knows_the_contact(void **state)
{
	(void)state;
	g_string_truncate(story, 0);
	cmd_run("/whom bob", 1);
	in_view = convo_find("carol@c.test", "dan@d.test");
	cmd_run("/whom bob", 2);
	cmd_run("/whom eve@one.test", 3);
	in_view = NULL;
	assert_string_equal(
		story->str, "alice@a.test to bob@b.test\ncarol@c.test to bob@other.test\ncarol@c.test to eve@one.test\n");
}

static void
offers(const char *line, const char *wanted)
{
	size_t start;
	g_autoptr(GPtrArray) found = cmd_complete(line, strlen(line), &start);
	g_autofree char *list = NULL;

	g_ptr_array_set_free_func(found, g_free);
	g_ptr_array_add(found, NULL);
	list = g_strjoinv(",", (char **)found->pdata);
	assert_string_equal(list, wanted);
}

static void
people_are_completed_and_who_spoke_last_comes_first(void **state)
{
	Message said = { .conversation = (char *)"eve@two.test", .origin = MESSAGE_LIVE };

	(void)state;
	offers("/whom e", "eve@one.test,eve@two.test");
	event_emit(&(Event){ .kind = EVENT_MESSAGE_ADDED, .account = "alice@a.test", .message = &said });
	offers("/whom e", "eve@two.test,eve@one.test");
	/* What was typed for a contact reaches the command as an address. */
	offers("/whose bob b", "bob@b.test");
	offers("/whose eve e", "eve");
	offers("/whom D", "dan@d.test");
	offers("/account remove a", "alice@a.test");
}

static void
in_text_names_and_emoji_are_completed(void **state)
{
	(void)state;
	in_view = convo_find("alice@a.test", "bob@b.test");
	offers("bo", "bob:");
	offers("hello bo", "bob");
	offers("go :rock", "🚀");
	offers(":r", "");
	offers(">", "");
	offers("hello ", "");
	in_view = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_leads_to_the_only_one_who_has_it), cmocka_unit_test(who_is_known_elsewhere_is_found_there),
		cmocka_unit_test(two_who_fit_are_a_question), cmocka_unit_test(an_account_is_found_by_its_beginning),
		cmocka_unit_test(a_command_acts_for_the_account_that_knows_the_contact),
		cmocka_unit_test(people_are_completed_and_who_spoke_last_comes_first),
		cmocka_unit_test(in_text_names_and_emoji_are_completed),
		cmocka_unit_test(who_writes_from_a_like_address_is_not_meant), /* the last: it begins anew */
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
