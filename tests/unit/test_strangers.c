/* SPDX-License-Identifier: GPL-3.0-or-later */
/* J05, P18: what somebody learns who may not know that we are here: the answer of a dead address, byte for byte, or nothing.
 * Every such sender against every question, presence and message. */
#include "account/account.h"
#include "account/contact.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/table.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "fake/place.h"
#include "store/db.h"
#include "store/store.h"
#include "wire.h"
#include "xmpp/xmpp.h"

#include <glib/gstdio.h>

/* ---- what chat wants of a stream besides ---- */

bool
stream_send_xml(Stream *stream, const char *xml)
{
	if (stream->online)
		g_ptr_array_add(sent, g_strdup(xml));
	return stream->online;
}

guint64
stream_next_sequence(const Stream *stream G_GNUC_UNUSED)
{
	return 1;
}

const char *
stream_session(const Stream *stream G_GNUC_UNUSED)
{
	return NULL;
}

guint64
stream_acknowledged(const Stream *stream G_GNUC_UNUSED)
{
	return 0;
}

Stanza *
stream_taking(const Stream *stream G_GNUC_UNUSED)
{
	return NULL;
}

/* ---- the account ---- */

static char *folder;

#define ITEM(jid, subscription) "<item jid='" jid "' subscription='" subscription "'/>"
#define BLOCK(jid) "<item jid='" jid "'/>"

static void
settle(void)
{
	store_commit(STORE_NOW, NULL);
	clock_turn(1000);
}

static void
go_online(void)
{
	tell_connection(account_stream(account), CONNECTION_ONLINE, false);
	answer("jabber:iq:roster",
		"<query xmlns='jabber:iq:roster'>" ITEM("bob@b.test", "both") ITEM("dave@b.test", "from") ITEM("carol@b.test", "to")
			ITEM("nora@b.test", "none") "<item jid='pete@b.test' subscription='none' ask='subscribe'/>" ITEM(
				"erin@b.test", "both") ITEM("frank@bad.test", "both") ITEM("gina@b.test", "both") "</query>");
	answer("blocklist", "<blocklist xmlns='urn:xmpp:blocking'>" BLOCK("erin@b.test") BLOCK("bad.test")
				    BLOCK("gina@b.test/x") "</blocklist>");
	settle();
	answer("urn:xmpp:mam:2", "<fin xmlns='urn:xmpp:mam:2' complete='true'/>");
	settle();
	g_ptr_array_set_size(sent, 0);
}

static int
once(void **state)
{
	(void)state;
	base_init(NULL);
	store_init();
	xmpp_init();
	account_init();
	chat_init();
	clock_hold(G_GINT64_CONSTANT(1795536000000000));
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	folder = place_new();
	sent = g_ptr_array_new_with_free_func(g_free);
	place_store(folder);
	account = account_add(ME, NULL);
	assert_non_null(account);
	chat_settings.receipts = chat_settings.markers = chat_settings.states = true;
	chat_settings.markers_sealed = chat_settings.states_sealed = true;
	go_online();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	convos_unload();
	accounts_unload();
	db_close();
	place_remove(folder);
	g_ptr_array_unref(sent);
	return 0;
}

/* ---- who, and what ---- */

static const struct {
	const char *from;
	bool hidden; /* we are invisible meanwhile */
} senders[] = {
	{ "mallory@evil.test/x", false },
	{ "mallory@evil.test", false },
	{ "evil.test", false },
	{ "evil.test/bob@b.test", false },
	{ "room@muc.b.test/bob", false },
	{ "neighbour@a.test/x", false },
	{ "b.test", false },
	/* near to an address that may */
	{ "alice@a.test.evil.test/here", false },
	{ "alice@evil.test/here", false },
	{ "a.test.evil.test", false },
	{ "bob@b.test.evil.test/x", false },
	/* on the roster, but not to be told */
	{ "carol@b.test/x", false },
	{ "nora@b.test/x", false },
	{ "pete@b.test/x", false },
	{ "erin@b.test/x", false },
	{ "erin@b.test", false },
	{ "frank@bad.test/x", false },
	{ "gina@b.test/x", false },
	{ "bob@b.test/x", true },
	{ "bob@b.test", true },
	{ "dave@b.test/x", true },
};

#define DEEP "<a><a><a><a><a><a><a><a><a><a>"
#define UP "</a></a></a></a></a></a></a></a></a></a>"

static const char *const payloads[] = {
	"<ping xmlns='urn:xmpp:ping'/>",
	"<query xmlns='jabber:iq:version'/>",
	"<query xmlns='jabber:iq:last'/>",
	"<time xmlns='urn:xmpp:time'/>",
	"<query xmlns='jabber:iq:time'/>",
	"<query xmlns='http://jabber.org/protocol/disco#info'/>",
	"<query xmlns='http://jabber.org/protocol/disco#info' node=''/>",
	"<query xmlns='http://jabber.org/protocol/disco#info' node='urn:x'/>",
	"OWN NODE",
	"<query xmlns='http://jabber.org/protocol/disco#items'/>",
	"<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
	"<vCard xmlns='vcard-temp'/>",
	"<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>",
	"<query xmlns='jabber:iq:roster'/>",
	"<query xmlns='jabber:iq:roster'><item jid='mallory@evil.test' subscription='both'/></query>",
	"<query xmlns='jabber:iq:roster'><item jid='bob@b.test' subscription='remove'/></query>",
	"<block xmlns='urn:xmpp:blocking'><item jid='bob@b.test'/></block>",
	"<unblock xmlns='urn:xmpp:blocking'/>",
	"<query xmlns='jabber:iq:private'/>",
	"<query xmlns='jabber:iq:privacy'/>",
	"<query xmlns='jabber:iq:register'/>",
	"<query xmlns='jabber:iq:oob'><url>http://evil.test</url></query>",
	"<query xmlns='jabber:iq:avatar'/>",
	"<command xmlns='http://jabber.org/protocol/commands' node='x' action='execute'/>",
	"<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='eu.siacs.conversations.axolotl.devicelist'/></pubsub>",
	"<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='x' jid='mallory@evil.test'/></pubsub>",
	"<query xmlns='urn:xmpp:mam:2'/>",
	"<si xmlns='http://jabber.org/protocol/si' id='a' profile='http://jabber.org/protocol/si/profile/file-transfer'/>",
	"<open xmlns='http://jabber.org/protocol/ibb' sid='i' block-size='4096'/>",
	"<query xmlns='http://jabber.org/protocol/bytestreams' sid='i'/>",
	"<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'/>",
	"<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='s'/>",
	"<request xmlns='urn:xmpp:http:upload:0' filename='x' size='1'/>",
	"<confirm xmlns='http://jabber.org/protocol/http-auth' id='1' method='GET' url='http://x'/>",
	"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>",
	"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
	"<query xmlns='urn:never:heard'/>",
	"<query/>",
	"<error type='cancel'/>",
	"<body>words</body>",
	/* not as they should be */
	"",
	"words alone",
	"<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>",
	"<query xmlns='urn:x'/><ping xmlns='urn:xmpp:ping'/>",
	"<ping xmlns='urn:xmpp:ping'/><query xmlns='jabber:iq:version'/>",
	DEEP DEEP DEEP DEEP DEEP DEEP DEEP UP UP UP UP UP UP UP,
};

static const char *const silent[] = {
	"<presence from='%s' type='probe'/>",
	"<presence from='%s' type='subscribe'/>",
	"<presence from='%s' type='subscribe'><status>let me in</status></presence>",
	"<presence from='%s' type='subscribed'/>",
	"<presence from='%s' type='unsubscribe'/>",
	"<presence from='%s' type='unsubscribed'/>",
	"<presence from='%s' type='unavailable'/>",
	"<presence from='%s' type='error'><error type='cancel'/></presence>",
	"<presence from='%s' type='nonsense'/>",
	"<presence from='%s'/>",
	"<presence from='%s'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' "
	"ver='aaaaaaaaaaaaaaaaaaaaaaaaaaa='/></presence>",
	"<presence from='%s'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>",
	"<message from='%s' type='chat' id='m1'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>",
	"<message from='%s' type='normal' id='m2'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>",
	"<message from='%s' id='m3'><body>hi</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>",
	"<message from='%s' type='chat' id='m4'><request xmlns='urn:xmpp:receipts'/></message>",
	"<message from='%s' type='headline' id='m5'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>",
	"<message from='%s' type='groupchat' id='m6'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>",
	"<message from='%s' type='error' id='m7'><body>hi</body><request xmlns='urn:xmpp:receipts'/><error "
	"type='cancel'/></message>",
	"<message from='%s' type='chat'><body>hi</body><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
	"<message from='%s' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
	"<message from='%s' type='chat'><received xmlns='urn:xmpp:receipts' id='m'/></message>",
	"<message from='%s' type='chat'><x "
	"xmlns='jabber:x:event'><delivered/><displayed/><composing/></x><body>hi</body></message>",
	"<message from='%s'><x xmlns='jabber:x:conference' jid='room@muc.evil.test'/></message>",
	"<message from='%s'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='m@evil.test'/></x></message>",
	"<message from='%s' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='p'/></message>",
	"<message from='%s'><attention xmlns='urn:xmpp:attention:0'/></message>",
	"<message from='%s' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items "
	"node='storage:bookmarks'><item/></items></event></message>",
	"<message from='%s'><confirm xmlns='http://jabber.org/protocol/http-auth' id='1' method='GET' url='http://x'/></message>",
	"<message from='%s' type='chat' id='m8'><body>hi</body><request xmlns='urn:xmpp:receipts'/>" DEEP DEEP DEEP DEEP DEEP DEEP
		DEEP UP UP UP UP UP UP UP "</message>",
	/* answers that nobody asked for, and questions that no server lets through */
	"<iq from='%s' type='result' id='q'/>",
	"<iq from='%s' type='result'><ping xmlns='urn:xmpp:ping'/></iq>",
	"<iq from='%s' type='error' id='q'><error type='cancel'/></iq>",
	"<iq from='%s' id='q'><ping xmlns='urn:xmpp:ping'/></iq>",
	"<iq from='%s' type='GET' id='q'><ping xmlns='urn:xmpp:ping'/></iq>",
	"<iq from='%s' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
};

static char *
own_node(void)
{
	g_autofree char *presence = NULL, *node = NULL, *ver = NULL;
	const char *at;

	presence_set(account, "away", NULL, NULL);
	presence = g_strdup(sent_with("<presence"));
	assert_non_null(presence);
	at = strstr(presence, "node=\"") + 6;
	node = g_strndup(at, strcspn(at, "\""));
	at = strstr(presence, "ver=\"") + 5;
	ver = g_strndup(at, strcspn(at, "\""));
	return g_strdup_printf("<query xmlns='http://jabber.org/protocol/disco#info' node='%s#%s'/>", node, ver);
}

static void
be(bool hidden)
{
	presence_set(account, hidden ? "invisible" : "online", NULL, NULL);
	settle();
	g_ptr_array_set_size(sent, 0);
}

static char *
dead(const char *id, const char *to)
{
	return g_strdup_printf("<iq id=\"%s\" to=\"%s\" type=\"error\"><error type=\"cancel\"><service-unavailable "
			       "xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/></error></iq>",
		id, to);
}

/* What was sent to anybody but our own archive, which is asked again from time to time; NULL: nothing. */
static const char *
leak(void)
{
	for (guint i = 0; i < sent->len; i++)
		if (!strstr(sent->pdata[i], "urn:xmpp:mam:2") || strstr(sent->pdata[i], " to="))
			return sent->pdata[i];
	return NULL;
}

/* ---- the tables against each other ---- */

static void
every_question_gets_the_answer_of_a_dead_address(void **state)
{
	static const char *const types[] = { "get", "set" };
	static const char *const ids[] = { "q", "0", "a b", "&lt;x&gt;", "-1" };
	g_autofree char *node = own_node();

	(void)state;
	for (guint s = 0; s < G_N_ELEMENTS(senders); s++) {
		be(senders[s].hidden);
		for (guint p = 0; p < G_N_ELEMENTS(payloads) * 2; p++) {
			const char *payload = payloads[p / 2], *id = ids[(s + p) % G_N_ELEMENTS(ids)];
			g_autofree char *expected = dead(id, senders[s].from);
			g_ptr_array_set_size(sent, 0);
			saysf("<iq type='%s' id='%s' from='%s' to='" FULL "'>%s</iq>", types[p % 2], id, senders[s].from,
				strcmp(payload, "OWN NODE") ? payload : node);
			clock_turn(10);
			if (sent->len != 1 || strcmp(sent->pdata[0], expected))
				fail_msg("%s asks %s %s: %u answers, %s", senders[s].from, types[p % 2], payload, sent->len,
					sent->len ? (char *)sent->pdata[0] : "none");
		}
	}
	assert_int_equal(contact_count(account), 8);
	assert_true(contact_blocked(account, "erin@b.test"));
	/* The same of somebody who sees us has another answer: the tables ask for something. */
	be(false);
	saysf("<iq type='get' id='q' from='bob@b.test/x' to='" FULL "'>%s</iq>", node);
	assert_non_null(sent_with("type=\"result\""));
}

static void
a_sender_whose_address_is_none_gets_it_as_well(void **state)
{
	static const char *const odd[] = { "a@b@c", "@evil.test", "mallory@", "mallory@evil.test/" };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autofree char *expected = dead("q", odd[i]);
		g_ptr_array_set_size(sent, 0);
		saysf("<iq type='get' id='q' from='%s' to='" FULL "'><ping xmlns='urn:xmpp:ping'/></iq>", odd[i]);
		assert_int_equal(sent->len, 1);
		assert_string_equal(sent->pdata[0], expected);
	}
}

static void
nothing_else_is_answered(void **state)
{
	(void)state;
	for (guint s = 0; s < G_N_ELEMENTS(senders); s++) {
		g_autofree char *bare = g_strndup(senders[s].from, strcspn(senders[s].from, "/"));
		be(senders[s].hidden);
		for (guint i = 0; i < G_N_ELEMENTS(silent); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			saysf(silent[i], senders[s].from);
#pragma GCC diagnostic pop
			settle();
			if (leak())
				fail_msg("%s says %s: %s", senders[s].from, silent[i], leak());
		}
		/* One blocked device of somebody who sees us: what goes to all of them is for the others. */
		if (g_str_has_prefix(bare, "gina"))
			continue;
		/* Nor when a person reads it, begins to write and stops. */
		convo_seen(convo_get(account, bare));
		convo_typing(convo_get(account, bare), true);
		convo_typing(convo_get(account, bare), false);
		settle();
		if (leak())
			fail_msg("reading %s: %s", bare, leak());
	}
	/* Who sees us is answered: the tables ask for something. */
	be(false);
	says("<message from='dave@b.test/x' type='chat' id='d1'><body>hi</body><request xmlns='urn:xmpp:receipts'/><markable "
	     "xmlns='urn:xmpp:chat-markers:0'/></message>");
	settle();
	assert_int_equal(count_sent("<received"), 1);
	convo_seen(convo_get(account, "dave@b.test"));
	settle();
	assert_int_equal(count_sent("<displayed"), 1);
	convo_typing(convo_get(account, "dave@b.test"), true);
	assert_int_equal(count_sent("<composing"), 1);
}

static void
floods_of_strangers_are_answered_by_nothing(void **state) /* H07 */
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		saysf("<presence from='m%d@evil.test' type='probe'/><presence from='m%d@evil.test' type='subscribe'/>"
		      "<message from='m%d@evil.test' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' id='p'/></message>",
			i, i, i);
	settle();
	assert_int_equal(sent->len, 0);
}

/* ---- what was begun while they still saw us ---- */

static void
what_was_begun_ends_with_the_sight(void **state)
{
	(void)state;
	convo_typing(convo_get(account, "bob@b.test"), true);
	assert_int_equal(count_sent("<composing"), 1);
	says("<message from='bob@b.test/x' type='chat' id='b1'><body>hi</body><request xmlns='urn:xmpp:receipts'/></message>");
	be(true);
	clock_turn(20000);
	settle();
	assert_null(leak());
}

static void
questions_about_features_that_wait_are_not_asked_any_more(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		saysf("<presence from='bob@b.test/x%d'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' "
		      "ver='%027d='/></presence>",
			i, i);
	assert_int_equal(count_sent("disco#info"), 8);
	g_autofree char *id = id_of(sent_with("disco#info"));
	presence_set(account, "invisible", NULL, NULL);
	g_ptr_array_set_size(sent, 0);
	saysf("<iq type='error' id='%s' from='bob@b.test/x7' to='" FULL "'/>", id);
	clock_turn(70000);
	assert_int_equal(count_sent("disco#info"), 0);
}

static void
what_was_granted_in_advance_ends_with_a_block(void **state)
{
	(void)state;
	assert_true(contact_add(account, "hugo@b.test", NULL, NULL, NULL, NULL, NULL));
	answer("jabber:iq:roster", "");
	says("<iq type='set' id='b1'><block xmlns='urn:xmpp:blocking'><item jid='hugo@b.test'/></block></iq>");
	g_ptr_array_set_size(sent, 0);
	says("<presence from='hugo@b.test' type='subscribe'/>");
	assert_int_equal(sent->len, 0);
	assert_int_equal(contact_requests(account)->len, 0);
}

/* Shown on purpose is seen, and only as long. */
static void
who_is_shown_is_answered_until_it_is_taken_back(void **state)
{
	static const char message[] = "<message from='mallory@evil.test/x' type='chat' id='s%d'><body>hi</body><request "
				      "xmlns='urn:xmpp:receipts'/></message>";

	(void)state;
	assert_true(presence_show_to(account, "mallory@evil.test", true, NULL));
	saysf(message, 1);
	settle();
	assert_int_equal(count_sent("<received"), 1);
	assert_true(presence_show_to(account, "mallory@evil.test", false, NULL));
	g_ptr_array_set_size(sent, 0);
	saysf(message, 2);
	settle();
	assert_int_equal(sent->len, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(every_question_gets_the_answer_of_a_dead_address),
		T(a_sender_whose_address_is_none_gets_it_as_well),
		T(nothing_else_is_answered),
		T(floods_of_strangers_are_answered_by_nothing),
		T(what_was_begun_ends_with_the_sight),
		T(questions_about_features_that_wait_are_not_asked_any_more),
		T(what_was_granted_in_advance_ends_with_a_block),
		T(who_is_shown_is_answered_until_it_is_taken_back),
	};

	return cmocka_run_group_tests(tests, once, NULL);
}
