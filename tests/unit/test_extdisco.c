/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The services that our server names: read strictly, bounded, with credentials that are asked for where they are kept back. */
#include "base/base.h"
#include "base/clock.h"
#include "wire.h"
#include "xmpp/extdisco.h"
#include "xmpp/xmpp.h"

#define SERVICES(inner) "<services xmlns='urn:xmpp:extdisco:2'>" inner "</services>"
#define CREDENTIALS(inner) "<credentials xmlns='urn:xmpp:extdisco:2'>" inner "</credentials>"
#define SERVER "a.test"

static guint ends, freed;
static char *list; /* of the last answer, NULL with an error */
static char *sentence;

static void
came(Stream *stream, const GArray *services, const GError *error, gpointer data)
{
	assert_ptr_equal(stream, wire_stream);
	assert_ptr_equal(data, &ends);
	assert_true(!services == !!error);
	ends++;
	g_free(list);
	g_free(sentence);
	sentence = error ? g_strdup(error->message) : NULL;
	GString *text = services ? g_string_new(NULL) : NULL;
	for (guint i = 0; services && i < services->len; i++) {
		const struct ext_service *service = &g_array_index(services, struct ext_service, i);
		g_string_append_printf(
			text, "%s%s %s %u %s", i ? "\n" : "", service->type, service->host, service->port, service->transport);
		if (*service->user || *service->password)
			g_string_append_printf(text, " %s:%s", service->user, service->password);
		if (service->expires)
			g_string_append_printf(text, " until %" G_GINT64_FORMAT, service->expires / G_USEC_PER_SEC);
	}
	list = text ? g_string_free(text, FALSE) : NULL;
}

static void
count_freed(gpointer data)
{
	assert_ptr_equal(data, &ends);
	freed++;
}

static int
set_up(void **state)
{
	(void)state;
	sent = g_ptr_array_new_with_free_func(g_free);
	ends = freed = 0;
	wire_stream = stream_new(&(struct stream_config){ .jid = ME }, &(struct stream_memory){ 0 }, NULL);
	wire_stream->online = true;
	extdisco_ask(wire_stream, came, &ends, count_freed);
	assert_int_equal(ends, 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (wire_stream)
		stream_free(wire_stream);
	wire_stream = NULL;
	assert_int_equal(ends, 1);
	assert_int_equal(freed, 1);
	g_ptr_array_unref(sent);
	g_clear_pointer(&list, g_free);
	g_clear_pointer(&sentence, g_free);
	return 0;
}

static void
reply(const char *question, const char *payload)
{
	g_autofree char *id = id_of(sent_with(question));
	saysf("<iq type='result' id='%s' from='" SERVER "' to='" FULL "'>%s</iq>", id, payload);
}

static void
refuse(const char *question, const char *condition)
{
	g_autofree char *id = id_of(sent_with(question));
	saysf("<iq type='error' id='%s' from='" SERVER "'><error type='cancel'><%s "
	      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		id, condition);
}

static void
what_the_server_names_comes_in_its_order(void **state)
{
	(void)state;
	assert_non_null(strstr(sent_with("<services"), "to=\"" SERVER "\""));
	reply("<services", SERVICES("<service type='stun' host='stun.a.test' port='9998' transport='udp'/>"
				    "<service type='turn' host='192.0.2.1' port='9999' transport='tcp' username='u' password='p' "
				    "expires='2026-11-30T12:00:00Z' restricted='true'/>"
				    "<service type='turns' host='2001:db8::1' username='u' password='p'/>"
				    "<service type='turn' host='relay' username='u' password='p'/><service type='stuns' host='s'/>"
				    "<service type='ftp' host='f' port='20'/>"));
	assert_string_equal(list, "stun stun.a.test 9998 udp\nturn 192.0.2.1 9999 tcp u:p until 1796040000\n"
				  "turns 2001:db8::1 5349 tcp u:p\nturn relay 3478 udp u:p\nstuns s 5349 tcp");
}

/* As Prosody 0.12 with mod_turn_external answers. */
static void
what_prosody_says_is_understood(void **state)
{
	(void)state;
	reply("<services", SERVICES("<service port='26647' type='stun' transport='udp' host='127.0.0.1'/>"
				    "<service port='26647' restricted='1' type='turn' password='UQyPI55eJ2d418aCFZ97CG34IrQ=' "
				    "expires='2026-12-01T11:49:24Z' transport='udp' username='1796125764' host='127.0.0.1'/>"));
	assert_string_equal(list, "stun 127.0.0.1 26647 udp\n"
				  "turn 127.0.0.1 26647 udp 1796125764:UQyPI55eJ2d418aCFZ97CG34IrQ= until 1796125764");
}

/* One bad line does not take the others with it. */
static void
what_is_malformed_is_left_out(void **state)
{
	(void)state;
	reply("<services",
		SERVICES("<service/><service type='stun'/><service type='stun' host=''/><service type='stun' host='a b'/>"
			 "<service type='stun' host='a@b'/><service type='stun' host='a/b?c'/><service type='stun' host='[::1]'/>"
			 "<service type='stun' host='::zz'/><service type='stun' host='-a'/><service type='stun' host='ä'/>"
			 "<service type='stun' host='a' port='0'/><service type='stun' host='a' port='65536'/>"
			 "<service type='stun' host='a' port='-1'/><service type='stun' host='a' port='x'/>"
			 "<service type='stun' host='a' transport='sctp'/><service type='stun' host='a' transport=''/>"
			 "<service type='STUN' host='a'/><service xmlns='urn:x' type='stun' host='a'/>"
			 "<service type='turn' host='a' username='u&#10;v' password='p'/>"
			 "<service type='stun' host='good' expires='never'/>"));
	assert_string_equal(list, "stun good 3478 udp");
}

static void
sixteen_are_enough(void **state)
{
	(void)state;
	GString *xml = g_string_new("<services xmlns='urn:xmpp:extdisco:2'>");
	for (guint i = 0; i < 1000; i++)
		g_string_append_printf(xml, "<service type='turn' host='h%u'/>", i);
	g_string_append(xml, "</services>");
	reply("<services", xml->str);
	g_string_free(xml, TRUE);
	assert_int_equal(count_sent("<credentials"), 16);
	assert_int_equal(ends, 0);
}

static void
long_words_are_left_out(void **state)
{
	(void)state;
	g_autofree char *word = g_strnfill(600, 'a');
	g_autofree char *xml = g_strdup_printf(SERVICES("<service type='stun' host='%s'/>"
							"<service type='turn' host='a' username='%s' password='p'/>"
							"<service type='turn' host='a' username='u' password='%s'/>"),
		word, word, word);
	reply("<services", xml);
	assert_string_equal(list, "");
}

static void
a_server_that_does_not_know_the_question_names_none(void **state)
{
	(void)state;
	refuse("<services", "service-unavailable");
	assert_string_equal(list, "");
}

static void
a_refusal_is_an_error_in_words(void **state)
{
	(void)state;
	refuse("<services", "forbidden");
	assert_null(list);
	assert_non_null(sentence);
}

static void
an_answer_without_a_list_is_an_error(void **state)
{
	(void)state;
	reply("<services", "<services xmlns='urn:xmpp:extdisco:1'/>");
	assert_null(list);
	assert_string_equal(sentence, "the server of " ME " gave no list of services");
}

/* The route takes the answer of nobody else. */
static void
only_our_server_is_believed(void **state)
{
	(void)state;
	g_autofree char *id = id_of(sent_with("<services"));
	saysf("<iq type='result' id='%s' from='b.test'>" SERVICES("<service type='stun' host='evil'/>") "</iq>", id);
	assert_int_equal(ends, 0);
	reply("<services", SERVICES(""));
	assert_string_equal(list, "");
}

static void
the_loss_of_the_stream_is_an_error(void **state)
{
	(void)state;
	stream_disconnect(wire_stream);
	assert_int_equal(ends, 1);
	assert_null(list);
}

static void
credentials_are_asked_for_by_name(void **state)
{
	(void)state;
	reply("<services", SERVICES("<service type='stun' host='s'/><service type='turn' host='r' port='7' restricted='true'/>"
				    "<service type='turn' host='q'/><service type='stun' host='t' restricted='1'/>"));
	assert_int_equal(ends, 0);
	assert_int_equal(count_sent("<credentials"), 3);
	const char *question = sent_with("host=\"r\"");
	assert_non_null(strstr(question, "to=\"" SERVER "\""));
	assert_non_null(strstr(question, "type=\"turn\""));
	assert_non_null(strstr(question, "port=\"7\""));
	/* In another order than asked, one of them refused, one with the credentials of another place beside. */
	reply("host=\"t\"", CREDENTIALS("<service type='stun' host='t' username='v' password='w'/>"));
	refuse("host=\"q\"", "forbidden");
	assert_int_equal(ends, 0);
	reply("host=\"r\"", CREDENTIALS("<service type='turn' host='x' username='no' password='no'/>"
					"<service type='turn' host='r' port='8' username='no' password='no'/>"
					"<service type='turn' host='r' port='7' username='u' password='p'/>"));
	assert_string_equal(list, "stun s 3478 udp\nturn r 7 udp u:p\nstun t 3478 udp v:w");
}

static void
without_credentials_a_relay_is_left_out(void **state)
{
	(void)state;
	reply("<services", SERVICES("<service type='turn' host='r' username='u'/>"));
	reply("<credentials", CREDENTIALS("<service type='turn' host='r' username='u'/>"));
	assert_string_equal(list, "");
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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_the_server_names_comes_in_its_order),
		TEST(what_prosody_says_is_understood),
		TEST(what_is_malformed_is_left_out),
		TEST(sixteen_are_enough),
		TEST(long_words_are_left_out),
		TEST(a_server_that_does_not_know_the_question_names_none),
		TEST(a_refusal_is_an_error_in_words),
		TEST(an_answer_without_a_list_is_an_error),
		TEST(only_our_server_is_believed),
		TEST(the_loss_of_the_stream_is_an_error),
		TEST(credentials_are_asked_for_by_name),
		TEST(without_credentials_a_relay_is_left_out),
	};
	return cmocka_run_group_tests(tests, once, NULL);
}
