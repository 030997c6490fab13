/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The route: who may reach which row, who may answer which question, and what a stranger learns. */
#include "api/error.h"
#include "api/iq.h"
#include "base/clock.h"
#include "base/table.h"
#include "fake/online.h"
#include "xmpp/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream

static GString *taken;

static bool
note(const char *name)
{
	g_string_append_printf(taken, "%s ", name);
	return true;
}

#define HOOK(name)                                                     \
	static bool take_##name(Stream *stream, const Element *stanza) \
	{                                                              \
		(void)stream, (void)stanza;                            \
		return note(#name);                                    \
	}
HOOK(anyone)
HOOK(self)
HOOK(device)
HOOK(server)
HOOK(contact)
HOOK(node)
HOOK(chat)

static bool
look_only(Stream *stream, const Element *stanza)
{
	(void)stream, (void)stanza;
	note("look");
	return false;
}

static const struct stanza_hook hooks[] = {
	{ .name = "look", .kind = "message", .take = look_only },
	{ .name = "anyone", .kind = "message", .child = "x", .ns = "urn:anyone", .take = take_anyone },
	{ .name = "self", .kind = "message", .child = "x", .ns = "urn:self", .from = FROM_SELF, .take = take_self },
	{ .name = "device", .kind = "message", .child = "x", .ns = "urn:device", .from = FROM_DEVICE, .take = take_device },
	{ .name = "server", .kind = "message", .child = "x", .ns = "urn:server", .from = FROM_SERVER, .take = take_server },
	{ .name = "contact", .kind = "message", .child = "x", .ns = "urn:contact", .from = FROM_CONTACT, .take = take_contact },
	{ .name = "node", .kind = "message", .node = "urn:node", .from = FROM_SELF, .take = take_node },
	{ .name = "push",
		.kind = "iq",
		.type = "set",
		.child = "query",
		.ns = "jabber:iq:roster",
		.from = FROM_SELF,
		.take = take_self },
	{ .name = "chat", .kind = "message", .type = "normal", .child = "body", .take = take_chat },
	{ 0 },
};

static bool
is_bob(Stream *stream, const char *bare)
{
	(void)stream;
	return strcmp(bare, "bob@good.test") == 0;
}

static int
setup(void **state)
{
	taken = g_string_new(NULL);
	online_setup(state);
	table_add(TABLE_STANZAS, hooks, "route");
	route_set_contact_check(is_bob);
	online_log_in();
	return 0;
}

static int
teardown(void **state)
{
	table_remove("route");
	route_set_contact_check(NULL);
	online_teardown(state);
	g_string_free(taken, TRUE);
	return 0;
}

/* Sends it and waits until it was counted. */
static const char *
deliver(const char *xml)
{
	g_string_truncate(taken, 0);
	fake_server_send(SERVER, xml);
	fake_server_send(SERVER, "<r xmlns='urn:xmpp:sm:3'/>");
	assert_non_null(fake_server_wait(SERVER, "<a "));
	return taken->str;
}

static const char *
deliver_from(const char *from, const char *ns)
{
	g_autofree char *sender = from ? g_strdup_printf(" from='%s'", from) : g_strdup("");
	g_autofree char *xml = g_strdup_printf("<message%s type='chat'><x xmlns='%s'/></message>", sender, ns);

	return deliver(xml);
}

static void
only_the_right_sender_reaches_a_row(void **state) /* A01 A05 A07 */
{
	(void)state;
	static const struct {
		const char *from, *reaches;
	} cases[] = {
		{ NULL, "self device server contact" },
		{ "alice@good.test", "self device server contact" },
		{ "ALICE@good.test", "self device server contact" },
		{ "{from}", "device contact" },
		{ "alice@good.test/other", "device contact" },
		{ "good.test", "server" },
		{ "bob@good.test/1", "contact" },
		{ "mallory@evil.test", "" },
		{ "alice@good.test.evil.test", "" },
		{ "alice@evil.test", "" },
		{ "evil.test/alice@good.test", "" },
		{ "evil.test", "" },
	};
	static const char *const rows[] = { "self", "device", "server", "contact" };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (guint j = 0; j < G_N_ELEMENTS(rows); j++) {
			g_autofree char *ns = g_strconcat("urn:", rows[j], NULL);
			bool reached = strstr(deliver_from(cases[i].from, ns), rows[j]) != NULL;
			if (reached != (strstr(cases[i].reaches, rows[j]) != NULL))
				fail_msg("%s and the row %s", cases[i].from, rows[j]);
		}
	}
	assert_string_equal(deliver_from("mallory@evil.test/x", "urn:anyone"), "look anyone ");
}

static void
a_personal_event_counts_only_from_ourselves(void **state) /* A07 */
{
	(void)state;
	const char *event = "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:node'/></event>";
	g_autofree char *own = g_strdup_printf("<message from='alice@good.test'>%s</message>", event);
	g_autofree char *evil = g_strdup_printf("<message from='mallory@evil.test'>%s</message>", event);

	assert_string_equal(deliver(own), "look node ");
	assert_string_equal(deliver(evil), "look ");
}

static void
a_message_without_type_is_a_normal_one(void **state)
{
	(void)state;
	assert_string_equal(deliver("<message from='bob@good.test'><body>x</body></message>"), "look chat ");
	assert_string_equal(deliver("<message from='bob@good.test' type='normal'><body>x</body></message>"), "look chat ");
	assert_string_equal(deliver("<message from='bob@good.test' type='chat'><body>x</body></message>"), "look ");
}

static void
nobody_is_asked_about_a_stanza_from_no_address(void **state)
{
	(void)state;
	assert_string_equal(deliver("<message from='@@@'><body>x</body></message>"), "");
	assert_string_equal(deliver("<message from='a@b@c'><body>x</body></message>"), "");
}

static void
a_strangers_question_is_answered_as_by_a_dead_address(void **state) /* J05 A05 */
{
	(void)state;
	static const char *const questions[] = { "jabber:iq:version", "urn:xmpp:time", "jabber:iq:last", "urn:never:heard" };
	for (guint i = 0; i < G_N_ELEMENTS(questions); i++) {
		g_autofree char *xml = g_strdup_printf(
			"<iq type='get' from='mallory@evil.test/x' id='q%u'><query xmlns='%s'/></iq>", i, questions[i]);
		g_autofree char *id = g_strdup_printf("id=\"q%u\"", i);
		g_string_truncate(taken, 0);
		fake_server_send(SERVER, xml);
		const char *answer = fake_server_wait(SERVER, id);
		assert_non_null(answer);
		assert_non_null(strstr(answer, "type=\"error\""));
		assert_non_null(strstr(answer, "<service-unavailable xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/>"));
		assert_null(strstr(answer, questions[i]));
	}
	/* A roster push from a stranger as well: nothing changed, and it does not tell that we know such things. */
	fake_server_send(SERVER,
		"<iq type='set' from='mallory@evil.test' id='push'><query xmlns='jabber:iq:roster'><item jid='x@y'/></query></iq>");
	const char *answer = fake_server_wait(SERVER, "id=\"push\"");
	assert_non_null(strstr(answer, "service-unavailable"));
	assert_string_equal(taken->str, "");
	assert_string_equal(
		deliver("<iq type='set' id='push2'><query xmlns='jabber:iq:roster'><item jid='x@y'/></query></iq>"), "self ");
}

static void
questions_that_cannot_be_answered_are_not(void **state)
{
	(void)state;
	deliver("<iq type='get' from='mallory@evil.test/x'><query xmlns='urn:x'/></iq>");
	deliver("<iq from='mallory@evil.test/x' id='i'/>");
	deliver("<iq type='error' from='mallory@evil.test/x' id='i'/>");
	deliver("<iq type='result' from='mallory@evil.test/x' id='i'/>");
	assert_null(strstr(fake_server_received(SERVER), "mallory"));
}

/* ---- our questions ---- */

static char *answer, *answer_code, *answer_condition;
static guint answers;

static void
on_answer(Stream *stream, const Element *result, const GError *error, gpointer data)
{
	(void)stream, (void)data;
	answers++;
	g_free(answer);
	g_free(answer_code);
	g_free(answer_condition);
	answer = g_strdup(result ? "result" : error->message);
	answer_code = g_strdup(error ? fault_word(error) : "");
	answer_condition = g_strdup(iq_condition(error));
}

static char *
ask_about(const char *to)
{
	answers = 0;
	iq_get(STREAM, to, node_new("query", "urn:q"), on_answer, NULL, NULL);
	const char *sent = fake_server_wait(SERVER, "urn:q");
	assert_non_null(sent);
	const char *id = strstr(sent, "id=\"") + 4;
	return g_strndup(id, strcspn(id, "\""));
}

static void
only_the_one_who_was_asked_may_answer(void **state) /* A05 */
{
	(void)state;
	static const struct {
		const char *to, *from;
		bool good;
	} cases[] = {
		{ NULL, NULL, true },
		{ NULL, "alice@good.test", true },
		{ NULL, "good.test", true },
		{ NULL, "{from}", true },
		{ NULL, "mallory@evil.test/x", false },
		{ NULL, "alice@good.test/other", false },
		{ "alice@good.test", NULL, true },
		{ "alice@good.test", "alice@good.test", true },
		{ "alice@good.test", "mallory@evil.test", false },
		{ "good.test", "good.test", true },
		{ "good.test", "evil.test", false },
		{ "bob@b.test", "bob@b.test", true },
		{ "bob@b.test", NULL, false },
		{ "bob@b.test", "bob@b.test/1", false },
		{ "bob@b.test", "b.test", false },
		{ "room@muc.test/nick", "room@muc.test/nick", true },
		{ "room@muc.test/nick", "room@muc.test/other", false },
	};
	fake_server_on(SERVER, "urn:q", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = ask_about(cases[i].to);
		g_autofree char *from = cases[i].from ? g_strdup_printf(" from='%s'", cases[i].from) : g_strdup("");
		g_autofree char *xml = g_strdup_printf("<iq type='result' id='%s'%s/>", id, from);
		assert_true(strlen(id) >= 20);
		deliver(xml);
		if ((answers == 1) != cases[i].good)
			fail_msg("%s answered by %s", cases[i].to, cases[i].from);
		/* The same once more is nobody's. */
		deliver(xml);
		assert_true(answers <= 1);
	}
}

static void
an_error_is_told_in_words_and_by_its_condition(void **state)
{
	(void)state;
	fake_server_on(SERVER, "urn:q",
		"<iq type='error' id='{id}' from='bob@b.test'><error type='cancel'><item-not-found "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no such "
		"node</text><odd xmlns='urn:x'/></error></iq>");
	g_autofree char *id = ask_about("bob@b.test");
	fake_server_turn(20);
	assert_int_equal(answers, 1);
	assert_string_equal(answer_code, "gone");
	assert_string_equal(answer_condition, "item-not-found");
	assert_non_null(strstr(answer, "bob@b.test"));
	assert_non_null(strstr(answer, "no such node"));
}

static void
a_lost_session_ends_its_questions_and_a_resumed_one_keeps_them(void **state)
{
	(void)state;
	fake_server_on(SERVER, "urn:q", NULL);
	g_autofree char *id = ask_about("bob@b.test");
	fake_server_cut(SERVER);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_int_equal(answers, 0);
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_true(online.resumed);
	g_autofree char *xml = g_strdup_printf("<iq type='result' id='%s' from='bob@b.test'/>", id);
	deliver(xml);
	assert_int_equal(answers, 1);

	g_autofree char *second = ask_about("bob@b.test");
	stream_disconnect(STREAM);
	assert_true(online_reach(CONNECTION_OFFLINE));
	assert_int_equal(answers, 1);
	assert_string_equal(answer_code, "offline");
	/* And asked while offline, it is never answered before the asking has returned. */
	answers = 0;
	iq_get(STREAM, NULL, node_new("query", "urn:q"), on_answer, NULL, NULL);
	assert_int_equal(answers, 0);
	fake_server_turn(10);
	assert_int_equal(answers, 1);
	assert_string_equal(answer_code, "offline");
}

#define COND(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

static void
odd_answers_are_one_answer_or_none(void **state) /* A05 */
{
	(void)state;
	enum { NONE, RESULT, ERROR };
	static const struct {
		const char *attributes, *inside; /* {id}: ours */
		int is;
		const char *condition, *code;
	} cases[] = {
		{ "id='{id}' from='bob@b.test' type='result'", "", RESULT, NULL, "" },
		{ "id='{id}' from='bob@b.test' type='result'", "<a xmlns='urn:x'/><query xmlns='urn:q'/>", RESULT, NULL, "" },
		{ "id='{id}' from='bob@b.test' type='result'", "<error type='cancel'>" COND("forbidden") "</error>", RESULT, NULL,
			"" },
		{ "id='{id}' from='BOB@B.test' type='result'", "", RESULT, NULL, "" },
		{ "id='{id}' from='bob@b.test' to='other@x.test' type='result'", "", RESULT, NULL, "" },
		{ "id='{id}' from='bob@b.test' type='error'", "", ERROR, NULL, "peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error/>", ERROR, NULL, "peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "words", ERROR, NULL, "peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error xmlns='urn:x'>" COND("forbidden") "</error>", ERROR, NULL,
			"peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error><forbidden/></error>", ERROR, NULL, "peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error>" COND("item-not-found") COND("forbidden") "</error>", ERROR,
			"item-not-found", "gone" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error type='continue'>" COND("no-such-word") "</error>", ERROR,
			"no-such-word", "peer" },
		{ "id='{id}' from='bob@b.test' type='error'", "<query xmlns='urn:q'/><error>" COND("gone") "</error>", ERROR,
			"gone", "gone" },
		{ "id='{id}' from='bob@b.test' type='error'", "<error>" COND("gone") "</error><error>" COND("forbidden") "</error>",
			ERROR, "gone", "gone" },
		/* of no kind that answers */
		{ "id='{id}' from='bob@b.test'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type=''", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type='RESULT'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type='results'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type='unavailable'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type='get'", "<query xmlns='urn:x'/>", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test' type='set'", "", NONE, NULL, NULL },
		/* of somebody else */
		{ "id='{id}' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='alice@good.test' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='good.test' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test/' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test/x' type='error'", "<error>" COND("gone") "</error>", NONE, NULL, NULL },
		{ "id='{id}' from='b.test' type='error'", "<error>" COND("gone") "</error>", NONE, NULL, NULL },
		{ "id='{id}' from='b.test/bob@b.test' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test@b.test' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}' from='bob@b.test.evil.test' type='result'", "", NONE, NULL, NULL },
		/* to another question */
		{ "from='bob@b.test' type='result'", "", NONE, NULL, NULL },
		{ "id='' from='bob@b.test' type='result'", "", NONE, NULL, NULL },
		{ "id=' {id}' from='bob@b.test' type='result'", "", NONE, NULL, NULL },
		{ "id='{id}{id}' from='bob@b.test' type='result'", "", NONE, NULL, NULL },
		{ "xml:id='{id}' from='bob@b.test' type='result'", "", NONE, NULL, NULL },
	};
	fake_server_on(SERVER, "urn:q", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = ask_about("bob@b.test");
		g_auto(GStrv) parts = g_strsplit(cases[i].attributes, "{id}", 0);
		g_autofree char *attributes = g_strjoinv(id, parts);
		g_autofree char *xml = g_strdup_printf("<iq %s>%s</iq>", attributes, cases[i].inside);
		g_autofree char *genuine = g_strdup_printf("<iq type='result' id='%s' from='bob@b.test'/>", id);
		deliver(xml);
		if (answers != (cases[i].is != NONE))
			fail_msg("%s: %u answers", xml, answers);
		if (cases[i].is != NONE && (strcmp(answer_code, cases[i].code) || g_strcmp0(answer_condition, cases[i].condition)))
			fail_msg("%s: %s %s", xml, answer_code, answer_condition);
		/* What was none of it took nothing away, and after the one answer there is no other. */
		deliver(genuine);
		assert_int_equal(answers, 1);
		deliver(xml);
		deliver(genuine);
		assert_int_equal(answers, 1);
		assert_int_equal(online.state, CONNECTION_ONLINE);
	}
}

static void
the_words_of_an_error_are_cut(void **state) /* A05 */
{
	(void)state;
	g_autoptr(GString) xml = g_string_new("<iq type='error' from='bob@b.test' id='");
	fake_server_on(SERVER, "urn:q", NULL);
	g_autofree char *id = ask_about("bob@b.test");
	g_string_append_printf(xml, "%s'><error><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>", id);
	for (guint i = 0; i < 50000; i++)
		g_string_append(xml, "w\xc3\xb6rter ");
	g_string_append(xml, "</text></error></iq>");
	deliver(xml->str);
	assert_int_equal(answers, 1);
	assert_true(strlen(answer) < 400);
	assert_true(g_utf8_validate(answer, -1, NULL));
}

/* As deliver(), where no time passes in which an acknowledgement would be due. */
static void
hear(const char *xml)
{
	fake_server_send(SERVER, xml);
	fake_server_turn(20);
}

/* The time stands still from here on: the last test of the file. */
static void
silence_ends_after_a_minute(void **state)
{
	(void)state;
	fake_server_on(SERVER, "urn:q", NULL);
	clock_hold(clock_now());
	g_autofree char *id = ask_about("bob@b.test");
	for (guint i = 0; i < 59; i++) {
		clock_turn(1000);
		fake_server_turn(1);
	}
	assert_int_equal(answers, 0);
	clock_turn(2000);
	assert_int_equal(answers, 1);
	assert_string_equal(answer_code, "network");
	/* A05: an answer that comes too late is none, and none to what was asked since. */
	g_autofree char *next = ask_about("bob@b.test");
	assert_string_not_equal(id, next);
	g_autofree char *late = g_strdup_printf("<iq type='result' id='%s' from='bob@b.test'/>", id);
	g_autofree char *right = g_strdup_printf("<iq type='result' id='%s' from='bob@b.test'/>", next);
	hear(late);
	assert_int_equal(answers, 0);
	hear(right);
	assert_int_equal(answers, 1);
	hear(late);
	hear(right);
	assert_int_equal(answers, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_the_right_sender_reaches_a_row),
		T(a_personal_event_counts_only_from_ourselves),
		T(a_message_without_type_is_a_normal_one),
		T(nobody_is_asked_about_a_stanza_from_no_address),
		T(a_strangers_question_is_answered_as_by_a_dead_address),
		T(questions_that_cannot_be_answered_are_not),
		T(only_the_one_who_was_asked_may_answer),
		T(an_error_is_told_in_words_and_by_its_condition),
		T(odd_answers_are_one_answer_or_none),
		T(the_words_of_an_error_are_cut),
		T(a_lost_session_ends_its_questions_and_a_resumed_one_keeps_them),
		T(silence_ends_after_a_minute),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	g_free(answer);
	g_free(answer_code);
	g_free(answer_condition);
	return failed;
}
