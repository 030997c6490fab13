/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that says the right things at the wrong time, twice, in another namespace or with numbers that cannot be (C, H): the
 * stream is closed with a reason or nothing happens, and what is ours stays as it was. */
#include "api/stanza.h"
#include "base/table.h"
#include "fake/online.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream
#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define TLS "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
#define BIND "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
#define SM "xmlns='urn:xmpp:sm:3'"
#define FEATURES(what) "<stream:features>" what "</stream:features>"
#define MECHANISM "<mechanisms " SASL "><mechanism>PLAIN</mechanism></mechanisms>"
#define HEADER \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"

static GString *taken; /* bodies and types of what reached a row */

static bool
take(Stream *stream, const Element *stanza)
{
	const char *body = element_child_text(stanza, "body", NULL);

	(void)stream;
	g_string_append_printf(taken, "%s;", body ? body : element_name(stanza));
	return true;
}

static const struct stanza_hook hooks[] = {
	{ .name = "message", .kind = "message", .take = take },
	{ .name = "presence", .kind = "presence", .take = take },
	{ .name = "iq", .kind = "iq", .take = take },
	{ 0 },
};

static int
setup(void **state)
{
	taken = g_string_new(NULL);
	online_setup(state);
	table_add(TABLE_STANZAS, hooks, "out of turn");
	return 0;
}

static int
teardown(void **state)
{
	table_remove("out of turn");
	online_teardown(state);
	g_string_free(taken, TRUE);
	return 0;
}

static void
afresh(void **state)
{
	teardown(state);
	setup(state);
}

static bool
was_sent(const char *text)
{
	return strstr(fake_server_received(SERVER), text) != NULL;
}

/* ---- on the way in ---- */

static const struct {
	const char *at, *says; /* what the client sends, and what it hears instead of the answer */
	const char *reason;
	const char *never; /* what it must not have sent */
	bool clear;        /* before TLS */
} early[] = {
	/* features: twice, none, empty, before the header, of another namespace */
	{ "<auth", FEATURES(MECHANISM), "where it has no place", "<response" },
	{ "<stream:stream", HEADER FEATURES(""), "offers no login", "<auth" },
	{ "<stream:stream", HEADER FEATURES("<mechanisms " SASL "/>"), "offers no login", "<auth" },
	{ "<stream:stream", HEADER FEATURES("<mechanisms xmlns='urn:other'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>"),
		"offers no login", "<auth" },
	{ "<stream:stream", HEADER FEATURES("<mechanisms " SASL "><x><mechanism>SCRAM-SHA-256</mechanism></x></mechanisms>"),
		"offers no login", "<auth" },
	{ "<stream:stream", HEADER "<features xmlns='jabber:client'>" MECHANISM "</features>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER HEADER, "", "<auth" },
	{ "<stream:stream", "<stream:stream xmlns='jabber:client' xmlns:stream='urn:other' version='1.0'>", "as of today",
		"<auth" },
	{ "<stream:stream", "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "as of today",
		"<auth" },
	{ "<stream:stream", "<html><body>404</body></html>", "as of today", "<auth" },
	{ "<stream:stream", "HTTP/1.1 400 Bad Request\r\n\r\n", "", "<auth" },
	/* the end of the login before its beginning */
	{ "<stream:stream", HEADER "<success " SASL "/>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER "<challenge " SASL ">cj0=</challenge>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER "<resumed " SM " h='0' previd='x'/>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER "<proceed " TLS "/>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER "<iq type='result' id='x'/>", "where it has no place", "<auth" },
	{ "<stream:stream", HEADER "<message from='boss@good.test'><body>hi</body></message>", "where it has no place", "<auth" },
	{ "<auth", "<success xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "where it has no place", "<bind" },
	{ "<auth", "<success xmlns='jabber:client'/>", "where it has no place", "<bind" },
	{ "<auth", "<success " SASL "/>" HEADER FEATURES("<bind " BIND "/>"), "did not prove", "<bind" },
	{ "<response", "<success " SASL ">dj0=</success>", "did not prove", "<bind" },
	{ "<response", "<success " SASL ">ZT1vdGhlci1lcnJvcg==</success>", "did not prove", "<bind" },
	{ "<response", "<success " SASL ">====</success>", "did not prove", "<bind" },
	{ "<response", "<success " SASL ">%s</success>", "did not prove", "<bind" },
	{ "<response", "<enabled " SM " id='x' resume='true'/>", "where it has no place", "<bind" },
	{ "<response", "<failure " SASL "/>", "no reason given", "<bind" },
	{ "<response",
		"<failure " SASL "><not-authorized/><text>\xc2\x9b"
		"31m</text></failure>",
		"password is wrong", "<bind" },
	{ "<response", "<failure " SASL "><a-condition-of-a-name-longer-than-anybody-would-ever-want-to-read/></failure>",
		"a-condition", "<bind" },
	/* the session */
	{ "<bind",
		"<iq type='error' id='{id}'><error type='cancel'><conflict "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		"does not give", "<enable" },
	{ "<bind", "<iq type='result' id='{id}'/>", "does not give", "<enable" },
	{ "<bind", "<iq type='result' id='{id}'><bind " BIND "><jid>alice@good.test</jid></bind></iq>", "does not give",
		"<enable" },
	{ "<bind", "<iq type='result' id='{id}'><bind " BIND "><jid>alice@evil.test/x</jid></bind></iq>", "does not give",
		"<enable" },
	{ "<bind", "<iq type='result' id='{id}'><bind " BIND "><jid>good.test/x</jid></bind></iq>", "does not give", "<enable" },
	{ "<bind", "<iq type='result' id='{id}'><bind " BIND "><jid>@@/</jid></bind></iq>", "does not give", "<enable" },
	{ "<bind", "<iq type='result' id='{id}'><bind xmlns='urn:other'><jid>alice@good.test/x</jid></bind></iq>", "does not give",
		"<enable" },
	{ "<bind", "<success " SASL "/>", "where it has no place", "<enable" },
	{ "<enable", "<resumed " SM " h='0' previd='x'/>", "where it has no place", "never" },
	{ "<enable", FEATURES(""), "where it has no place", "never" },
	/* before TLS nothing but its offer and its beginning */
	{ "<stream:stream", HEADER FEATURES(MECHANISM), "offers no encryption", "<auth", true },
	{ "<stream:stream", HEADER FEATURES("<starttls xmlns='urn:other'/>"), "offers no encryption", "<starttls", true },
	{ "<stream:stream", HEADER "<proceed " TLS "/>", "where it has no place", "<starttls", true },
	{ "<starttls", "<proceed xmlns='jabber:client'/>", "where it has no place", "<auth", true },
	{ "<starttls", FEATURES(MECHANISM), "where it has no place", "<auth", true },
	{ "<starttls", "<challenge " SASL ">cj0=</challenge>", "where it has no place", "<auth", true },
	{ "<starttls", "<proceed " TLS "/><proceed " TLS "/>", "behind the start of TLS", "<auth", true },
	{ "<starttls", "<proceed " TLS "/> ", "", "<response", true },
	{ "<starttls", "<proceed " TLS "/><!-- x -->", "behind the start of TLS", "<auth", true },
	{ "<starttls", "<proceed " TLS "/>\x16\x03\x03", "behind the start of TLS", "<auth", true },
};

static void
nothing_is_believed_on_the_way_in(void **state) /* C01 C03 C09 */
{
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(early); i++) {
		afresh(state);
		fake_server_offer(SERVER)->direct = !early[i].clear;
		fake_server_on(SERVER, early[i].at, early[i].says);
		stream_connect(STREAM);
		if (!*early[i].reason) {
			fake_server_turn(60);
			assert_int_not_equal(online.state, CONNECTION_ONLINE);
		} else if (!online_reach(CONNECTION_FAILED)) {
			fail_msg("%u: %s after %s: it goes on", i, early[i].says, early[i].at);
		} else if (!strstr(online.reason, early[i].reason)) {
			fail_msg("%u: %s after %s: %s", i, early[i].says, early[i].at, online.reason);
		}
		if (was_sent(early[i].never))
			fail_msg("%u: %s was sent after %s", i, early[i].never, early[i].says);
		assert_false(was_sent("pencil"));
		assert_string_equal(taken->str, "");
	}
}

/* ---- in a session ---- */

static void
what_ends_a_session(void **state)
{
	(void)state;
	static const struct {
		const char *says, *reason;
	} cases[] = {
		{ FEATURES(MECHANISM), "where it has no place" },
		{ "<success " SASL "/>", "where it has no place" },
		{ "<challenge " SASL ">cj0=</challenge>", "where it has no place" },
		{ "<failure " SASL "/>", "where it has no place" },
		{ "<proceed " TLS "/>", "where it has no place" },
		{ "<failure " TLS "/>", "where it has no place" },
		{ "<enabled " SM " id='other' resume='true'/>", "where it has no place" },
		{ "<resumed " SM " h='0' previd='other'/>", "where it has no place" },
		{ "<failed " SM "/>", "where it has no place" },
		/* counts that cannot be */
		{ "<a " SM " h='1'/>", "counts what we never sent" },
		{ "<a " SM " h='4294967295'/>", "counts what we never sent" },
		{ "<a " SM " h='4294967296'/>", "counts what we never sent" },
		{ "<a " SM " h='-1'/>", "counts what we never sent" },
		{ "<a " SM " h=''/>", "counts what we never sent" },
		{ "<a " SM " h='0x0'/>", "counts what we never sent" },
		{ "<a " SM " h=' 0'/>", "counts what we never sent" },
		{ "<a " SM "/>", "counts what we never sent" },
		/* ends */
		{ "</stream:stream>", "ended the connection" },
		{ "</stream:stream><message from='boss@good.test'><body>behind</body></message>", "ended the connection" },
		{ "<stream:error><x xmlns='urn:other'/></stream:error>", "no reason given" },
		{ "<stream:error><conflict xmlns='urn:other'/></stream:error>", "no reason given" },
		{ "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>now</text></stream:error>",
			"it was reset (now)" },
		{ "<stream:error><never-heard-of xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "never-heard-of" },
		/* what is no XML, or not with these names */
		{ "<message xmlns:xml='urn:other'/>", "" },
		{ "<message xmlns:xmlns='urn:other'/>", "" },
		{ "<message xmlns:a='urn:x' xmlns:b='urn:x' a:c='1' b:c='2'/>", "" },
		{ "<message a='1' a='2'/>", "" },
		{ "<a:message/>", "" },
		{ "<message a:b='1'/>", "" },
		{ "<message><![CDATA[<body>]]></message", "" },
		{ "<message>]]></message>", "" },
		{ "<message>&#0;</message>", "" },
		{ "<message>&#x1b;</message>", "" },
		{ "<message>\xed\xa0\x80</message>", "" },
		{ "<message>\xc0\xaf</message>", "" },
		{ "<message>\xef\xbf\xbf</message>", "" },
		{ "<?xml version='1.0'?>", "" },
		{ "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
			"" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		afresh(state);
		online_log_in();
		fake_server_send(SERVER, cases[i].says);
		/* An element whose end never comes is another story. */
		if (g_str_has_suffix(cases[i].says, "</message"))
			fake_server_send(SERVER, "<");
		if (!online_reach(CONNECTION_FAILED))
			fail_msg("%u: %s: it goes on", i, cases[i].says);
		if (!strstr(online.reason, cases[i].reason))
			fail_msg("%u: %s: %s", i, cases[i].says, online.reason);
		assert_null(strstr(taken->str, "behind"));
	}
}

static void
what_is_passed_over(void **state)
{
	(void)state;
	static const char *const cases[] = {
		/* another namespace is another thing */
		"<message xmlns='jabber:server' from='boss@good.test'><body>no</body></message>",
		"<message xmlns='' from='boss@good.test'><body>no</body></message>",
		"<a xmlns='urn:xmpp:sm:2' h='77'/>",
		"<stream:error xmlns:stream='urn:other'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
		"<stream:message from='boss@good.test'><body>no</body></stream:message>",
		/* a stream in the stream, a second root */
		"<stream:stream version='1.0'/>",
		"<stream:stream version='1.0'><message from='boss@good.test'><body>no</body></message></stream:stream>",
		"<stream:stream><stream:features/></stream:stream>",
		"<x xmlns='urn:x'><message xmlns='jabber:client' from='boss@good.test'><body>no</body></message></x>",
		/* answers to nothing */
		"<iq type='result' id='none'/>",
		"<iq type='error' id='none'><error/></iq>",
		"<iq type='result'/>",
		"<iq/>",
		"<iq type='get' from='evil@x/1' id='i'/>",
		"<presence from='@@'/>",
		"<message from='a@b@c'><body>no</body></message>",
	};
	online_log_in();
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		fake_server_send(SERVER, cases[i]);
		fake_server_send(SERVER, "<r " SM "/>");
		if (!fake_server_wait(SERVER, "<a ") || online.state != CONNECTION_ONLINE)
			fail_msg("%u: %s: %s", i, cases[i], online.reason);
	}
	if (taken->len)
		fail_msg("%s", taken->str);
	assert_int_equal(fake_server_connections(SERVER), 1);
}

/* ---- shapes (H) ---- */

static char *
times(const char *text, guint count)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < count; i++)
		g_string_append(out, text);
	return g_string_free(out, FALSE);
}

static char *
numbered(const char *format, guint count)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < count; i++) {
		g_auto(GStrv) parts = g_strsplit(format, "#", -1);
		g_autofree char *number = g_strdup_printf("%u", i);
		g_autofree char *one = g_strjoinv(number, parts);
		g_string_append(out, one);
	}
	return g_string_free(out, FALSE);
}

/* Each is one stanza: whatever becomes of it, it counts once, and the next one is heard. */
static void
odd_shapes_cost_their_own_stanza_only(void **state) /* H01 H03 H05 */
{
	(void)state;
	static const struct {
		const char *name, *text, *open, *close;
		guint count;
		bool each; /* number them: # */
		bool taken;
	} cases[] = {
		{ "CDATA is text", "x", "<message><body><![CDATA[<b>&", "]]></body></message>", 1, false, true },
		{ "CDATA in pieces", "<![CDATA[x]]>", "<message><body>", "</body></message>", 1000, false, true },
		{ "64 attributes", " a#='1'", "<message><b", "/></message>", 64, true, true },
		{ "65 attributes", " a#='1'", "<message><b", "/></message>", 65, true, false },
		{ "65 attributes of the root", " a#='1'", "<message", "/>", 65, true, false },
		{ "depth 63", "<a>", "<message>", NULL, 62, false, true },
		{ "depth 98", "<a>", "<message>", NULL, 98, false, false },
		{ "a name of 30 KB", "n", "<message><", "/></message>", 30 * 1024, false, true },
		{ "the name of an attribute of 30 KB", "n", "<message><b ", "='1'/></message>", 30 * 1024, false, true },
		{ "60 prefixes", " xmlns:p#='urn:#'", "<message><b", "/></message>", 60, true, true },
		{ "20 000 prefixes", "<p#:a xmlns:p#='urn:x'/>", "<message>", "</message>", 20000, true, false },
		{ "a namespace of 30 KB", "n", "<message><b xmlns='", "'/></message>", 30 * 1024, false, true },
		{ "20 000 namespaces", "<a xmlns='urn:#'/>", "<message>", "</message>", 20000, true, false },
		{ "2 MB", "0123456789abcdef", "<message><body>", "</body></message>", 128 * 1024, false, false },
		{ "2 MB of entities", "&amp;&lt;&#65;", "<message><body>", "</body></message>", 128 * 1024, false, false },
		{ "a language of 20 KB", "x-", "<message xml:lang='", "'><body>x</body></message>", 10 * 1024, false, true },
		{ "20 000 empty texts", "<body/>", "<message>", "</message>", 20000, false, false },
	};
	online_log_in();
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *middle =
			cases[i].each ? numbered(cases[i].text, cases[i].count) : times(cases[i].text, cases[i].count);
		g_autofree char *ends = cases[i].close ? g_strdup(cases[i].close) : times("</a>", cases[i].count);
		g_autofree char *xml = g_strconcat(cases[i].open, middle, ends, cases[i].close ? "" : "</message>", NULL);
		g_autofree char *count = g_strdup_printf("h=\"%u\"", 2 * i + 2);
		g_string_truncate(taken, 0);
		fake_server_send(SERVER, xml);
		fake_server_send(SERVER, "<message from='bob@good.test/1'><body>the next</body></message><r " SM "/>");
		const char *acknowledged = fake_server_wait(SERVER, "<a ");
		if (!acknowledged)
			fail_msg("%s: %s", cases[i].name, online.reason);
		if (!strstr(acknowledged, count))
			fail_msg("%s: it was not counted once", cases[i].name);
		if (!g_str_has_suffix(taken->str, "the next;"))
			fail_msg("%s: the next one is not heard", cases[i].name);
		if ((strchr(taken->str, ';') != strrchr(taken->str, ';')) != cases[i].taken)
			fail_msg("%s: %s", cases[i].name, cases[i].taken ? "it was not heard" : "it was heard");
	}
	assert_int_equal(fake_server_connections(SERVER), 1);
}

/* ---- counting ---- */

static guint
count_of(const char *text)
{
	guint count = 0;

	for (const char *at = fake_server_received(SERVER); (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* Each would be an answer of its own, and a write to the disk before it. */
static void
a_flood_of_questions_for_the_count_is_answered_in_few_words(void **state) /* H07 */
{
	(void)state;
	online_log_in();
	guint flushes = online.flushes;
	g_autofree char *many = times("<r " SM "/>", 20000);
	fake_server_send(SERVER, many);
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>last</body></message><r " SM "/>");
	assert_non_null(fake_server_wait(SERVER, "h=\"1\""));
	assert_true(count_of("<a ") < 200);
	assert_true(online.flushes - flushes < 200);
}

static void
lose_the_line(void)
{
	fake_server_cut(SERVER);
	assert_true(online_reach(CONNECTION_FAILED));
	stream_network_changed();
}

static void
a_resume_that_is_not_ours_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *says;
		bool goes_on;
	} cases[] = {
		{ "<resumed " SM " h='0' previd='session-1'/>", true },
		{ "<resumed " SM " h='0'/>", true }, /* a server that leaves it out */
		{ "<resumed " SM " h='0' previd='session-2'/>", false },
		{ "<resumed " SM " h='0' previd=''/>", false },
		{ "<resumed " SM " h='5' previd='session-1'/>", false },
		{ "<resumed " SM " previd='session-1'/>", false },
		{ "<resumed " SM " h='-1' previd='session-1'/>", false },
		{ "<resumed " SM " h='99999999999' previd='session-1'/>", false },
		{ "<resumed " SM " h='0' previd='session-1'/><resumed " SM " h='0' previd='session-1'/>", false },
		{ "<enabled " SM " id='x' resume='true'/>", false },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		afresh(state);
		online_log_in();
		fake_server_on(SERVER, "<resume", cases[i].says);
		lose_the_line();
		guint changes = online.changes;
		fake_server_turn(100);
		assert_true(online.changes > changes);
		if ((online.state == CONNECTION_ONLINE) != cases[i].goes_on)
			fail_msg("%s: %s", cases[i].says, online.reason);
		if (cases[i].goes_on)
			continue;
		/* It is not tried for ever: the next attempt begins a session of its own. */
		stream_network_changed();
		assert_true(online_reach(CONNECTION_ONLINE));
		assert_false(online.resumed);
	}
}

static void
a_refused_resume_may_say_anything(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"<failed " SM "/>",
		"<failed " SM "><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
		"<failed " SM " h='0'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
		"<failed " SM " h='4000000000'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
		"<failed " SM " h='x'/>",
		"<failed " SM "><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><x/></failed>",
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		afresh(state);
		online_log_in();
		fake_server_on(SERVER, "<resume", cases[i]);
		lose_the_line();
		assert_true(online_reach(CONNECTION_ONLINE));
		assert_false(online.resumed);
		assert_int_equal(stream_next_sequence(STREAM), 1);
		assert_int_equal(online.ack, 0);
	}
}

static void
an_enabled_session_with_odd_words(void **state)
{
	(void)state;
	g_autofree char *long_id = times("x", 5000);
	g_autofree char *longer = g_strdup_printf("<enabled " SM " id='%s' resume='true'/>", long_id);
	const struct {
		const char *says;
		bool kept;
	} cases[] = {
		{ "<enabled " SM " id='i' resume='true' location='evil.test:5222' max='0'/>", true },
		{ "<enabled " SM "/>", false },
		{ "<enabled " SM " resume='true'/>", false },
		{ "<enabled " SM " id='i&#10;j' resume='true'/>", false },
		{ longer, false },
		{ "<failed " SM "/>", false },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		afresh(state);
		fake_server_on(SERVER, "<enable", cases[i].says);
		online_log_in();
		assert_int_equal(g_hash_table_lookup(online.remembered, "session") != NULL, cases[i].kept);
		lose_the_line();
		assert_true(online_reach(CONNECTION_ONLINE));
		assert_int_equal(count_of("<resume "), cases[i].kept);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_is_believed_on_the_way_in),
		T(what_ends_a_session),
		T(what_is_passed_over),
		T(odd_shapes_cost_their_own_stanza_only),
		T(a_flood_of_questions_for_the_count_is_answered_in_few_words),
		T(a_resume_that_is_not_ours_is_refused),
		T(a_refused_resume_may_say_anything),
		T(an_enabled_session_with_odd_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
