/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream against a server in memory: logging in, counting, staying, coming back, leaving. */
#include "fake/online.h"
#include "xmpp/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream

static void
say(const char *body)
{
	Node *message = node_new("message", NULL);

	node_attr(message, "to", "bob@good.test");
	node_add_text(message, "body", NULL, body);
	assert_true(stream_send(STREAM, message));
}

/* ---- the rules ---- */

static void
every_state_can_end_and_hears_the_user(void **state)
{
	(void)state;
	for (enum state s = 0; s < STATES; s++) {
		assert_non_null(machine_rule(s, INPUT_LEAVE));
		assert_non_null(machine_rule(s, INPUT_CUT));
		assert_non_null(machine_rule(s, INPUT_LOST));
	}
}

/* Whatever the server says and in whichever order: online is reached through a proven login and a session only. */
static void
online_has_four_doors_and_all_are_behind_the_login(void **state)
{
	(void)state;
	guint doors = 0;
	for (guint i = 0; i < machine_rules_count; i++) {
		const struct rule *rule = &machine_rules[i];
		if (rule->next == STATE_ONLINE && rule->state != STATE_ONLINE) {
			doors++;
			assert_true(rule->state == STATE_RESUMING || rule->state == STATE_BOUND || rule->state == STATE_ENABLING);
		}
		if (rule->next == STATE_PROVEN && rule->state != STATE_PROVEN)
			assert_true(rule->state == STATE_PROVING && rule->input == INPUT_SUCCESS);
		if (rule->next == STATE_SECURE && rule->state != STATE_SECURE)
			assert_true(rule->input == INPUT_SECURED || rule->input == INPUT_SECURE_LINK);
		if (rule->next == STATE_PROVING && rule->state != STATE_PROVING)
			assert_true(rule->state == STATE_SECURE || rule->state == STATE_DERIVING);
	}
	assert_int_equal(doors, 4);
}

static void
what_the_server_says_out_of_turn_is_refused(void **state)
{
	(void)state;
	static const enum state early[] = { STATE_PLAIN, STATE_STARTTLS, STATE_SHAKING, STATE_SECURE, STATE_PROVING,
		STATE_DERIVING };
	static const enum input late[] = { INPUT_STANZA, INPUT_SKIPPED, INPUT_RESUMED, INPUT_ENABLED, INPUT_BIND_ANSWER, INPUT_ACK,
		INPUT_ACK_WANTED, INPUT_UNKNOWN };
	for (guint i = 0; i < G_N_ELEMENTS(early); i++)
		for (guint j = 0; j < G_N_ELEMENTS(late); j++)
			assert_null(machine_rule(early[i], late[j]));
	assert_null(machine_rule(STATE_PLAIN, INPUT_SUCCESS));
	assert_null(machine_rule(STATE_SECURE, INPUT_SUCCESS));
	assert_null(machine_rule(STATE_PLAIN, INPUT_PROCEED));
	assert_null(machine_rule(STATE_ONLINE, INPUT_SUCCESS));
	assert_null(machine_rule(STATE_ONLINE, INPUT_FEATURES));
}

/* ---- the way in ---- */

static void
direct_tls_and_scram_lead_online(void **state)
{
	(void)state;
	online_log_in();
	assert_string_equal(online.auth, "SCRAM-SHA-256");
	assert_null(online.binding);
	assert_false(online.resumed);
	assert_true(g_str_has_prefix(stream_full_jid(STREAM), "alice@good.test/"));
	assert_string_equal(g_hash_table_lookup(online.remembered, "login"), "SCRAM-SHA-256");
	assert_null(strstr(fake_server_received(SERVER), "pencil"));
	g_auto(GStrv) lines = stream_describe(STREAM);
	g_autofree char *text = g_strjoinv("\n", lines);
	assert_non_null(strstr(text, "server proved it knows your password"));
}

static void
starttls_comes_before_any_word_of_us(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->direct = false;
	online_log_in();
	const char *tls = strstr(fake_server_received(SERVER), "<starttls");
	const char *auth = strstr(fake_server_received(SERVER), "<auth");
	assert_true(tls && auth && tls < auth);
	g_autofree char *clear = g_strndup(fake_server_received(SERVER), (gsize)(tls - fake_server_received(SERVER)));
	assert_null(strstr(clear, "alice"));
	assert_null(strstr(clear, "lang"));
}

static void
the_channel_is_bound_where_the_server_can(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->exporter = "thirty-two bytes of the exporter";
	fake_server_offer(SERVER)->announce_binding = true;
	fake_server_offer(SERVER)->mechanisms = "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
	online_log_in();
	assert_string_equal(online.auth, "SCRAM-SHA-256-PLUS");
	assert_string_equal(online.binding, "tls-exporter");
	assert_string_equal(g_hash_table_lookup(online.remembered, "login"), "SCRAM-SHA-256-PLUS tls-exporter");
}

static void
a_wrong_password_is_said_once_and_asked_for_again(void **state)
{
	(void)state;
	online.password = "pen";
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_non_null(strstr(online.reason, "password is wrong"));
	assert_false(online.will_retry);
	assert_string_equal(online.code, "peer");
	online.password = "pencil";
	online_log_in();
	assert_int_equal(online.asked, 2);
}

static void
without_a_password_nobody_connects(void **state)
{
	(void)state;
	online.password = NULL;
	stream_connect(STREAM);
	assert_true(online_reach(CONNECTION_FAILED));
	assert_int_equal(fake_server_connections(SERVER), 0);
	assert_string_equal(online.code, "input");
}

/* P20: nothing that two sessions have in common but the address. */
static void
two_sessions_have_nothing_in_common(void **state)
{
	(void)state;
	online_log_in();
	g_autofree char *first = g_strdup(stream_full_jid(STREAM));
	stream_disconnect(STREAM);
	assert_true(online_reach(CONNECTION_OFFLINE));
	online_log_in();
	assert_string_not_equal(first, stream_full_jid(STREAM));
	assert_true(strlen(strchr(first, '/')) > 20);
}

/* ---- counting ---- */

static void
acknowledged_stanzas_are_told(void **state)
{
	(void)state;
	online_log_in();
	assert_non_null(stream_session(STREAM));
	assert_int_equal(stream_next_sequence(STREAM), 1);
	say("one");
	say("two");
	assert_int_equal(stream_next_sequence(STREAM), 3);
	assert_non_null(fake_server_wait(SERVER, "two"));
	fake_server_turn(20);
	assert_int_equal(online.ack, 2);
	assert_int_equal(stream_acknowledged(STREAM), 2);
}

static void
the_answer_waits_until_what_it_counts_is_durable(void **state)
{
	(void)state;
	online_log_in();
	online.slow_disk = true;
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
	fake_server_turn(60);
	assert_null(strstr(fake_server_received(SERVER), "<a xmlns"));
	stream_committed();
	assert_non_null(fake_server_wait(SERVER, "h=\"1\""));
}

static void
what_a_full_disk_lost_is_not_acknowledged_and_comes_again(void **state) /* M03 */
{
	(void)state;
	online_log_in();
	online.disk_full = true;
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
	assert_true(online_reach(CONNECTION_FAILED));
	assert_string_equal(online.code, "store");
	assert_null(strstr(fake_server_received(SERVER), "<a xmlns"));
	online.disk_full = false;
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_true(online.resumed);
	assert_non_null(fake_server_wait(SERVER, "<resume"));
	assert_non_null(strstr(fake_server_received(SERVER), "h='0' previd"));
}

/* "hi" is counted and the link is cut, before the server asks for the count. */
static void
count_one_and_cut(void)
{
	online_log_in();
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>hi</body></message>");
	fake_server_turn(20);
	fake_server_cut(SERVER);
	assert_true(online_reach(CONNECTION_FAILED));
}

static void
resume(const char *h)
{
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_true(online.resumed);
	assert_non_null(strstr(fake_server_received(SERVER), h));
}

static void
resuming_makes_durable_what_it_counts(void **state) /* M03 */
{
	(void)state;
	count_one_and_cut();
	int before = (int)online.flushes;
	resume("h='1' previd");
	assert_int_equal(online.flushes, before + 1);
	assert_true(g_str_has_suffix(g_hash_table_lookup(online.remembered, "session"), "\n1"));
}

static void
resuming_counts_nothing_that_is_not_durable(void **state) /* M03 */
{
	(void)state;
	count_one_and_cut();
	online.slow_disk = true;
	resume("h='0' previd");
	/* It comes again, and only then it counts. */
	online.slow_disk = false;
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
	assert_non_null(fake_server_wait(SERVER, "h=\"1\""));
}

static void
what_was_lost_while_the_link_is_down_comes_again(void **state) /* M03 */
{
	(void)state;
	count_one_and_cut();
	stream_batch_lost();
	resume("h='0' previd");
}

static void
a_cut_is_mended_by_resuming_and_nothing_is_lost(void **state)
{
	(void)state;
	online_log_in();
	g_autofree char *full = g_strdup(stream_full_jid(STREAM));
	fake_server_on(SERVER, "lost", NULL);
	fake_server_on(SERVER, "<r ", NULL);
	say("arrived");
	assert_non_null(fake_server_wait(SERVER, "arrived"));
	fake_server_cut(SERVER);
	say("lost on the way");
	assert_true(online_reach(CONNECTION_FAILED));
	assert_true(online.will_retry);
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_true(online.resumed);
	assert_string_equal(stream_full_jid(STREAM), full);
	assert_non_null(fake_server_wait(SERVER, "lost on the way"));
	assert_int_equal(online.ack, 1);
	assert_int_equal(online.asked, 1);
}

static void
a_killed_process_is_resumed_by_the_next(void **state)
{
	(void)state;
	online_log_in();
	g_autofree char *full = g_strdup(stream_full_jid(STREAM));
	g_autofree char *session = g_strdup(stream_session(STREAM));
	say("one");
	assert_non_null(fake_server_wait(SERVER, "one"));
	fake_server_send(SERVER, "<message from='bob@good.test/1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
	assert_non_null(fake_server_wait(SERVER, "h=\"1\""));
	online_restart();
	online_log_in();
	assert_true(online.resumed);
	assert_string_equal(stream_full_jid(STREAM), full);
	assert_string_equal(stream_session(STREAM), session);
	assert_int_equal(stream_acknowledged(STREAM), 1);
	assert_int_equal(stream_next_sequence(STREAM), 2);
	say("two");
	assert_non_null(fake_server_wait(SERVER, "two"));
	fake_server_turn(20);
	assert_int_equal(online.ack, 2);
}

static void
a_refused_resume_becomes_a_new_session(void **state)
{
	(void)state;
	online_log_in();
	g_autofree char *full = g_strdup(stream_full_jid(STREAM));
	fake_server_on(SERVER, "lost", NULL);
	fake_server_cut(SERVER);
	say("lost on the way");
	fake_server_forget_session(SERVER);
	assert_true(online_reach(CONNECTION_FAILED));
	stream_network_changed();
	assert_true(online_reach(CONNECTION_ONLINE));
	assert_false(online.resumed);
	assert_string_not_equal(stream_full_jid(STREAM), full);
	assert_int_equal(stream_next_sequence(STREAM), 1);
	fake_server_turn(30);
	assert_null(strstr(fake_server_received(SERVER), "lost on the way"));
}

static void
a_server_without_sessions_will_do(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->sm = false;
	online_log_in();
	assert_null(stream_session(STREAM));
	say("one");
	assert_non_null(fake_server_wait(SERVER, "one"));
	assert_null(strstr(fake_server_received(SERVER), "urn:xmpp:sm"));
}

static void
a_server_that_counts_too_far_is_left(void **state)
{
	(void)state;
	online_log_in();
	fake_server_send(SERVER, "<a xmlns='urn:xmpp:sm:3' h='4000000000'/>");
	assert_true(online_reach(CONNECTION_FAILED));
	assert_null(stream_session(STREAM));
}

static void
a_skipped_stanza_counts(void **state)
{
	(void)state;
	online_log_in();
	g_autoptr(GString) deep = g_string_new("<message from='evil@x/1'>");
	for (guint i = 0; i < 100; i++)
		g_string_append(deep, "<a>");
	for (guint i = 0; i < 100; i++)
		g_string_append(deep, "</a>");
	g_string_append(deep, "</message><r xmlns='urn:xmpp:sm:3'/>");
	fake_server_send(SERVER, deep->str);
	assert_non_null(fake_server_wait(SERVER, "h=\"1\""));
}

/* ---- staying and leaving ---- */

static void
the_stream_is_closed_in_order(void **state)
{
	(void)state;
	online_log_in();
	stream_disconnect(STREAM);
	assert_non_null(fake_server_wait(SERVER, "</stream:stream>"));
	assert_true(online_reach(CONNECTION_OFFLINE));
	assert_null(online.reason);
	assert_null(g_hash_table_lookup(online.remembered, "session"));
	fake_server_turn(20);
	assert_int_equal(fake_server_connections(SERVER), 1);
}

static void
a_suspended_stream_leaves_its_session_for_later(void **state)
{
	(void)state;
	online_log_in();
	stream_suspend(STREAM);
	assert_true(online_reach(CONNECTION_OFFLINE));
	assert_null(strstr(fake_server_received(SERVER), "</stream:stream>"));
	assert_non_null(g_hash_table_lookup(online.remembered, "session"));
	online_log_in();
	assert_true(online.resumed);
}

static void
after_a_conflict_nobody_comes_back_by_himself(void **state)
{
	(void)state;
	online_log_in();
	fake_server_send(
		SERVER, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
	assert_true(online_reach(CONNECTION_FAILED));
	assert_false(online.will_retry);
	assert_non_null(strstr(online.reason, "another program"));
}

static void
see_other_host_is_not_followed(void **state)
{
	(void)state;
	online_log_in();
	fake_server_send(SERVER, "<stream:error><see-other-host "
				 "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.test:5222</see-other-host></stream:error>");
	assert_true(online_reach(CONNECTION_FAILED));
	assert_true(online.will_retry);
	assert_non_null(strstr(online.reason, "not followed"));
}

static void
inactivity_is_told_where_the_server_listens(void **state)
{
	(void)state;
	fake_server_offer(SERVER)->features = "<csi xmlns='urn:xmpp:csi:0'/>";
	online_log_in();
	assert_true(stream_feature(STREAM, "csi", "urn:xmpp:csi:0"));
	stream_set_active(STREAM, false);
	assert_non_null(fake_server_wait(SERVER, "<inactive"));
	stream_set_active(STREAM, true);
	assert_non_null(fake_server_wait(SERVER, "<active"));
}

static void
offline_nothing_is_sent(void **state)
{
	(void)state;
	assert_false(stream_send(STREAM, node_new("message", NULL)));
	assert_false(stream_send_xml(STREAM, "<message/>"));
}

static gboolean
free_it(gpointer data)
{
	(void)data;
	return G_SOURCE_REMOVE;
}

static void
a_stream_may_be_freed_at_any_moment(void **state)
{
	(void)state;
	for (guint turns = 0; turns < 60; turns++) {
		stream_connect(STREAM);
		for (guint i = 0; i < turns; i++) {
			g_idle_add(free_it, NULL);
			g_main_context_iteration(NULL, TRUE);
		}
		online_restart();
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, online_setup, online_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_can_end_and_hears_the_user),
		cmocka_unit_test(online_has_four_doors_and_all_are_behind_the_login),
		cmocka_unit_test(what_the_server_says_out_of_turn_is_refused),
		T(direct_tls_and_scram_lead_online),
		T(starttls_comes_before_any_word_of_us),
		T(the_channel_is_bound_where_the_server_can),
		T(a_wrong_password_is_said_once_and_asked_for_again),
		T(without_a_password_nobody_connects),
		T(two_sessions_have_nothing_in_common),
		T(acknowledged_stanzas_are_told),
		T(the_answer_waits_until_what_it_counts_is_durable),
		T(what_a_full_disk_lost_is_not_acknowledged_and_comes_again),
		T(resuming_makes_durable_what_it_counts),
		T(resuming_counts_nothing_that_is_not_durable),
		T(what_was_lost_while_the_link_is_down_comes_again),
		T(a_cut_is_mended_by_resuming_and_nothing_is_lost),
		T(a_killed_process_is_resumed_by_the_next),
		T(a_refused_resume_becomes_a_new_session),
		T(a_server_without_sessions_will_do),
		T(a_server_that_counts_too_far_is_left),
		T(a_skipped_stanza_counts),
		T(the_stream_is_closed_in_order),
		T(a_suspended_stream_leaves_its_session_for_later),
		T(after_a_conflict_nobody_comes_back_by_himself),
		T(see_other_host_is_not_followed),
		T(inactivity_is_told_where_the_server_listens),
		T(offline_nothing_is_sent),
		T(a_stream_may_be_freed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
