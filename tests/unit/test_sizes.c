/* SPDX-License-Identifier: GPL-3.0-or-later */
/* H07: much of what is broken, in one stanza or in many: nothing breaks, the main loop turns in between, memory is bounded. */
#include "account/account.h"
#include "account/contact.h"
#include "base/base.h"
#include "base/clock.h"
#include "fake/place.h"
#include "store/db.h"
#include "store/store.h"
#include "wire.h"
#include "xmpp/disco.h"
#include "xmpp/xmpp.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include <glib/gstdio.h>

static char *folder;

static int
once(void **state)
{
	(void)state;
	base_init(NULL);
	store_init();
	xmpp_init();
	account_init();
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
	tell_connection(account_stream(account), CONNECTION_ONLINE, false);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	accounts_unload();
	db_close();
	place_remove(folder);
	g_ptr_array_unref(sent);
	return 0;
}

static void
go_online(const char *roster)
{
	g_autofree char *query = g_strdup_printf("<query xmlns='jabber:iq:roster'>%s</query>", roster);

	answer("jabber:iq:roster", query);
	clock_turn(100);
	g_ptr_array_set_size(sent, 0);
}

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double longest; /* of what the main loop does without a turn */

/* As it comes from the link: in pieces of 16 KiB, with the limits of the program. */
static void
arrives(const char *xml)
{
	static const char header[] = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
				     "version='1.0'>";
	Stream *stream = account_stream(account);
	Parser *parser = parser_new(iq_may_be_large, stream);
	const char *condition, *why;
	enum parser_item item;
	Stanza *stanza;

	assert_true(parser_feed(parser, header, strlen(header), &condition, NULL));
	parser_trust(parser, true);
	for (size_t left = strlen(xml); left;) {
		size_t piece = MIN(left, 16384);
		double before = cpu_ms();
		assert_true(parser_feed(parser, xml, piece, &condition, NULL));
		while ((item = parser_take(parser, &stanza, &why)) != PARSER_NOTHING) {
			if (item == PARSER_STANZA)
				route_stanza(stream, stanza);
			else if (item == PARSER_SKIPPED)
				route_stanza_skipped(stream, stanza_root(stanza), why);
			stanza_unref(stanza);
		}
		longest = MAX(longest, cpu_ms() - before);
		xml += piece;
		left -= piece;
	}
	parser_free(parser);
}

static void
must_be_quick(const char *what)
{
	printf("%s: longest %.1f ms\n", what, longest);
#ifndef __SANITIZE_ADDRESS__
	assert_true(longest < 50);
#endif
	longest = 0;
}

static void
broken_items_among_good_ones(void **state)
{
	static const char *const broken[] = { "<item/>", "<item jid=''/>", "<item jid='@@'/>", "<item jid='x%u@b.test/r'/>",
		"<item jid='x%u@b.test' subscription='all'/>", "<thing jid='x%u@b.test'/>",
		"<item xmlns='urn:x' jid='x%u@b.test'/>", "<item jid='x%u@b.test' subscription='remove'/>",
		"<item jid='x%u@@b.test'/>", "<item jid='&#xFFFD; %u'/>", "<item jid='bob0@b.test' subscription='BOTH'/>",
		"words %u", "<item><item jid='x%u@b.test'/></item>" };
	g_autoptr(GString) xml = g_string_new(NULL);
	g_autofree char *id = id_of(sent_with("jabber:iq:roster"));
	size_t before = mallinfo2().uordblks;

	(void)state;
	g_string_append_printf(xml, "<iq type='result' id='%s'><query xmlns='jabber:iq:roster' ver='v1'>", id);
	for (guint i = 0; i < 10000; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		g_string_append_printf(xml, broken[i % G_N_ELEMENTS(broken)], i);
#pragma GCC diagnostic pop
		if (i % 10 == 0)
			g_string_append_printf(xml, "<item jid='bob%u@b.test' subscription='both'/>", i / 10);
	}
	g_string_append(xml, "</query></iq>");
	arrives(xml->str);
	assert_int_equal(contact_count(account), 1000);
	assert_null(contact_find(account, "x2@b.test"));
	must_be_quick("10 000 broken items");
	clock_turn(1000);
	db_flush();
	assert_int_equal(contact_count(account), 1000);
	assert_true(mallinfo2().uordblks - before < 4 * 1024 * 1024);
}

static void
a_name_of_a_megabyte_and_groups_without_end(void **state)
{
	g_autoptr(GString) xml = g_string_new(NULL);

	(void)state;
	go_online("");
	g_string_append(xml, "<iq type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='bob@b.test' name='");
	for (guint i = 0; i < 50000; i++)
		g_string_append(xml, "\xc3\xa9&#x301;");
	g_string_append(xml, "'>");
	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(xml, "<group>g%u</group>", i * 7919 % 20000);
	g_string_append(xml, "</item></query></iq>");
	arrives(xml->str);
	const Contact *bob = contact_find(account, "bob@b.test");
	assert_non_null(bob);
	assert_true(strlen(contact_name(bob)) <= 256);
	assert_true(g_utf8_validate(contact_name(bob), -1, NULL));
	must_be_quick("a push with a long name and many groups");
}

static void
pushes_by_the_thousand(void **state)
{
	(void)state;
	go_online("");
	for (guint i = 0; i < 3000; i++) {
		g_autofree char *xml = g_strdup_printf("<iq type='set' id='p%u'><query xmlns='jabber:iq:roster' ver='v%u'><item "
						       "jid='c%u@b.test' subscription='%s'/></query></iq>",
			i, i, i % 100, i % 7 ? "both" : "remove");
		arrives(xml);
	}
	assert_int_equal(count_sent("type=\"result\""), 3000);
	assert_true(contact_count(account) <= 100);
	must_be_quick("pushes");
}

static void
resources_by_the_thousand(void **state)
{
	(void)state;
	go_online("<item jid='bob@b.test' subscription='both'/>");
	size_t before = mallinfo2().uordblks;
	for (guint i = 0; i < 10000; i++) {
		g_autofree char *xml = g_strdup_printf(
			"<presence from='bob@b.test/r%u'><priority>%d</priority><status>s%u</status>"
			"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='%027u='/></presence>",
			i, (int)(i % 300) - 150, i, i);
		arrives(xml);
	}
	assert_true(mallinfo2().uordblks - before < 512 * 1024);
	assert_true(count_sent("disco#info") <= 8);
	must_be_quick("resources");
}

/* ---- 5 MB of features ---- */

static guint infos;
static char *told;

static void
on_info(Stream *stream, const Element *query, const GError *error, gpointer data)
{
	(void)stream, (void)data;
	infos++;
	g_free(told);
	told = g_strdup(error ? error->message : "");
	if (query) {
		g_auto(GStrv) features = disco_read_features(query);
		assert_true(g_strv_length(features) <= 1024);
	}
}

static GString *
large_info(const char *id, const char *from)
{
	GString *xml = g_string_new(NULL);

	g_string_append_printf(
		xml, "<iq type='result' id='%s' from='%s'><query xmlns='http://jabber.org/protocol/disco#info'>", id, from);
	for (guint i = 0; xml->len < 5 * 1024 * 1024; i++)
		g_string_append_printf(xml, "<feature var='urn:x:%u'/>", i * 7919 % 1000003);
	g_string_append(xml, "</query></iq>");
	return xml;
}

static void
five_megabytes_of_features(void **state)
{
	static const char *const whom[] = { "bob@b.test/x", "b.test", "a.test" };

	(void)state;
	go_online("<item jid='bob@b.test' subscription='both'/>");
	for (guint i = 0; i < G_N_ELEMENTS(whom); i++) {
		size_t before = mallinfo2().uordblks;
		infos = 0;
		g_ptr_array_set_size(sent, 0);
		disco_info(account_stream(account), whom[i], NULL, on_info, NULL, NULL);
		g_autofree char *id = id_of(sent_with("disco#info"));
		GString *xml = large_info(id, whom[i]);
		arrives(xml->str);
		g_string_free(xml, TRUE);
		/* Only our own server may say so much; to the others it is as if they were silent. */
		assert_int_equal(infos, i == 2);
		clock_turn(61000);
		assert_int_equal(infos, 1);
		assert_true(mallinfo2().uordblks < before + 1024 * 1024);
		must_be_quick("5 MB of features");
	}
	g_clear_pointer(&told, g_free);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(broken_items_among_good_ones),
		T(a_name_of_a_megabyte_and_groups_without_end),
		T(pushes_by_the_thousand),
		T(resources_by_the_thousand),
		T(five_megabytes_of_features),
	};

	return cmocka_run_group_tests(tests, once, NULL);
}
