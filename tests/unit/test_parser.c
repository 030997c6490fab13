/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission parser: what becomes a tree, what is skipped, what ends the stream; and how fast. */
#include "api/error.h"
#include "api/stanza.h"
#include "fake/cost.h"
#include "xmpp/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define HEADER "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x'>"

static Parser *
opened(bool logged_in)
{
	Parser *parser = parser_new(NULL, NULL);
	const char *condition, *why;
	g_autoptr(Stanza) header = NULL;

	parser_trust(parser, logged_in);
	assert_true(parser_feed(parser, HEADER, strlen(HEADER), &condition, NULL));
	assert_int_equal(parser_take(parser, &header, &why), PARSER_OPEN);
	assert_string_equal(element_name(stanza_root(header)), "stream");
	assert_string_equal(element_attr(stanza_root(header), "id"), "x");
	return parser;
}

static bool
feed(Parser *parser, const char *xml, const char **condition)
{
	return parser_feed(parser, xml, strlen(xml), condition, NULL);
}

/* Repeats text until it is n long, and feeds it in pieces of 64 KiB with no step above 50 ms of the processor. */
static bool
feed_many(Parser *parser, const char *text, guint count, const char **condition)
{
	g_autoptr(GString) piece = g_string_new(NULL);
	for (guint i = 0; i < count; i++) {
		g_string_append(piece, text);
		if (piece->len < 65536 && i + 1 < count)
			continue;
		gint64 start = cost_now();
		bool good = parser_feed(parser, piece->str, piece->len, condition, NULL);
#ifndef __SANITIZE_ADDRESS__
		assert_true(cost_now() - start < 50000);
#else
		(void)start;
#endif
		g_string_truncate(piece, 0);
		if (!good)
			return false;
	}
	return true;
}

static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
assert_skipped(Parser *parser, const char *kind, const char *reason)
{
	g_autoptr(Stanza) stanza = NULL;
	const char *why;

	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_SKIPPED);
	assert_string_equal(element_name(stanza_root(stanza)), kind);
	assert_non_null(strstr(why, reason));
}

/* After a skipped stanza the next one must arrive whole. */
static void
assert_next_arrives(Parser *parser)
{
	g_autoptr(Stanza) stanza = NULL;
	const char *condition, *why;

	assert_true(feed(parser, "<message id='next'><body>hello</body></message>", &condition));
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_STANZA);
	assert_string_equal(element_attr(stanza_root(stanza), "id"), "next");
	assert_string_equal(element_child_text(stanza_root(stanza), "body", "jabber:client"), "hello");
}

static void
a_stanza_is_read_as_it_was_written(void **state)
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition, *why;
	g_autoptr(Stanza) stanza = NULL;
	const char *xml = "<message from='a@b/c' xml:lang='de'>text &lt;1&gt;<body>x &amp; y</body>more<x xmlns='urn:x' "
			  "a='1'><y/></x></message>";

	for (const char *p = xml; *p; p++)
		assert_true(parser_feed(parser, p, 1, &condition, NULL));
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_STANZA);
	const Element *root = stanza_root(stanza);
	assert_true(element_is(root, "message", "jabber:client"));
	assert_string_equal(element_attr(root, "xml:lang"), "de");
	assert_null(element_attr(root, "lang"));
	assert_string_equal(element_text(root), "text <1>more");
	assert_string_equal(element_child_text(root, "body", NULL), "x & y");
	const Element *x = element_child(root, "x", "urn:x");
	assert_non_null(x);
	assert_true(element_is(element_first(x), "y", "urn:x"));
	assert_null(element_next(x));
	assert_null(element_child(root, "body", "urn:x"));
	g_autofree char *again = element_to_xml(x);
	assert_string_equal(again, "<x xmlns=\"urn:x\" a=\"1\"><y/></x>");
	g_autoptr(Stanza) none = NULL;
	assert_int_equal(parser_take(parser, &none, &why), PARSER_NOTHING);
	assert_false(parser_unfinished(parser));
	parser_free(parser);
}

static void
the_end_of_the_stream_is_told(void **state)
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition, *why;
	g_autoptr(Stanza) stanza = NULL;

	assert_true(feed(parser, " \n </stream:stream>", &condition));
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_CLOSE);
	parser_free(parser);
}

static void
what_no_server_sends_ends_the_stream(void **state) /* H05 */
{
	(void)state;
	static const struct {
		const char *xml, *condition;
	} bad[] = {
		{ "<message><!-- hidden --></message>", "restricted-xml" },
		{ "<message><?php run?></message>", "restricted-xml" },
		{ "<message>&unknown;</message>", "restricted-xml" },
		{ "<message></presence>", "not-well-formed" },
		{ "<message a='1' a='2'/>", "not-well-formed" },
		{ "<message a='<'/>", "not-well-formed" },
		{ "<message>\xff\xfe</message>", "not-well-formed" },
		{ "<message>\xc0\x80</message>", "not-well-formed" },
		{ "<message>\xed\xa0\x80</message>", "not-well-formed" },
		{ "<message>&#0;</message>", "not-well-formed" },
		{ "<message>\x1b[31m</message>", "not-well-formed" },
		{ "<message>\x01</message>", "not-well-formed" },
		{ "<x:message/>", "bad-namespace-prefix" },
		{ "words", "bad-format" },
		{ "</message>", "not-well-formed" },
		{ "</stream:stream><message/>", "not-well-formed" },
		{ "<!DOCTYPE x>", "not-well-formed" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		Parser *parser = opened(true);
		const char *condition = NULL;
		g_autoptr(GError) error = NULL;
		assert_false(parser_feed(parser, bad[i].xml, strlen(bad[i].xml), &condition, &error));
		assert_string_equal(condition, bad[i].condition);
		assert_true(g_error_matches(error, FAULT, FAULT_PEER));
		assert_false(feed(parser, "<message/>", &condition));
		parser_free(parser);
	}
}

static void
a_doctype_is_refused_at_its_first_word(void **state) /* H05 */
{
	(void)state;
	static const char *const bad[] = {
		"<!DOCTYPE lolz [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><stream:stream "
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><message>&b;</message>",
		"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
		"<?xml version='1.0'?><!DOCTYPE x [",
	};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		Parser *parser = parser_new(NULL, NULL);
		const char *condition = NULL;
		assert_false(feed(parser, bad[i], &condition));
		assert_string_equal(condition, "restricted-xml");
		parser_free(parser);
	}
}

static void
deep_nesting_is_skipped(void **state) /* H03 */
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition;
	long before = peak_kib();

	assert_true(feed(parser, "<message from='evil@x' id='deep'>", &condition));
	assert_true(feed_many(parser, "<a>", 200000, &condition));
	assert_true(parser_unfinished(parser));
	assert_true(feed_many(parser, "</a>", 200000, &condition));
	assert_true(feed(parser, "</message>", &condition));
	assert_skipped(parser, "message", "deep");
	assert_next_arrives(parser);
#ifndef __SANITIZE_ADDRESS__
	assert_true(peak_kib() - before < 64 * 1024);
#else
	(void)before;
#endif
	parser_free(parser);
}

static void
endless_nesting_ends_the_stream(void **state) /* H03 */
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition;

	assert_true(feed(parser, "<message>", &condition));
	assert_false(feed_many(parser, "<a>", 2000000, &condition));
	assert_string_equal(condition, "policy-violation");
	parser_free(parser);
}

static void
sixty_four_levels_are_a_tree(void **state)
{
	(void)state;
	Parser *parser = opened(true);
	g_autoptr(Stanza) stanza = NULL;
	const char *condition, *why;

	assert_true(feed_many(parser, "<message>", 64, &condition));
	assert_true(feed_many(parser, "</message>", 64, &condition));
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_STANZA);
	assert_true(feed_many(parser, "<message>", 65, &condition));
	assert_true(feed_many(parser, "</message>", 65, &condition));
	assert_skipped(parser, "message", "deep");
	parser_free(parser);
}

static void
many_children_and_attributes_are_skipped(void **state)
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition;
	long before = peak_kib();

	assert_true(feed(parser, "<message id='wide'>", &condition));
	assert_true(feed_many(parser, "<a/>", 260000, &condition));
	assert_true(feed(parser, "</message>", &condition));
	assert_skipped(parser, "message", "many elements");
	assert_next_arrives(parser);

	g_autoptr(GString) attrs = g_string_new("<presence from='evil@x'");
	for (guint i = 0; i < 70; i++)
		g_string_append_printf(attrs, " a%u='x'", i);
	g_string_append(attrs, "/>");
	assert_true(feed(parser, attrs->str, &condition));
	assert_skipped(parser, "presence", "attributes");

	g_string_assign(attrs, "<message><b");
	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(attrs, " a%u='x'", i);
	g_string_append(attrs, "/></message>");
	assert_true(feed(parser, attrs->str, &condition));
	assert_skipped(parser, "message", "attributes");
	assert_next_arrives(parser);
#ifndef __SANITIZE_ADDRESS__
	assert_true(peak_kib() - before < 64 * 1024);
#else
	(void)before;
#endif
	parser_free(parser);
}

static void
a_huge_body_is_skipped_and_a_colossal_one_ends_the_stream(void **state) /* H01 */
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition;
	long before = peak_kib();

	assert_true(feed(parser, "<message from='evil@x/1' id='big'><body>", &condition));
	assert_true(feed_many(parser, "0123456789abcdef\n", 50 * 1024 * 1024 / 17, &condition));
	assert_true(feed(parser, "</body></message>", &condition));
	assert_skipped(parser, "message", "large");
	assert_next_arrives(parser);
	assert_true(feed(parser, "<message><body>", &condition));
	assert_false(feed_many(parser, "0123456789abcdef", 65 * 1024 * 1024 / 16, &condition));
	assert_string_equal(condition, "policy-violation");
#ifndef __SANITIZE_ADDRESS__
	assert_true(peak_kib() - before < 64 * 1024);
#else
	(void)before;
#endif
	parser_free(parser);
}

static void
a_huge_tag_ends_the_stream_early(void **state)
{
	(void)state;
	Parser *parser = opened(true);
	const char *condition;

	assert_true(feed(parser, "<message a='", &condition));
	assert_false(feed_many(parser, "0123456789abcdef", 10 * 1024 * 1024 / 16, &condition));
	assert_string_equal(condition, "policy-violation");
	parser_free(parser);

	/* Byte by byte the same tag costs its square: that work is bounded as well. */
	parser = opened(true);
	bool good = feed(parser, "<message a='", &condition);
	for (guint i = 0; good && i < 1024 * 1024; i++)
		good = parser_feed(parser, ">", 1, &condition, NULL);
	assert_false(good);
	parser_free(parser);
}

static void
before_login_little_is_enough(void **state)
{
	(void)state;
	const char *condition;
	Parser *parser = opened(false);

	assert_true(feed(parser, "<message><body>", &condition));
	assert_false(feed_many(parser, "0123456789abcdef", 5000, &condition));
	assert_string_equal(condition, "policy-violation");
	parser_free(parser);

	parser = opened(false);
	assert_true(feed(parser, "<message a='", &condition));
	assert_false(feed_many(parser, "0123456789abcdef", 5000, &condition));
	parser_free(parser);
}

static bool
is_roster(gpointer data, const char *from, const char *id)
{
	(void)data, (void)from;
	return strcmp(id, "roster") == 0;
}

static void
only_the_answer_we_asked_for_may_be_large(void **state)
{
	(void)state;
	static const char *const ids[] = { "roster", "other" };
	for (guint i = 0; i < 2; i++) {
		Parser *parser = parser_new(is_roster, NULL);
		g_autofree char *head = g_strdup_printf("<iq type='result' id='%s'><query xmlns='jabber:iq:roster'>", ids[i]);
		const char *condition, *why;
		g_autoptr(Stanza) header = NULL;
		g_autoptr(Stanza) stanza = NULL;
		parser_trust(parser, true);
		assert_true(feed(parser, HEADER, &condition));
		assert_int_equal(parser_take(parser, &header, &why), PARSER_OPEN);
		assert_true(feed(parser, head, &condition));
		assert_true(
			feed_many(parser, "<item jid='someone.with.a.name@example.org' subscription='both'/>", 100000, &condition));
		assert_true(feed(parser, "</query></iq>", &condition));
		assert_int_equal(parser_take(parser, &stanza, &why), i == 0 ? PARSER_STANZA : PARSER_SKIPPED);
		guint n = 0;
		if (i == 0) {
			const Element *query = element_first(stanza_root(stanza));
			for (const Element *e = element_first(query); e; e = element_next(e))
				n++;
			assert_int_equal(n, 100000);
		}
		parser_free(parser);
	}
}

static void
a_restart_forgets_everything(void **state)
{
	(void)state;
	Parser *parser = opened(false);
	const char *condition, *why;
	g_autoptr(Stanza) stanza = NULL;

	assert_true(feed(parser, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><mess", &condition));
	parser_restart(parser);
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_NOTHING);
	assert_true(feed(parser, HEADER "<message/>", &condition));
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_OPEN);
	g_clear_pointer(&stanza, stanza_unref);
	assert_int_equal(parser_take(parser, &stanza, &why), PARSER_STANZA);
	parser_free(parser);
}

static void
content_is_admitted_by_the_same_rules(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "<a>", "<a/><b/>", "text", "<a><!-- c --></a>", "<!DOCTYPE a><a/>", "<a>&x;</a>",
		"<a>\x1b</a>", "<?pi x?><a/>", "<a/></content><content>" };
	g_autoptr(GError) error = NULL;
	const char *good = "<envelope xmlns='urn:xmpp:sce:1'><content><body xmlns='jabber:client'>hi</body></content></envelope>";
	g_autoptr(Stanza) stanza = stanza_parse(good, strlen(good), &error);

	assert_non_null(stanza);
	assert_string_equal(element_child_text(element_child(stanza_root(stanza), "content", NULL), "body", "jabber:client"), "hi");
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) why = NULL;
		assert_null(stanza_parse(bad[i], strlen(bad[i]), &why));
		assert_true(g_error_matches(why, FAULT, FAULT_PEER));
	}
	g_autoptr(GString) deep = g_string_new(NULL);
	for (guint i = 0; i < 100000; i++)
		g_string_append(deep, "<a>");
	for (guint i = 0; i < 100000; i++)
		g_string_append(deep, "</a>");
	assert_null(stanza_parse(deep->str, deep->len, NULL));
	assert_null(stanza_parse("<a>\0</a>", 8, NULL));
}

static void
what_is_built_can_be_read(void **state)
{
	(void)state;
	g_autoptr(Node) message = node_new("message", "jabber:client");
	node_attr(message, "to", "a'\"<b>&@c");
	node_attr(message, "none", NULL);
	node_attr_int(message, "n", -5);
	node_add_text(message, "body", NULL, "esc \x1b and \x01, bad \xff, fine \xf0\x9f\x98\x80 & <b> ]]>\xef\xbf\xbe");
	Node *x = node_add(message, "x", "urn:x");
	node_add(x, "y", NULL);
	g_autofree char *xml = node_to_xml(message);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	assert_non_null(stanza);
	const Element *root = stanza_root(stanza);
	assert_string_equal(element_attr(root, "to"), "a'\"<b>&@c");
	assert_string_equal(element_attr(root, "n"), "-5");
	assert_null(element_attr(root, "none"));
	assert_string_equal(element_child_text(root, "body", "jabber:client"),
		"esc \xef\xbf\xbd and \xef\xbf\xbd, bad \xef\xbf\xbd, fine \xf0\x9f\x98\x80 & <b> ]]>\xef\xbf\xbd");
	assert_true(element_is(element_first(element_child(root, "x", "urn:x")), "y", "urn:x"));

	g_autoptr(Node) copy = node_copy(root);
	g_autofree char *copied = node_to_xml(copy);
	g_autoptr(Stanza) again = stanza_parse(copied, strlen(copied), NULL);
	assert_non_null(again);
	g_autofree char *one = element_to_xml(root), *two = element_to_xml(stanza_root(again));
	g_autofree char *sorted = g_strdup(one);
	assert_int_equal(strlen(sorted), strlen(two));
	assert_string_equal(
		element_child_text(stanza_root(again), "body", "jabber:client"), element_child_text(root, "body", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stanza_is_read_as_it_was_written),
		cmocka_unit_test(the_end_of_the_stream_is_told),
		cmocka_unit_test(what_no_server_sends_ends_the_stream),
		cmocka_unit_test(a_doctype_is_refused_at_its_first_word),
		cmocka_unit_test(deep_nesting_is_skipped),
		cmocka_unit_test(endless_nesting_ends_the_stream),
		cmocka_unit_test(sixty_four_levels_are_a_tree),
		cmocka_unit_test(many_children_and_attributes_are_skipped),
		cmocka_unit_test(a_huge_body_is_skipped_and_a_colossal_one_ends_the_stream),
		cmocka_unit_test(a_huge_tag_ends_the_stream_early),
		cmocka_unit_test(before_login_little_is_enough),
		cmocka_unit_test(only_the_answer_we_asked_for_may_be_large),
		cmocka_unit_test(a_restart_forgets_everything),
		cmocka_unit_test(content_is_admitted_by_the_same_rules),
		cmocka_unit_test(what_is_built_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
