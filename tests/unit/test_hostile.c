/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers that lie at the login, and what no honest one sends afterwards: nothing of ours leaves, nothing breaks, the user is told.
 */
#include "api/ask.h"
#include "fake/cost.h"
#include "fake/online.h"
#include "xmpp/offer.h"

#include <gcrypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream
#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

static void
assert_refused(const char *word, const char *code)
{
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	if (!online.reason || !strstr(online.reason, word))
		fail_msg("reason: %s", online.reason);
	assert_string_equal(online.code, code);
}

static bool
was_sent(const char *text)
{
	return strstr(fake_server_received(SERVER), text) != NULL;
}

/* ---- C: login ---- */

static void
success_without_the_servers_signature(void **state) /* C01 */
{
	(void)state;
	fake_server_offer(SERVER)->no_signature = true;
	assert_refused("did not prove that it knows your password", "trust");
	assert_false(was_sent("<bind"));
	assert_false(was_sent("roster"));
	assert_non_null(online.alert);
	assert_false(online.will_retry);
}

static void
success_straight_after_auth(void **state) /* C01 */
{
	(void)state;
	fake_server_on(SERVER, "<auth", "<success " SASL "/>");
	assert_refused("did not prove", "trust");
	assert_false(was_sent("<bind"));
	assert_false(was_sent("<response"));
}

static void
a_wrong_signature(void **state) /* C01 */
{
	(void)state;
	fake_server_on(SERVER, "<response", "<success " SASL ">dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=</success>");
	assert_refused("signature is wrong", "trust");
	assert_false(was_sent("<bind"));
}

static void
a_wrong_signature_in_a_challenge(void **state) /* C01 */
{
	(void)state;
	fake_server_on(
		SERVER, "<response", "<challenge " SASL ">dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=</challenge>");
	assert_refused("signature is wrong", "trust");
}

static void
weaker_than_before(void **state) /* C03 */
{
	(void)state;
	static const struct {
		const char *before, *offered;
	} cases[] = {
		{ "SCRAM-SHA-256", "PLAIN" },
		{ "SCRAM-SHA-1", "PLAIN LOGIN DIGEST-MD5" },
		{ "SCRAM-SHA-256", "SCRAM-SHA-1" },
		{ "SCRAM-SHA-256-PLUS tls-exporter", "SCRAM-SHA-256" },
		{ "SCRAM-SHA-1-PLUS tls-exporter", "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN" },
		{ "SCRAM-SHA-256", "" },
		{ "SCRAM-SHA-256", "ANONYMOUS" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_hash_table_insert(online.remembered, g_strdup("login"), g_strdup(cases[i].before));
		g_hash_table_insert(online.remembered, g_strdup("plain"), g_strdup("yes"));
		fake_server_offer(SERVER)->mechanisms = cases[i].offered;
		g_clear_pointer(&online.alert, g_free);
		online.state = CONNECTION_OFFLINE;
		assert_refused("/account reset-auth", "trust");
		assert_non_null(strstr(online.alert, "/account reset-auth"));
		assert_false(was_sent("<auth"));
		assert_false(online.will_retry);
	}
	stream_reset_memory(STREAM);
	fake_server_offer(SERVER)->mechanisms = "SCRAM-SHA-1";
	online_log_in();
}

static void
plain_wants_a_yes(void **state) /* C03 */
{
	(void)state;
	fake_server_offer(SERVER)->mechanisms = "PLAIN";
	assert_refused("wants your yes", "trust");
	assert_false(was_sent("<auth"));
	assert_non_null(strstr(online.question, "PLAIN"));
	assert_true(ask_answer(online.question_id, "no", NULL));
	fake_server_turn(20);
	assert_int_equal(fake_server_connections(SERVER), 1);

	online.state = CONNECTION_OFFLINE;
	assert_refused("wants your yes", "trust");
	assert_true(ask_answer(online.question_id, "yes", NULL));
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_string_equal(online.auth, "PLAIN");
}

static void
nothing_known_is_offered(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->mechanisms = "DIGEST-MD5 LOGIN CRAM-MD5 X-OAUTH2";
	assert_refused("no login that is known", "peer");
	assert_false(was_sent("<auth"));
}

static void
bad_first_messages(void **state) /* C05, P08 */
{
	(void)state;
	static const struct {
		const char *message, *word, *code;
	} cases[] = {
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=1", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=0", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=-1", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=4095", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=4096x", "so few times", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=2147483647", "take too long", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=1000001", "take too long", "trust" },
		{ "r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=99999999999999999999", "take too long", "trust" },
		{ "r=somebodyelse,s=QSXCR+Q6sek8bf92,i=4096", "does not answer ours", "trust" },
		{ "r={nonce},s=QSXCR+Q6sek8bf92,i=4096", "does not answer ours", "trust" },
		{ "r={nonce}xyz,s=,i=4096", "unfit salt", "trust" },
		{ "r={nonce}xyz,s=QQ==,i=4096", "unfit salt", "trust" },
		{ "r={nonce}xyz,s=!!!,i=4096", "unfit salt", "trust" },
		{ "m=must,r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=4096", "cannot be read", "peer" },
		{ "r={nonce}xyz,i=4096", "cannot be read", "peer" },
		{ "", "cannot be read", "peer" },
		{ "e=other-error", "cannot be read", "peer" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		/* The nonce is known only when the client has spoken: the server is made to build the challenge then. */
		fake_server_challenge(SERVER, cases[i].message);
		online.state = CONNECTION_OFFLINE;
		assert_refused(cases[i].word, cases[i].code);
		assert_false(was_sent("<response"));
	}
	g_autoptr(GString) salt = g_string_new("r={nonce}xyz,s=");
	for (guint i = 0; i < 700; i++)
		g_string_append(salt, "QUJD");
	g_string_append(salt, ",i=4096");
	fake_server_challenge(SERVER, salt->str);
	online.state = CONNECTION_OFFLINE;
	assert_refused("unfit salt", "trust");
	assert_false(was_sent("<response"));
}

/* C03: XEP-0474, its own example; the order on the wire is no matter, and what is changed shows. */
static void
the_offer_is_hashed_as_the_server_does(void **state)
{
	(void)state;
	static const struct {
		const char *mechanisms, *bindings;
		bool whole;
	} cases[] = {
		{ "SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "tls-server-end-point tls-exporter", true },
		{ "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "tls-exporter tls-server-end-point", true },
		{ "SCRAM-SHA-1", "tls-exporter tls-server-end-point", false },
		{ "SCRAM-SHA-1 SCRAM-SHA-1-PLUS PLAIN", "tls-exporter tls-server-end-point", false },
		{ "SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "tls-server-end-point", false },
		{ "SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "", false },
		{ "SCRAM-SHA-1 SCRAM-SHA-1-PLUS", NULL, false },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) xml = g_string_new("<features><mechanisms " SASL ">");
		g_auto(GStrv) mechanisms = g_strsplit(cases[i].mechanisms, " ", -1);
		g_auto(GStrv) bindings = g_strsplit(cases[i].bindings ? cases[i].bindings : "", " ", -1);
		for (guint n = 0; mechanisms[n]; n++)
			g_string_append_printf(xml, "<mechanism>%s</mechanism>", mechanisms[n]);
		g_string_append(xml, "</mechanisms>");
		if (cases[i].bindings)
			g_string_append(xml, "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>");
		for (guint n = 0; bindings[n]; n++)
			g_string_append_printf(xml, "<channel-binding type='%s'/>", bindings[n]);
		g_string_append(xml, cases[i].bindings ? "</sasl-channel-binding></features>" : "</features>");
		g_autoptr(Stanza) features = stanza_parse(xml->str, xml->len, NULL);
		g_autofree char *text = offer_text(stanza_root(features));
		assert_int_equal(offer_is_whole(text, GCRY_MD_SHA1, "G6k/rBLDqgOhRRaCuuatSDFkJ08=", NULL), cases[i].whole);
	}
}

static bool
answers_after(gpointer data)
{
	return strstr(fake_server_received(SERVER) + *(size_t *)data, "<response") != NULL;
}

static void
an_offer_that_is_not_the_signed_one(void **state) /* C03 */
{
	(void)state;
	static const struct {
		const char *offered, *attribute, *reason;
	} cases[] = {
		{ "SCRAM-SHA-256 SCRAM-SHA-1", "h=@HASH@", NULL },
		{ "SCRAM-SHA-1 SCRAM-SHA-256", "x=later,h=@HASH@", NULL },
		{ "SCRAM-SHA-1 SCRAM-SHA-256", "d=other", NULL },
		{ "SCRAM-SHA-256", "h=@HASH@", "somebody sits between" },
		{ "SCRAM-SHA-256 SCRAM-SHA-1 X", "a=b,c=d,h=@HASH@", "somebody sits between" },
		{ "SCRAM-SHA-256 SCRAM-SHA-1", "h=", "somebody sits between" },
		{ "SCRAM-SHA-256 SCRAM-SHA-1", "h=@HASH@=", "somebody sits between" },
		{ "SCRAM-SHA-256 SCRAM-SHA-1", "h=@HASH@,h=@HASH@", "cannot be read" },
	};
	g_autofree char *listed = g_strdup("SCRAM-SHA-1\x1eSCRAM-SHA-256");
	guint8 digest[32];
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, listed, strlen(listed));
	g_autofree char *hash = g_base64_encode(digest, sizeof digest);
	fake_server_offer(SERVER)->announce_binding = false;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) parts = g_strsplit(cases[i].attribute, "@HASH@", -1);
		g_autofree char *attribute = g_strjoinv(hash, parts);
		g_autofree char *message = g_strdup_printf("r={nonce}xyz,s=QSXCR+Q6sek8bf92,i=4096,%s", attribute);
		size_t before = strlen(fake_server_received(SERVER));
		fake_server_offer(SERVER)->mechanisms = cases[i].offered;
		fake_server_challenge(SERVER, message);
		online.state = CONNECTION_OFFLINE;
		if (cases[i].reason) {
			assert_refused(cases[i].reason, strstr(cases[i].reason, "sits") ? "trust" : "peer");
			assert_null(strstr(fake_server_received(SERVER) + before, "<response"));
		} else {
			stream_connect(STREAM);
			assert_true(fake_server_until(answers_after, &before));
			stream_disconnect(STREAM);
			fake_server_turn(50);
		}
	}
}

static void
a_salt_of_200_bytes_is_fine(void **state) /* P08 */
{
	(void)state;
	g_autoptr(GString) salt = g_string_new("r={nonce}xyz,s=");
	for (guint i = 0; i < 67; i++)
		g_string_append(salt, "QUJD");
	g_string_append(salt, ",i=4096");
	fake_server_challenge(SERVER, salt->str);
	stream_connect(STREAM);
	assert_non_null(fake_server_wait(SERVER, "<response"));
}

static void
challenges_without_end(void **state)
{
	(void)state;
	fake_server_on(SERVER, "<response", "<challenge " SASL ">cj14LHM9UVNYQ1IrUTZzZWs4YmY5MixpPTQwOTY=</challenge>");
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_false(was_sent("<bind"));
}

/* ---- C09: TLS ---- */

static void
starttls_is_not_offered(void **state) /* C09 */
{
	(void)state;
	fake_server_offer(SERVER)->direct = fake_server_offer(SERVER)->starttls = false;
	assert_refused("offers no encryption", "trust");
	assert_false(was_sent("<starttls"));
	assert_false(was_sent("<auth"));
	assert_false(was_sent("alice"));
	assert_true(g_str_has_suffix(fake_server_received(SERVER), "version='1.0'>"));
}

static void
starttls_fails(void **state) /* C09 */
{
	(void)state;
	fake_server_offer(SERVER)->direct = false;
	fake_server_on(SERVER, "<starttls", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
	assert_refused("refuses to begin TLS", "trust");
	assert_false(was_sent("<auth"));
}

static void
stanzas_behind_proceed(void **state) /* C09 */
{
	(void)state;
	static const char *const behind[] = { "<message from='boss@good.test'><body>in clear</body></message>",
		"<stream:features><mechanisms " SASL "><mechanism>PLAIN</mechanism></mechanisms></stream:features>", "<mess",
		"\x16\x03\x01", "</stream:stream>" };
	for (guint i = 0; i < G_N_ELEMENTS(behind); i++) {
		g_autofree char *xml = g_strconcat("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", behind[i], NULL);
		fake_server_offer(SERVER)->direct = false;
		fake_server_on(SERVER, "<starttls", xml);
		online.state = CONNECTION_OFFLINE;
		assert_refused("behind the start of TLS", "trust");
		assert_false(was_sent("<auth"));
	}
}

static void
a_login_in_clear(void **state) /* C09 */
{
	(void)state;
	fake_server_offer(SERVER)->direct = false;
	fake_server_on(SERVER, "<starttls", "<success " SASL "/>");
	assert_refused("where it has no place", "peer");
	assert_false(was_sent("<auth"));
	assert_false(was_sent("<bind"));
}

static void
stanzas_before_the_login(void **state)
{
	(void)state;
	fake_server_on(SERVER, "<auth", "<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='evil@x'/></query></iq>");
	assert_refused("where it has no place", "peer");
	assert_false(was_sent("<iq"));
}

static void
another_address_than_ours_is_bound(void **state)
{
	(void)state;
	fake_server_on(SERVER, "<bind",
		"<iq type='result' id='{id}'><bind "
		"xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>mallory@good.test/x</jid></bind></iq>");
	assert_refused("does not give", "peer");
}

/* ---- H: XML and quantity ---- */

static long
resident_kib(void)
{
	g_autofree char *text = NULL;
	long pages = 0;

	if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
		sscanf(text, "%*s %ld", &pages);
	return pages * 4;
}

/* While the server sends, the main loop must keep turning: the longest that it works between two turns is measured. */
struct pulse {
	gint64 last, longest;
};

static gboolean
beat(gpointer data)
{
	struct pulse *pulse = data;
	gint64 now = cost_now();

	if (pulse->last)
		pulse->longest = MAX(pulse->longest, now - pulse->last);
	pulse->last = now;
	return G_SOURCE_CONTINUE;
}

static void
flood(const char *before, const char *text, guint count, const char *after)
{
	struct pulse pulse = { 0 };
	long kib = resident_kib();
	GString *all = g_string_sized_new(strlen(text) * count + 100);
	guint source;

	g_string_append(all, before);
	for (guint i = 0; i < count; i++)
		g_string_append(all, text);
	g_string_append(all, after);
	fake_server_send(SERVER, all->str);
	kib += (long)(all->len / 1024) * 3; /* the server's own copies */
	g_string_free(all, TRUE);
	source = g_idle_add_full(G_PRIORITY_DEFAULT, beat, &pulse, NULL);
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>last</body></message><r xmlns='urn:xmpp:sm:3'/>");
	assert_non_null(fake_server_wait(SERVER, "<a "));
	g_source_remove(source);
#ifndef __SANITIZE_ADDRESS__
	assert_true(pulse.longest < 50000);
	assert_true(resident_kib() - kib < 64 * 1024);
#else
	(void)kib;
#endif
	assert_int_equal(online.state, CONNECTION_ONLINE);
}

static void
a_poisoned_message_is_passed_by(void **state) /* H01 H03 */
{
	(void)state;
	online_log_in();
	flood("<message from='evil@x/1'>", "<a>", 0, "</message>");
	g_autoptr(GString) close = g_string_new(NULL);
	for (guint i = 0; i < 200000; i++)
		g_string_append(close, "</a>");
	g_string_append(close, "</message>");
	flood("<message from='evil@x/1'>", "<a>", 200000, close->str);
	flood("<message from='evil@x/1'>", "<a/>", 260000, "</message>");
	flood("<message from='evil@x/1'><body>", "0123456789abcdef0123456789abcdef", 50 * 1024 * 32, "</body></message>");
	flood("<message from='evil@x/1'><body>", "\n", 1000000, "</body></message>");
	flood("<message from='evil@x/1' a='", "0123456789abcdef0123456789abcdef", 30 * 1024, "'/>");
}

static void
ten_thousand_stanzas_a_second(void **state) /* H07 */
{
	(void)state;
	online_log_in();
	flood("", "<presence from='evil@x/1'/>", 50000, "");
	flood("", "<iq type='result' id='x'/>", 50000, "");
	flood("", "<message/>", 50000, "");
}

static void
what_no_server_sends_ends_the_stream_with_its_name(void **state) /* H05 */
{
	(void)state;
	static const struct {
		const char *xml, *condition;
	} cases[] = {
		{ "<message><!-- x --></message>", "restricted-xml" },
		{ "<?php x?>", "restricted-xml" },
		{ "<message>&lol;</message>", "restricted-xml" },
		{ "<message>\xff</message>", "not-well-formed" },
		{ "<message></presence>", "not-well-formed" },
		{ "words between", "bad-format" },
		{ "<unbound:x/>", "bad-namespace-prefix" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		online.state = CONNECTION_OFFLINE;
		online_log_in();
		assert_false(online.resumed);
		fake_server_send(SERVER, cases[i].xml);
		assert_true(online_reach(CONNECTION_FAILED));
		assert_true(online.will_retry);
		fake_server_turn(20);
		assert_true(was_sent(cases[i].condition));
		stream_disconnect(STREAM);
	}
}

static void
a_doctype_before_the_login(void **state) /* H05 */
{
	(void)state;
	fake_server_on(SERVER, "<stream:stream",
		"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><stream:stream xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>");
	assert_refused("document type", "peer");
}

static void
a_stream_error_without_a_word(void **state)
{
	(void)state;
	fake_server_on(SERVER, "<auth", "<stream:error/>");
	assert_refused("no reason given", "peer");
	online.state = CONNECTION_OFFLINE;
	fake_server_on(SERVER, "<auth", "<stream:error><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
	assert_refused("ended the connection", "peer");
	fake_server_on(SERVER, "<auth", "</stream:stream>");
	online.state = CONNECTION_OFFLINE;
	assert_refused("ended the connection", "network");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, online_setup, online_teardown)
	const struct CMUnitTest tests[] = {
		T(success_without_the_servers_signature),
		T(success_straight_after_auth),
		T(a_wrong_signature),
		T(a_wrong_signature_in_a_challenge),
		T(weaker_than_before),
		T(plain_wants_a_yes),
		T(nothing_known_is_offered),
		T(bad_first_messages),
		T(the_offer_is_hashed_as_the_server_does),
		T(an_offer_that_is_not_the_signed_one),
		T(a_salt_of_200_bytes_is_fine),
		T(challenges_without_end),
		T(starttls_is_not_offered),
		T(starttls_fails),
		T(stanzas_behind_proceed),
		T(a_login_in_clear),
		T(stanzas_before_the_login),
		T(another_address_than_ours_is_bound),
		T(a_poisoned_message_is_passed_by),
		T(ten_thousand_stanzas_a_second),
		T(what_no_server_sends_ends_the_stream_with_its_name),
		T(a_doctype_before_the_login),
		T(a_stream_error_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
