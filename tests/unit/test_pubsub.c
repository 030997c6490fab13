/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishing with the right access on servers of every kind, and the archive's questions with their gate. */
#include "api/pubsub.h"
#include "base/base.h"
#include "base/clock.h"
#include "wire.h"
#include "xmpp/disco.h"
#include "xmpp/mam.h"
#include "xmpp/xmpp.h"

#define OPTIONS "http://jabber.org/protocol/pubsub#publish-options"
#define CONDITION(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
#define NOT_MET CONDITION("conflict") "<precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/>"

static guint ends;
static GError *last_error;
static char *last_items;

static void
ended(Stream *stream, const Element *items, const GError *error, gpointer data)
{
	(void)stream, (void)data;
	ends++;
	g_clear_error(&last_error);
	g_free(last_items);
	last_error = error ? g_error_copy(error) : NULL;
	last_items = items ? element_to_xml(items) : NULL;
}

static int
set_up(void **state)
{
	(void)state;
	sent = g_ptr_array_new_with_free_func(g_free);
	ends = 0;
	wire_stream = stream_new(&(struct stream_config){ .jid = ME }, &(struct stream_memory){ 0 }, NULL);
	wire_stream->online = true;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	disco_forget(wire_stream);
	stream_free(wire_stream);
	wire_stream = NULL;
	g_ptr_array_unref(sent);
	g_clear_error(&last_error);
	g_clear_pointer(&last_items, g_free);
	return 0;
}

static void
publish(enum pubsub_access access)
{
	Node *payload = node_new("list", "urn:list");
	node_attr(node_add(payload, "device", NULL), "id", "1");
	pubsub_publish(wire_stream, "urn:node", "current", access, payload, ended, NULL, NULL);
}

static void
know(const char *feature)
{
	const char *none[] = { NULL }, *one[] = { feature, NULL };
	disco_know(wire_stream, DISCO_ACCOUNT, feature ? one : none);
	disco_know(wire_stream, DISCO_SERVER, none);
}

/* The newest question is refused; everything older was looked at. */
static void
refuse(const char *conditions)
{
	g_autofree char *id = id_of(sent->pdata[sent->len - 1]);
	g_ptr_array_set_size(sent, 0);
	saysf("<iq type='error' id='%s'><error type='cancel'>%s</error></iq>", id, conditions);
}

static void
accept(void)
{
	g_autofree char *id = id_of(sent->pdata[sent->len - 1]);
	g_ptr_array_set_size(sent, 0);
	saysf("<iq type='result' id='%s'/>", id);
}

static void
one_question_is_enough_with_options(void **state)
{
	(void)state;
	know(OPTIONS);
	publish(PUBSUB_OPEN);
	const char *xml = sent_with("publish-options");
	assert_non_null(strstr(xml, "<item id=\"current\"><list xmlns=\"urn:list\"><device id=\"1\"/></list></item>"));
	assert_non_null(strstr(xml, "<field var=\"pubsub#access_model\"><value>open</value></field>"));
	assert_int_equal(ends, 0);
	accept();
	assert_int_equal(ends, 1);
	assert_null(last_error);
	assert_int_equal(sent->len, 0);
}

static void
a_node_with_another_access_is_configured_first(void **state)
{
	(void)state;
	publish(PUBSUB_OPEN);
	refuse(NOT_MET);
	assert_non_null(strstr(sent_with("<configure"), "<value>open</value>"));
	accept();
	assert_non_null(strstr(sent_with("<publish"), "device id=\"1\""));
	assert_null(sent_with("publish-options"));
	assert_int_equal(ends, 0);
	accept();
	assert_int_equal(ends, 1);
	assert_null(last_error);
}

static void
a_server_without_options_gets_the_node_first(void **state)
{
	(void)state;
	know(NULL);
	publish(PUBSUB_WHITELIST);
	assert_null(sent_with("<item"));
	assert_non_null(strstr(sent_with("<create"), "<value>whitelist</value>"));
	refuse(CONDITION("conflict"));
	assert_null(sent_with("<item"));
	assert_non_null(strstr(sent_with("<configure"), "<value>whitelist</value>"));
	accept();
	assert_non_null(sent_with("<item"));
	accept();
	assert_int_equal(ends, 1);
	assert_null(last_error);
}

static void
a_server_that_makes_nodes_only_by_publishing_is_configured_last(void **state)
{
	(void)state;
	publish(PUBSUB_OPEN);
	refuse(CONDITION("feature-not-implemented"));
	assert_non_null(sent_with("<create"));
	refuse(CONDITION("feature-not-implemented"));
	refuse(CONDITION("item-not-found"));
	assert_non_null(sent_with("<item"));
	accept();
	assert_non_null(strstr(sent_with("<configure"), "<value>open</value>"));
	assert_int_equal(ends, 0);
	accept();
	assert_int_equal(ends, 1);
	assert_null(last_error);
}

/* What only we may read must not be there for others, not even for a moment. */
static void
nothing_private_is_published_where_access_cannot_be_set(void **state)
{
	(void)state;
	publish(PUBSUB_WHITELIST);
	refuse(CONDITION("feature-not-implemented"));
	assert_null(sent_with("<item"));
	refuse(CONDITION("feature-not-implemented"));
	assert_null(sent_with("<item"));
	refuse(CONDITION("item-not-found"));
	assert_int_equal(ends, 1);
	assert_non_null(last_error);
	assert_int_equal(sent->len, 0);
}

static void
a_refusal_is_told_once(void **state)
{
	(void)state;
	publish(PUBSUB_OPEN);
	refuse(CONDITION("forbidden"));
	assert_int_equal(ends, 1);
	assert_non_null(last_error);
	publish(PUBSUB_OPEN);
	refuse(NOT_MET);
	wire_stream->online = false;
	iq_lost(wire_stream);
	assert_int_equal(ends, 2);
	clock_turn(1);
	assert_int_equal(ends, 2);
	assert_int_equal(last_error->code, FAULT_OFFLINE);
}

static void
items_come_from_the_one_who_was_asked(void **state)
{
	(void)state;
	pubsub_fetch(wire_stream, "bob@b.test", "urn:node", ended, NULL, NULL);
	const char *xml = sent_with("<items");
	assert_non_null(strstr(xml, "to=\"bob@b.test\""));
	g_autofree char *id = id_of(xml);
	const char *answer_xml =
		"<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:node'><item id='1'/></items></pubsub>";
	saysf("<iq type='result' id='%s' from='mallory@b.test'>%s</iq>", id, answer_xml);
	saysf("<iq type='result' id='%s'>%s</iq>", id, answer_xml);
	assert_int_equal(ends, 0);
	saysf("<iq type='result' id='%s' from='bob@b.test'>%s</iq>", id, answer_xml);
	assert_int_equal(ends, 1);
	assert_non_null(strstr(last_items, "item"));
	pubsub_fetch(wire_stream, "bob@b.test", "urn:other", ended, NULL, NULL);
	g_autofree char *other = id_of(sent_with("urn:other"));
	saysf("<iq type='result' id='%s' from='bob@b.test'>%s</iq>", other, answer_xml);
	assert_int_equal(ends, 2);
	assert_non_null(last_error);
}

static char *last_access;

static void
access_told(Stream *stream, const char *access, const GError *error, gpointer data)
{
	(void)stream, (void)error, (void)data;
	g_free(last_access);
	last_access = g_strdup(access);
}

static void
access_is_read_from_the_form(void **state)
{
	(void)state;
	pubsub_get_access(wire_stream, "urn:node", access_told, NULL, NULL);
	g_autofree char *id = id_of(sent_with("<configure"));
	saysf("<iq type='result' id='%s'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='urn:node'>"
	      "<x xmlns='jabber:x:data' type='form'><field var='pubsub#title'><value>t</value></field>"
	      "<field var='pubsub#access_model' "
	      "type='list-single'><option><value>open</value></option><value>presence</value></field></x>"
	      "</configure></pubsub></iq>",
		id);
	assert_string_equal(last_access, "presence");
	g_clear_pointer(&last_access, g_free);
}

/* ---- the archive ---- */

static struct mam_page last_page;
static char *last_first, *last_last;

static void
page_done(Stream *stream, const struct mam_page *page, const GError *error, gpointer data)
{
	(void)stream, (void)error, (void)data;
	ends++;
	last_page = page ? *page : (struct mam_page){ 0 };
	g_free(last_first);
	g_free(last_last);
	last_first = page ? g_strdup(page->first_id) : NULL;
	last_last = page ? g_strdup(page->last_id) : NULL;
}

static char *
query_id(void)
{
	const char *xml = sent_with("queryid");
	const char *at = strstr(xml, "queryid=\"") + 9;
	return g_strndup(at, strcspn(at, "\""));
}

/* A03 */
static void
results_count_while_their_query_runs(void **state)
{
	(void)state;
	mam_query(wire_stream, &(struct mam_query){ .with = "bob@b.test", .before_id = "", .max = 20 }, page_done, NULL, NULL);
	g_autofree char *query = query_id();
	assert_true(strlen(query) >= 16);
	assert_non_null(strstr(sent_with("queryid"), "<max>20</max><before/>"));
	assert_non_null(strstr(sent_with("queryid"), "<field var=\"with\"><value>bob@b.test</value></field>"));
	assert_true(mam_expected(wire_stream, NULL, query));
	assert_true(mam_expected(wire_stream, ME, query));
	assert_false(mam_expected(wire_stream, "mallory@b.test", query));
	assert_false(mam_expected(wire_stream, "alice@a.test/other", query));
	assert_false(mam_expected(wire_stream, "a.test", query));
	assert_false(mam_expected(wire_stream, ME, "guess"));
	assert_false(mam_expected(wire_stream, ME, NULL));
	g_autofree char *id = id_of(sent_with("queryid"));
	saysf("<iq type='result' id='%s'><fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>"
	      "<first index='0'>a1</first><last>a9</last><count>9</count></set></fin></iq>",
		id);
	assert_int_equal(ends, 1);
	assert_true(last_page.complete);
	assert_int_equal(last_page.count, 9);
	assert_string_equal(last_first, "a1");
	assert_string_equal(last_last, "a9");
	assert_false(mam_expected(wire_stream, ME, query));
	g_clear_pointer(&last_first, g_free);
	g_clear_pointer(&last_last, g_free);
}

static void
a_lost_query_ends_once_and_lets_nothing_through(void **state)
{
	(void)state;
	mam_query(wire_stream, &(struct mam_query){ .after_id = "a9" }, page_done, NULL, NULL);
	g_autofree char *query = query_id();
	assert_non_null(strstr(sent_with("queryid"), "<after>a9</after>"));
	iq_lost(wire_stream);
	assert_int_equal(ends, 1);
	assert_false(mam_expected(wire_stream, ME, query));
}

static int
once(void **state)
{
	(void)state;
	base_init(NULL);
	xmpp_init();
	clock_hold(G_USEC_PER_SEC);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_question_is_enough_with_options),
		TEST(a_node_with_another_access_is_configured_first),
		TEST(a_server_without_options_gets_the_node_first),
		TEST(a_server_that_makes_nodes_only_by_publishing_is_configured_last),
		TEST(nothing_private_is_published_where_access_cannot_be_set),
		TEST(a_refusal_is_told_once),
		TEST(items_come_from_the_one_who_was_asked),
		TEST(access_is_read_from_the_form),
		TEST(results_count_while_their_query_runs),
		TEST(a_lost_query_ends_once_and_lets_nothing_through),
	};
	return cmocka_run_group_tests(tests, once, NULL);
}
