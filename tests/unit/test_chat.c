/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chat: the way out and the way in, with a server that is this test. */
#include "chat_wire.h"

static const Message *
say(const char *text)
{
	g_autoptr(GError) error = NULL;
	const Message *message = convo_say(bob(), text, &error);

	if (!message)
		fail_msg("%s", error->message);
	return message;
}

static guint
lines(void)
{
	g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 1000);

	return page->len;
}

static char *
line(guint n)
{
	g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 1000);
	const Message *message = n < page->len ? g_ptr_array_index(page, n) : NULL;

	return message ? g_strdup(message->body ? message->body : message->reason) : NULL;
}

static void
must_say(guint n, const char *text)
{
	g_autofree char *is = line(n);

	assert_non_null(is);
	assert_string_equal(is, text);
}

static void
answer_yes_or_no(const char *choice)
{
	guint id = ask_open(NULL, NULL);

	assert_int_not_equal(id, 0);
	assert_true(ask_answer(id, choice, NULL));
}

static void
make_readable(void)
{
	assert_true(convo_set_seal(bob(), CONVO_READABLE, NULL));
	forget_told();
}

/* ---- out ---- */

static void
without_keys_nothing_leaves_before_a_yes(void **state)
{
	(void)state;
	load_veil();
	veil.usable = false;
	veil.readiness = E2EE_NO_KEYS;
	log_in_and_catch_up("s1");
	say("hush");
	told_times("ask ", 1);
	out_times("hush", 0);
	out_times("<body", 0);
	answer_yes_or_no("yes");
	out_times("<body>hush</body>", 1);
	assert_int_equal(convo_seal_state(bob()), CONVO_READABLE);
	told_times("both servers can read", 1);
}

static void
without_keys_a_no_fails_what_waits(void **state)
{
	(void)state;
	load_veil();
	veil.usable = false;
	veil.readiness = E2EE_NO_KEYS;
	log_in_and_catch_up("s1");
	say("one");
	say("two");
	answer_yes_or_no("no");
	told_times("state failed", 2);
	assert_int_equal(wire.out->len, 0);
	assert_int_equal(ask_open(NULL, NULL), 0);
}

static void
a_chat_seals_itself_and_stays_sealed_over_lives(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	say("hush");
	out_times("hush", 0);
	out_times("[this is veiled]", 1);
	out_times("<encryption ", 1);
	out_times("markable", 0);
	out_times("chatstates", 0);
	assert_int_equal(convo_seal_state(bob()), CONVO_SEALED);
	end_life();
	start_life();
	assert_int_equal(convo_seal_state(bob()), CONVO_SEALED);
	load_veil();
	veil.readiness = E2EE_NO_KEYS; /* D01 */
	log_in_and_catch_up("s2");
	say("again");
	told_times("state failed", 1);
	told_times("alert not-sent", 1);
	out_times("again", 0);
	out_times("<body", 0);
	assert_int_equal(convo_seal_state(bob()), CONVO_SEALED);
}

static void
a_sealed_chat_without_its_plugin_waits(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	assert_true(convo_set_seal(bob(), CONVO_SEALED, NULL));
	unload_veil();
	forget_told();
	say("patience");
	say("more");
	assert_int_equal(wire.out->len, 0);
	told_times("state pending", 1);
	told_times("alert", 0);
	load_veil();
	out_times("[this is veiled]", 2);
}

/* D15: the library fails at sealing. */
static void
what_cannot_be_sealed_is_not_sent(void **state)
{
	(void)state;
	load_veil();
	veil.fails = true;
	log_in_and_catch_up("s1");
	say("secret");
	assert_int_equal(wire.out->len, 0);
	told_times("state failed bob@away.example: the veil is torn", 1);
	{
		g_autoptr(Rows) rows = store_select(NULL, "SELECT count(*) FROM veil_sent", "");

		assert_true(rows_next(rows));
		assert_int_equal(rows_int(rows, 0), 0);
	}
	veil.fails = false;
	say("fine");
	out_times("[this is veiled]", 1);
}

/* M03 */
static void
a_full_disk_makes_it_wait_until_there_is_room(void **state)
{
	(void)state;
	load_veil();
	veil.disk_full = true;
	log_in_and_catch_up("s1");
	say("patient");
	assert_int_equal(wire.out->len, 0);
	told_times("state pending bob@away.example: waits: the disk is full", 1);
	told_times("state failed", 0);
	veil.disk_full = false;
	clock_turn(6000);
	out_times("[this is veiled]", 1);
}

/* The number that is committed with a stanza must be that of this stanza: nothing may be written in between. */
static void
a_receipt_does_not_take_the_number_of_a_message(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	server_says("<message from='" BOB "/x' to='" ME "' type='chat' id='b1'><body>x</body>"
		    "<request xmlns='urn:xmpp:receipts'/></message>");
	say("mine");
	assert_non_null(strstr(g_ptr_array_index(wire.out, 0), "mine"));
	{
		g_autoptr(GPtrArray) rows = outbox_table_list(ME, NULL);

		assert_int_equal(rows->len, 1);
		assert_int_equal(((OutboxRow *)g_ptr_array_index(rows, 0))->sequence, wire.stream->sent);
	}
	clock_turn(10);
	out_times("<received", 1);
}

static void
keys_that_take_long_hold_up_one_chat_only(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	veil.later = true;
	say("first");
	say("second");
	assert_int_equal(veil.prepared, 1);
	veil.later = false;
	assert_non_null(convo_say(convo_get(me(), EVE), "for eve", NULL));
	out_times("to=\"" EVE "\"", 1);
	out_times("to=\"" BOB "\"", 0);
	veil_answers(E2EE_READY);
	out_times("to=\"" BOB "\"", 2);
}

static void
what_is_waited_for_is_told_and_ends(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	veil.later = true;
	say("one");
	clock_turn(3000);
	told_times("asking", 0);
	clock_turn(2000);
	told_times("state pending " BOB ": asking away.example for the keys of " BOB, 1);
	clock_turn(25000);
	told_times("state pending " BOB ": away.example does not answer", 1);
	assert_int_equal(veil.prepared, 1);
	/* The answer that comes after that is nobody's any more; the next try has its own. */
	veil_answers(E2EE_READY);
	assert_int_equal(wire.out->len, 0);
	clock_turn(6000);
	assert_int_equal(veil.prepared, 2);
	out_times("[this is veiled]", 1);
}

static void
an_undecided_device_waits_for_a_decision(void **state)
{
	(void)state;
	load_veil();
	veil.readiness = E2EE_UNDECIDED;
	veil.sentence = "bob has a new device - /verify it";
	log_in_and_catch_up("s1");
	say("one");
	say("two");
	told_times("state pending " BOB ": bob has a new device - /verify it", 1);
	told_times("alert", 0);
	assert_int_equal(wire.out->len, 0);
	veil.readiness = E2EE_READY;
	event_emit(&(Event){ .kind = EVENT_TRUST, .account = ME, .trust = { .peer = BOB } });
	out_times("[this is veiled]", 2);
}

static void
a_network_failure_of_prepare_is_tried_again(void **state)
{
	(void)state;
	load_veil();
	veil.readiness = E2EE_RETRY;
	log_in_and_catch_up("s1");
	say("one");
	assert_int_equal(veil.prepared, 1);
	clock_turn(4000);
	assert_int_equal(veil.prepared, 1);
	clock_turn(2000);
	assert_int_equal(veil.prepared, 2);
	veil.readiness = E2EE_READY;
	clock_turn(20000);
	out_times("[this is veiled]", 1);
}

static void
switching_off_does_not_let_out_what_was_typed_sealed(void **state)
{
	(void)state;
	load_veil();
	assert_true(convo_set_seal(bob(), CONVO_SEALED, NULL));
	say("typed while sealed");
	assert_true(convo_set_seal(bob(), CONVO_READABLE, NULL));
	log_in("s1");
	archive_ends(NULL, NULL, true);
	out_times("typed while sealed", 0);
	told_times("state failed", 1);
	say("typed while readable");
	out_times("<body>typed while readable</body>", 1);
}

static void
offline_text_leaves_at_login_in_order(void **state)
{
	(void)state;
	make_readable();
	say("one");
	say("two");
	assert_int_equal(wire.out->len, 0);
	log_in_and_catch_up("s1");
	end_life();
	start_life();
	assert_false(outbox_is_empty() && false);
	log_in("s2");
	assert_int_equal(wire.out->len, 0);
	archive_ends(NULL, NULL, true);
	assert_true(strstr(g_ptr_array_index(wire.out, 0), "one") && strstr(g_ptr_array_index(wire.out, 1), "two"));
}

static void
states_only_move_forward(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	g_autofree char *id = g_strdup(say("hello")->wire_id);

	told_times("state sent", 0);
	server_says("<message from='" BOB "/x' to='" ME "'><received xmlns='urn:xmpp:receipts' id='%s'/></message>", id);
	told_times("state delivered", 1);
	acknowledge(wire.stream->sent);
	told_times("state sent", 0);
	server_says("<message from='" BOB "/x' to='" ME "'><displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/></message>", id);
	server_says("<message from='" BOB "/x' to='" ME "'><received xmlns='urn:xmpp:receipts' id='%s'/></message>", id);
	told_times("state read", 1);
	told_times("state delivered", 1);
	/* From another sender none of it counts. */
	server_says("<message from='" EVE "/x' to='" ME "' type='error' id='%s'><error type='cancel'/></message>", id);
	told_times("state failed", 0);
}

static void
an_error_of_the_peer_is_told_with_its_words(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	g_autofree char *id = g_strdup(say("hello")->wire_id);

	server_says("<message from='" EVE "/x' to='" ME "' type='error' id='%s'><error type='cancel'/></message>", id);
	told_times("state failed", 0);
	server_says("<message from='" BOB "' to='" ME "' type='error' id='%s'><error type='cancel'>"
		    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		id);
	told_times("did not take it: service-unavailable", 1);
}

static void
server_refuses(const char *id, const char *type, const char *condition)
{
	server_says("<message from='" BOB "' to='" ME "' type='error' id='%s'><error type='%s'>"
		    "<%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		id, type, condition);
}

static void
what_failed_says_why_and_goes_again_once(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	g_autoptr(GError) error = NULL;
	g_autofree char *id = g_strdup(say("hello")->wire_id), *second = NULL;

	assert_null(convo_resend(bob(), NULL, &error));
	assert_non_null(error);
	server_refuses(id, "cancel", "remote-server-not-found");
	told_times("state failed " BOB ": the server away.example cannot be found or reached now: /resend", 1);
	{
		const Message *again = convo_resend(bob(), NULL, NULL);

		assert_non_null(again);
		assert_string_equal(again->body, "hello");
		assert_string_not_equal(again->wire_id, id);
		second = g_strdup(again->wire_id);
	}
	out_times("<body>hello</body>", 2);
	told_times("it was sent again", 1);
	assert_null(convo_resend(bob(), NULL, NULL));
	server_refuses(second, "wait", "undefined-condition");
	told_times("/resend sends it again", 2);
	{
		g_autoptr(Message) failed = archive_find_wire_id(ME, BOB, second, MESSAGE_OUT, NULL);
		g_autofree char *third = NULL;

		assert_int_equal(failed->state, MESSAGE_FAILED);
		assert_non_null(failed->reason);
		third = g_strdup(failed->id);
		assert_non_null(convo_resend(NULL, third, NULL));
		assert_null(convo_resend(NULL, third, NULL));
	}
	out_times("<body>hello</body>", 3);
}

static void
an_acknowledgement_frees_exactly_what_it_counts(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	say("one");
	guint64 first = wire.stream->sent;

	say("two");
	acknowledge(first);
	told_times("state sent", 1);
	assert_false(outbox_is_empty());
	acknowledge(first + 1);
	told_times("state sent", 2);
	assert_true(outbox_is_empty());
}

static void
without_stream_management_written_is_sent(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up(NULL);
	say("one");
	told_times("state sent", 1);
	assert_true(outbox_is_empty());
}

static char *
id_of_last_out(void)
{
	return between(g_ptr_array_index(wire.out, wire.out->len - 1), "id=\"", "\"");
}

/* M01, one half: killed after writing, before the acknowledgement; the server's session is gone. */
static void
after_a_lost_session_the_archive_decides(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	say("arrived");
	g_autofree char *arrived = id_of_last_out();

	say("lost");
	g_autofree char *lost = id_of_last_out();

	end_life();
	start_life();
	load_veil();
	log_in("s2");
	assert_int_equal(wire.out->len, 0);
	{
		g_autofree char *xml = g_strdup_printf("<message from='" ME "/old' to='" BOB "' type='chat' id='%s'>"
						       "<encrypted xmlns='" VEIL "' n='n1'><payload>eA==</payload></encrypted>"
						       "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/></message>",
			arrived, arrived);

		archive_gives("a1", "2026-11-24T10:00:00Z", xml);
	}
	archive_ends("a1", "a1", true);
	told_times("state sent", 1);
	out_times(arrived, 0);
	out_times(lost, 1);
	assert_int_equal(wire.out->len, 1);
	assert_int_equal(lines(), 2);
}

/* A message of the peer was kept after ours was written: the archive is asked from before ours. */
static void
a_doubt_is_looked_for_from_before_it_was_written(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	server_says("<message from='" BOB "/x' to='" ME "' type='chat' id='b1'><body>before</body>"
		    "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k1'/></message>");
	clock_turn(1000);
	say("in doubt");
	clock_turn(1000);
	server_says("<message from='" BOB "/x' to='" ME "' type='chat' id='b3'><body>after</body>"
		    "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k3'/></message>");
	end_life();
	start_life();
	log_in("s2");
	archive_gives("k9", "2026-11-24T15:00:00Z",
		"<message from='" EVE "/x' to='" ME "' type='chat' id='e9'><body>nine</body></message>");
	archive_ends("k9", "k9", false);
	while (question_with("urn:xmpp:mam:2") && !strstr(archive_question()->xml, "<after>k1</after>"))
		archive_ends(NULL, NULL, true);
	assert_non_null(question_with("<after>k1</after>"));
	assert_int_equal(wire.out->len, 0);
}

static void
a_receipt_ends_a_doubt(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	g_autofree char *id = g_strdup(say("arrived")->wire_id);

	set_online(false, false);
	forget_told();
	log_in("s2");
	server_says("<message from='" BOB "/x' to='" ME "'><received xmlns='urn:xmpp:receipts' id='%s'/></message>", id);
	archive_ends(NULL, NULL, true);
	assert_int_equal(wire.out->len, 0);
	told_times("state delivered", 1);
	assert_true(outbox_is_empty());
}

/* M01, the other half: the session is resumed by a new process. */
static void
a_resumed_session_in_a_new_life_sends_only_what_is_above_h(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	say("one");
	guint64 first = wire.stream->sent;

	say("two");
	g_autofree char *two = id_of_last_out();

	end_life();
	start_life();
	load_veil();
	wire.stream->session = g_strdup("s1");
	wire.stream->sent = wire.stream->acknowledged = first;
	set_online(true, true);
	assert_int_equal(wire.out->len, 1);
	out_times(two, 1);
	told_times("state sent", 1);
	acknowledge(first + 1);
	told_times("state sent", 2);
	assert_true(outbox_is_empty());
}

static void
a_broken_line_in_one_life_asks_the_archive_too(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	say("one");
	set_online(false, false);
	say("two");
	forget_told();
	log_in("s2");
	assert_int_equal(wire.out->len, 0);
	archive_ends(NULL, NULL, true);
	assert_int_equal(wire.out->len, 2);
	assert_non_null(strstr(g_ptr_array_index(wire.out, 0), "one"));
	/* A server without an archive: what is in doubt is sent again under the same id. */
	set_online(false, false);
	forget_told();
	log_in("s3");
	archive_refuses("service-unavailable", FAULT_PEER);
	assert_int_equal(wire.out->len, 2);
}

static void
a_correction_replaces_its_original_and_leaves_as_one(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	say("helo");
	g_autofree char *first = id_of_last_out();

	forget_told();
	assert_non_null(convo_correct(bob(), NULL, "hello", NULL));
	out_times("<body>hello</body>", 1);
	out_times("<replace ", 1);
	out_times(first, 1);
	told_times("changed out bob@away.example none: hello", 1);
	assert_int_equal(lines(), 2); /* the note and the message */
	must_say(1, "hello");
}

/* ---- in ---- */

static void
bob_says(const char *attributes, const char *inside)
{
	server_says("<message from='" BOB "/phone' to='" ME "/here' type='chat' %s>%s</message>", attributes, inside);
}

/* A01 */
static void
a_carbon_counts_only_from_our_own_account(void **state)
{
	(void)state;
	static const char *const senders[] = { EVE "/x", ME "/other", "home.example", BOB };

	log_in_and_catch_up("s1");
	for (size_t i = 0; i < G_N_ELEMENTS(senders); i++)
		server_says("<message from='%s' to='" ME "/here'><received xmlns='urn:xmpp:carbons:2'><forwarded "
			    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" BOB "/x' to='" ME
			    "' type='chat'><body>forged</body><request xmlns='urn:xmpp:receipts'/></message></forwarded></received>"
			    "<body>forged too</body></message>",
			senders[i]);
	told_times("forged", 0);
	assert_int_equal(wire.out->len, 0);
	assert_int_equal(lines(), 0);
	/* And a true one whose inside is not ours. */
	server_says("<message from='" ME "' to='" ME "/here'><sent xmlns='urn:xmpp:carbons:2'><forwarded "
		    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" EVE "/x' to='" BOB
		    "' type='chat'><body>forged</body></message></forwarded></sent></message>");
	told_times("forged", 0);
}

static void
server_carbon(const char *from)
{
	g_autofree char *xml = g_strdup_printf("<message xmlns='jabber:client' from='%s' to='" ME
					       "/here'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
					       "<message xmlns='jabber:client' from='" BOB "/x' to='" ME
					       "' type='chat'><body>carbon</body></message>"
					       "</forwarded></received></message>",
		from);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);

	assert_true(inbox_take(wire.stream, stanza_root(stanza), MESSAGE_CARBON));
}

/* A01, behind the gate of the route */
static void
the_inbox_itself_knows_whose_carbon_it_is(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	server_carbon(EVE);
	server_carbon(ME "/here");
	told_times("carbon", 0);
	server_carbon(ME);
	told_times("carbon", 1);
}

static void
carbons_of_both_directions_are_shown_and_cause_no_answer(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	server_says("<message from='" ME "' to='" ME "/here'><received xmlns='urn:xmpp:carbons:2'><forwarded "
		    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='c1' from='" BOB "/x' to='" ME
		    "/other' type='chat'><body>to you</body><request "
		    "xmlns='urn:xmpp:receipts'/></message></forwarded></received></message>");
	server_says("<message from='" ME "' to='" ME "/here'><sent xmlns='urn:xmpp:carbons:2'><forwarded "
		    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='c2' from='" ME "/other' to='" BOB
		    "' type='chat'><body>from me</body></message></forwarded></sent></message>");
	told_times("added in bob@away.example none: to you", 1);
	told_times("added out bob@away.example none: from me", 1);
	store_commit(STORE_NOW, NULL);
	clock_turn(1000);
	assert_int_equal(wire.out->len, 0);
}

/* A03 */
static void
an_archive_result_counts_only_while_we_ask(void **state)
{
	(void)state;
	g_autofree char *queryid = NULL;

	log_in("s1");
	queryid = archive_queryid(archive_question());
	for (int i = 0; i < 2; i++)
		server_says("<message from='%s' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='K'><forwarded "
			    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" BOB "/x' to='" ME
			    "' type='chat'><body>forged</body></message></forwarded></result></message>",
			i ? EVE "/x" : BOB, queryid);
	server_says("<message from='" ME "' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='guess' id='K'><forwarded "
		    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" BOB "/x' to='" ME
		    "' type='chat'><body>forged</body></message></forwarded></result></message>");
	archive_ends(NULL, NULL, true);
	told_times("forged", 0);
	assert_int_equal(lines(), 0);
}

/* A09 */
static void
a_claimed_archive_id_does_not_hide_a_real_message(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	server_says("<message from='" EVE "/x' to='" ME "/here' type='chat' id='e1'><body>bait</body>"
		    "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='K'/></message>");
	bob_says("id='e2'", "<body>bait of bob</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='K2'/>");
	bob_says("id='b1'", "<body>real</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='K'/>");
	bob_says("id='b2'", "<body>real too</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='K2'/>");
	told_times("none: real", 2);
	/* Two claims of the same archive: neither is believed. */
	bob_says("id='b3'", "<body>two claims</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='Z1'/>"
			    "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='Z2'/>");
	{
		g_autoptr(Message) none = archive_find_stanza_id(ME, BOB, "Z1", NULL);

		assert_null(none);
	}
	bob_says("id='b4'", "<body>of the room</body><stanza-id xmlns='urn:xmpp:sid:0' by='room@rooms.example' id='Z3'/>");
	{
		g_autoptr(Message) none = archive_find_stanza_id(ME, BOB, "Z3", NULL);

		assert_null(none);
	}
}

/* A11 */
static void
a_correction_by_another_sender_is_refused(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	bob_says("id='b1'", "<body>original</body>");
	server_says("<message from='" EVE "/x' to='" ME "/here' type='chat' id='e1'><body>forged</body>"
		    "<replace xmlns='urn:xmpp:message-correct:0' id='b1'/></message>");
	must_say(0, "original");
	say("mine");
	bob_says("id='b9'", "<body>not yours</body><replace xmlns='urn:xmpp:message-correct:0' id='b1'/>");
	must_say(0, "not yours");
	told_times("changed in bob@away.example none: not yours", 1);
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);
		const Message *edited = g_ptr_array_index(page, 0);
		g_autoptr(GPtrArray) old = archive_old_bodies(edited->row, NULL);

		assert_true(edited->edited);
		assert_int_equal(old->len, 1);
		assert_string_equal(g_ptr_array_index(old, 0), "original");
	}
}

static void
bob_cannot_correct_what_we_said(void **state)
{
	(void)state;
	make_readable();
	log_in_and_catch_up("s1");
	g_autofree char *mine = g_strdup(say("mine")->wire_id), *inside = NULL;

	inside = g_strdup_printf("<body>never</body><replace xmlns='urn:xmpp:message-correct:0' id='%s'/>", mine);
	bob_says("id='b1'", inside);
	must_say(1, "mine");
}

static void
a_readable_correction_of_a_sealed_message_is_a_line_of_its_own(void **state)
{
	(void)state;
	g_autofree char *sealed = veiled("1", "sealed words");

	load_veil();
	log_in_and_catch_up("s1");
	bob_says("id='b1'", sealed);
	bob_says("id='b2'", "<body>forged</body><replace xmlns='urn:xmpp:message-correct:0' id='b1'/>");
	must_say(0, "sealed words");
	must_say(1, "forged");
}

/* D15 */
static void
a_body_beside_a_sealed_payload_is_never_shown(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	bob_says("id='b1'",
		"<body>trust me, I am encrypted</body><encrypted xmlns='" VEIL "'><payload>broken</payload></encrypted>");
	told_times("trust me", 0);
	told_times("added in bob@away.example veil: it could not be decrypted: broken", 1);
	{
		g_autofree char *sealed = veiled("1", "fine");

		bob_says("id='b2'", sealed);
	}
	told_times("added in bob@away.example veil: fine", 1);
	told_times("[this is veiled]", 0);
}

/* D05 */
static void
a_replayed_sealed_stanza_is_one_line(void **state)
{
	(void)state;
	g_autofree char *sealed = veiled("1", "once");

	load_veil();
	log_in_and_catch_up("s1");
	bob_says("id='b1'", sealed);
	bob_says("id='b1'", sealed);
	bob_says("id='b2'", sealed);
	bob_says("", sealed);
	told_times("added in", 1);
	told_times("alert", 0);
	set_online(false, false);
	log_in("s2");
	{
		g_autofree char *xml =
			g_strdup_printf("<message from='" BOB "/phone' to='" ME "/here' type='chat' id='b1'>%s</message>", sealed);

		archive_gives("k1", "2026-11-24T10:00:00Z", xml);
	}
	archive_ends("k1", "k1", true);
	told_times("added in", 1);
	assert_int_equal(lines(), 1);
}

static void
live_carbon_and_archive_make_one_line(void **state)
{
	(void)state;
	static const char plain[] =
		"<message from='" BOB "/phone' to='" ME "/here' type='chat' id='b1'><body>once</body></message>";

	log_in_and_catch_up("s1");
	bob_says("id='b1'", "<body>once</body>");
	server_says("<message from='" ME "' to='" ME "/here'><received xmlns='urn:xmpp:carbons:2'><forwarded "
		    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='" BOB "/phone' to='" ME
		    "/there' type='chat' id='b1'><body>once</body></message></forwarded></received></message>");
	set_online(false, false);
	log_in("s2");
	archive_gives("k1", "2026-11-24T10:00:00Z", plain);
	archive_ends("k1", "k1", true);
	told_times("added in", 1);
	/* A client that counts its ids from 1 again says something else. */
	bob_says("id='b1'", "<body>anew</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k2'/>");
	bob_says("id='b1'", "<body>anew</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k3'/>");
	told_times("none: anew", 2);
	/* One that was sent twice after a broken line says so by its origin-id. */
	bob_says("id='b5'", "<body>twice</body><origin-id xmlns='urn:xmpp:sid:0' id='o5'/><stanza-id xmlns='urn:xmpp:sid:0' by='" ME
			    "' id='k5'/>");
	bob_says("id='b5'", "<body>twice</body><origin-id xmlns='urn:xmpp:sid:0' id='o5'/><stanza-id xmlns='urn:xmpp:sid:0' by='" ME
			    "' id='k6'/>");
	told_times("none: twice", 1);
}

static void
a_readable_message_in_a_sealed_chat_is_shown_and_told(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	assert_true(convo_set_seal(bob(), CONVO_SEALED, NULL));
	bob_says("id='b1'", "<body>naked</body>");
	bob_says("id='b2'", "<body>naked again</body>");
	told_times("added in bob@away.example none: naked", 2);
	told_times("alert readable-message", 1);
}

static void
what_no_plugin_opens_is_kept_and_opened_when_one_comes(void **state)
{
	(void)state;
	g_autofree char *sealed = veiled("1", "late words");

	log_in_and_catch_up("s1");
	bob_says("id='b1'", sealed);
	told_times("no plugin that is loaded can open it", 1);
	told_times("[this is veiled]", 0);
	load_veil();
	told_times("changed in bob@away.example veil: late words", 1);
	must_say(0, "late words");
}

/* J05, P18 */
static void
only_contacts_who_see_us_get_receipts(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	server_says("<message from='" EVE "/x' to='" ME "/here' type='chat' id='e1'><body>hi</body>"
		    "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>");
	bob_says("id='b1'", "<body>hi</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>");
	assert_int_equal(wire.out->len, 0); /* not before it is durable */
	clock_turn(100);
	out_times("to=\"" EVE, 0);
	out_times("<received id=\"b1\"", 1);
	convo_seen(convo_get(me(), EVE));
	convo_typing(convo_get(me(), EVE), true);
	out_times("to=\"" EVE, 0);
	convo_seen(bob());
	out_times("<displayed", 0); /* not before it is durable */
	clock_turn(100);
	out_times("<displayed id=\"b1\"", 1);
	assert_int_equal(convo_unread(bob()), 0);
}

/* As on a full disk: SQLite gives the whole transaction up. */
static void
lose_batch(void)
{
	assert_true(db_is_pending());
	assert_false(store_run(
		NULL, "INSERT OR ROLLBACK INTO schema_version (name, version) SELECT name, version FROM schema_version", ""));
	assert_false(db_is_pending());
}

/* M03 */
static void
switching_sealing_outlives_a_lost_batch(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	assert_true(convo_set_seal(bob(), CONVO_READABLE, NULL));
	lose_batch();
	g_autoptr(Rows) rows = store_select(NULL, "SELECT seal FROM archive_conversation WHERE peer = ?", "s", BOB);
	assert_true(rows_next(rows));
	assert_int_equal(rows_int(rows, 0), CONVO_READABLE);
}

/* M03: the batch is lost with the words that wait for it; those of a message that is durable stay. */
static void
what_is_lost_was_neither_received_nor_displayed(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	bob_says("id='b1'", "<body>kept</body><request xmlns='urn:xmpp:receipts'/>");
	db_flush();
	bob_says("id='b2'", "<body>lost</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>");
	convo_seen(bob());
	lose_batch();
	clock_turn(100);
	db_flush();
	clock_turn(100);
	bob_says("id='b3'", "<body>after</body><request xmlns='urn:xmpp:receipts'/>");
	clock_turn(100);
	out_times("<received id=\"b1\"", 1);
	out_times("<received id=\"b2\"", 0);
	out_times("<displayed", 0);
	out_times("<received id=\"b3\"", 1);
}

static void
a_flood_of_receipt_requests_is_bounded(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	for (int i = 0; i < 500; i++)
		server_says("<message from='" BOB "/phone' to='" ME "/here' type='chat' id='f%d'><body>x</body>"
			    "<request xmlns='urn:xmpp:receipts'/></message>",
			i);
	clock_turn(100);
	out_times("<received", 100);
}

static void
typing_is_told_in_readable_chats_only(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	convo_typing(bob(), true);
	out_times("composing", 0);
	make_readable();
	convo_typing(bob(), true);
	convo_typing(bob(), true);
	out_times("composing", 1);
	clock_turn(20000);
	out_times("paused", 1);
}

static void
a_skipped_stanza_leaves_one_line(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	wire.skipped(wire.stream, "message", BOB "/phone", "big", "2 MB long");
	wire.skipped(wire.stream, "message", BOB "/phone", "big", "2 MB long");
	wire.skipped(wire.stream, "message", EVE "/x", "big", "2 MB long");
	assert_int_equal(lines(), 1);
	told_times("was skipped: it is 2 MB long", 1);
}

static void
signals_cannot_carry_text(void **state)
{
	(void)state;
	g_autoptr(GError) error = NULL;
	Node *node = node_new("received", "urn:xmpp:receipts");

	load_veil();
	log_in_and_catch_up("s1");
	node_add_text(node, "body", "jabber:client", "smuggled");
	assert_false(message_signal(me(), SIGNAL_RECEIPT, BOB, node, &error));
	g_clear_error(&error);
	assert_false(message_signal(me(), SIGNAL_CHAT_STATE, BOB, node_new("received", "urn:xmpp:receipts"), &error));
	g_clear_error(&error);
	node = node_new("encrypted", VEIL);
	node_add_text(node, "body", NULL, "smuggled");
	assert_false(message_signal(me(), SIGNAL_KEY_TRANSPORT, BOB, node, &error));
	assert_int_equal(wire.out->len, 0);
	assert_true(message_signal(me(), SIGNAL_KEY_TRANSPORT, BOB, node_new("encrypted", VEIL), NULL));
	out_times("<encrypted", 1);
}

static void
only_our_server_says_when(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	bob_says("id='b2'", "<body>old</body><delay xmlns='urn:xmpp:delay' from='home.example' stamp='2001-01-01T00:00:00Z'/>");
	bob_says("id='b1'", "<body>old?</body><delay xmlns='urn:xmpp:delay' from='" BOB "' stamp='2001-01-01T00:00:00Z'/>");
	must_say(0, "old");
	must_say(1, "old?");
	/* Anybody can write in its name; what was heard before stays before. */
	bob_says("id='b3'", "<body>older</body><delay xmlns='urn:xmpp:delay' from='home.example' stamp='2000-01-01T00:00:00Z'/>");
	must_say(2, "older");
	assert_int_equal(convo_unread(convo_find(ME, BOB)), 3);
}

/* ---- the archive ---- */

static void
archive_gives_bob(const char *id, const char *stamp, const char *text)
{
	g_autofree char *xml = g_strdup_printf(
		"<message from='" BOB "/phone' to='" ME "' type='chat' id='w%s'><body>%s</body></message>", id, text);

	archive_gives(id, stamp, xml);
}

static void
must_ask(const char *text)
{
	if (!strstr(archive_question()->xml, text))
		fail_msg("%s is not in %s", text, archive_question()->xml);
}

static void
a_first_login_fetches_the_newest_page_and_leaves_the_rest(void **state)
{
	(void)state;
	log_in("s1");
	must_ask("<before/>");
	archive_gives_bob("k8", "2026-11-24T10:00:00Z", "eight");
	archive_gives_bob("k9", "2026-11-24T10:01:00Z", "nine");
	archive_ends("k8", "k9", false);
	told_times("caught up", 1);
	assert_null(question_with("urn:xmpp:mam:2"));
	assert_true(convo_fetch_older(bob()));
	must_ask("<before>k8</before>");
	must_ask(BOB);
	archive_gives_bob("k7", "2026-11-24T09:00:00Z", "seven");
	archive_ends("k7", "k7", true);
	assert_false(convo_fetch_older(bob()));
	must_say(0, "seven");
	assert_int_equal(lines(), 3);
}

static void
a_hole_is_shown_until_it_is_filled_also_by_another_life(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	end_life();
	start_life();
	log_in("s2");
	archive_gives_bob("k8", "2025-11-24T12:00:00Z", "eight");
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k8", "k9", false);
	told_times("caught up", 0);
	must_ask("<after>k1</after>");
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);

		assert_false(convo_gap_before(bob(), g_ptr_array_index(page, 0)));
		assert_true(convo_gap_before(bob(), g_ptr_array_index(page, 1)));
		assert_false(convo_gap_before(bob(), g_ptr_array_index(page, 2)));
	}
	archive_gives_bob("k2", "2025-11-24T11:00:00Z", "two");
	archive_gives_bob("k3", "2025-11-24T11:01:00Z", "three");
	archive_ends("k2", "k3", false);
	must_ask("<after>k3</after>");
	/* Killed in the middle; meanwhile a live message came. */
	bob_says("id='wk10'", "<body>ten</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k10'/>");
	end_life();
	start_life();
	log_in("s3");
	archive_gives_bob("k10", "2025-11-24T12:02:00Z", "ten");
	archive_ends("k10", "k10", false);
	must_ask("<after>k3</after>");
	archive_gives_bob("k4", "2025-11-24T11:02:00Z", "four");
	archive_gives_bob("k8", "2025-11-24T12:00:00Z", "eight");
	archive_ends("k4", "k8", false);
	told_times("caught up", 1);
	assert_int_equal(lines(), 7);
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);

		for (guint i = 0; i < page->len; i++)
			assert_false(convo_gap_before(bob(), g_ptr_array_index(page, i)));
	}
}

static void
a_hole_is_shown_when_the_newest_page_fails(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	end_life();
	start_life();
	log_in("s2");
	/* From the server's own store for those who were away, stamped before this login. */
	bob_says("id='wk8'", "<body>eight</body><delay xmlns='urn:xmpp:delay' from='away.example' stamp='2026-02-24T12:00:00Z'/>"
			     "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k8'/>");
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);

		assert_int_equal(page->len, 2);
		assert_false(convo_gap_before(bob(), g_ptr_array_index(page, 1)));
		archive_refuses("internal-server-error", FAULT_PEER);
		assert_false(convo_gap_before(bob(), g_ptr_array_index(page, 0)));
		assert_true(convo_gap_before(bob(), g_ptr_array_index(page, 1)));
	}
	/* Paging up asks again, */
	assert_null(question_with("urn:xmpp:mam:2"));
	assert_true(convo_fetch_older(bob()));
	must_ask("<before");
	archive_refuses("internal-server-error", FAULT_PEER);
	/* and so does the next life. */
	end_life();
	start_life();
	log_in("s3");
	archive_gives_bob("k8", "2026-02-24T12:00:00Z", "eight");
	archive_ends("k8", "k8", false);
	must_ask("<after>k1</after>");
	archive_gives_bob("k2", "2025-11-24T11:00:00Z", "two");
	archive_gives_bob("k8", "2026-02-24T12:00:00Z", "eight");
	archive_ends("k2", "k8", false);
	told_times("caught up", 1);
	assert_int_equal(lines(), 3);
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);

		for (guint i = 0; i < page->len; i++)
			assert_false(convo_gap_before(bob(), g_ptr_array_index(page, i)));
	}
}

static void
what_fills_a_hole_comes_before_what_was_said_in_the_same_second_after_it(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	set_online(false, false);
	log_in("s2");
	archive_gives_bob("k4", "2025-11-24T12:00:00Z", "four");
	archive_gives_bob("k5", "2025-11-24T12:00:00Z", "five");
	archive_ends("k4", "k5", false);
	archive_gives_bob("k2", "2025-11-24T12:00:00Z", "two");
	archive_gives_bob("k3", "2025-11-24T12:00:00Z", "three");
	archive_gives_bob("k4", "2025-11-24T12:00:00Z", "four");
	archive_ends("k2", "k4", false);
	for (guint i = 0; i < 5; i++)
		must_say(i, (const char *[]){ "one", "two", "three", "four", "five" }[i]);
	assert_int_equal(lines(), 5);
}

/* Whole seconds of the server, pages from the new end: the order is that of the archive, also within one second. */
static void
pages_fetched_backwards_keep_the_order_within_a_second(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	set_online(false, false);
	log_in("s2");
	archive_gives_bob("k7", "2025-11-24T12:00:00Z", "seven");
	archive_ends("k7", "k7", false);
	archive_refuses("item-not-found", FAULT_PEER);
	for (guint page = 3; page-- > 0;) {
		g_autofree char *first = g_strdup_printf("k%u", 2 * page + 1), *last = g_strdup_printf("k%u", 2 * page + 2);

		archive_gives_bob(first, page ? "2025-11-24T12:00:00Z" : "2025-11-24T10:00:00Z", page == 2 ? "five" : "three");
		archive_gives_bob(last, "2025-11-24T12:00:00Z", (const char *[]){ "two", "four", "six" }[page]);
		archive_ends(first, last, false);
	}
	told_times("caught up", 2);
	for (guint i = 0; i < 7; i++)
		must_say(i, (const char *[]){ "one", "two", "three", "four", "five", "six", "seven" }[i]);
	assert_int_equal(lines(), 7);
}

static void
older_pages_keep_the_order_within_a_second(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k6", "2025-11-24T12:00:00Z", "six");
	archive_ends("k6", "k6", false);
	for (guint page = 3; page-- > 1;) {
		g_autofree char *first = g_strdup_printf("k%u", 2 * page), *last = g_strdup_printf("k%u", 2 * page + 1);

		assert_true(convo_fetch_older(bob()));
		archive_gives_bob(first, "2025-11-24T12:00:00Z", page == 2 ? "four" : "two");
		archive_gives_bob(last, "2025-11-24T12:00:00Z", page == 2 ? "five" : "three");
		archive_ends(first, last, page == 1);
	}
	for (guint i = 0; i < 5; i++)
		must_say(i, (const char *[]){ "two", "three", "four", "five", "six" }[i]);
}

/* Ours is stamped by our clock, in the middle of the second. */
static void
what_was_said_after_a_live_message_stays_after_it(void **state)
{
	gint64 second = clock_now() / G_USEC_PER_SEC * G_USEC_PER_SEC;
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(second / G_USEC_PER_SEC);
	g_autofree char *stamp = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

	(void)state;
	clock_hold(second + 700000);
	log_in_and_catch_up("s1");
	bob_says("id='wk1'", "<body>one</body><stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='k1'/>");
	set_online(false, false);
	log_in("s2");
	archive_gives_bob("k1", stamp, "one");
	archive_gives_bob("k2", stamp, "two");
	archive_ends("k1", "k2", true);
	must_say(0, "one");
	must_say(1, "two");
}

static void
must_wait_before_asking(guint seconds)
{
	clock_turn(seconds * 1000 - 100);
	assert_null(question_with("urn:xmpp:mam:2"));
	clock_turn(200);
	must_ask("<before/>");
}

/* H: pages without a message and without an end, and pages that go round in a circle. */
static void
an_archive_that_leads_nowhere_is_left_alone(void **state)
{
	static const char *const circle[] = { "k2", "k3" };
	guint pages = 0;

	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	end_life();
	start_life();
	log_in("s2");
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k9", "k9", false);
	must_ask("<after>k1</after>");
	for (; question_with("urn:xmpp:mam:2") && pages < 50; pages++) {
		g_autofree char *id = g_strdup_printf("x%u", pages);
		archive_ends(id, id, false);
	}
	assert_int_equal(pages, 5); /* the last one was asked ahead */
	told_times("caught up", 1);
	must_wait_before_asking(30);
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k9", "k9", false);
	for (pages = 0; question_with("urn:xmpp:mam:2") && pages < 50; pages++) {
		archive_gives_bob(circle[pages % 2], "2025-11-24T11:00:00Z", circle[pages % 2]);
		archive_ends(circle[pages % 2], circle[pages % 2], false);
	}
	assert_in_range(pages, 2, 8);
	assert_int_equal(lines(), 4);
	must_wait_before_asking(60);
}

static void
an_archive_that_fails_is_asked_again_later_and_later(void **state)
{
	(void)state;
	log_in("s1");
	archive_refuses("internal-server-error", FAULT_PEER);
	/* What waits for it does not wait on. */
	told_times("caught up", 1);
	must_wait_before_asking(30);
	archive_refuses(NULL, FAULT_NETWORK);
	must_wait_before_asking(60);
	archive_refuses("internal-server-error", FAULT_PEER);
	/* A resumed line asks at once, and no second time when the timer would have. */
	set_online(false, true);
	set_online(true, true);
	must_ask("<before/>");
	archive_refuses("internal-server-error", FAULT_PEER);
	must_wait_before_asking(240);
	for (guint i = 0; i < 8; i++) {
		archive_refuses("internal-server-error", FAULT_PEER);
		clock_turn(1920 * 1000 + 100);
	}
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	must_say(0, "one");
	clock_turn(4000 * 1000);
	assert_null(question_with("urn:xmpp:mam:2"));
}

/* What comes before our presence is kept by the server for later, and one that was asked for its archive does not send it. */
static void
the_archive_is_asked_when_the_presence_is_sent_and_not_before(void **state)
{
	(void)state;
	wire.stream->online = true;
	event_emit(&(Event){ .kind = EVENT_CONNECTION, .account = ME, .connection = { .state = CONNECTION_ONLINE } });
	assert_null(question_with("urn:xmpp:mam:2"));
	event_emit(&(Event){ .kind = EVENT_ANNOUNCED, .account = ME });
	must_ask("<before/>");
	/* Seen again after a time as invisible, while the archive still answers. */
	event_emit(&(Event){ .kind = EVENT_ANNOUNCED, .account = ME });
	archive_ends(NULL, NULL, true);
	must_ask("<before/>");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	must_say(0, "one");
	assert_null(question_with("urn:xmpp:mam:2"));
}

static void
a_server_without_an_archive_is_not_asked_again(void **state)
{
	(void)state;
	log_in("s1");
	archive_refuses("service-unavailable", FAULT_PEER);
	told_times("caught up", 1);
	clock_turn(4000 * 1000);
	assert_null(question_with("urn:xmpp:mam:2"));
}

static void
a_purged_border_is_met_from_the_other_side(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_gives_bob("k2", "2025-11-24T10:00:01Z", "two");
	archive_ends("k1", "k2", true);
	set_online(false, false);
	log_in("s2");
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k9", "k9", false);
	must_ask("<after>k2</after>");
	archive_refuses("item-not-found", FAULT_PEER);
	must_ask("<before>k9</before>");
	archive_gives_bob("k8", "2025-11-24T12:00:00Z", "eight");
	archive_ends("k8", "k8", false);
	must_ask("<before>k8</before>");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", false);
	told_times("caught up", 2);
	assert_int_equal(lines(), 4);
}

static void
a_line_that_breaks_during_catch_up_goes_on_at_the_next(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	set_online(false, false);
	log_in("s2");
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k9", "k9", false);
	set_online(false, false);
	archive_refuses(NULL, FAULT_OFFLINE);
	set_online(true, true);
	archive_gives_bob("k9", "2025-11-24T12:01:00Z", "nine");
	archive_ends("k9", "k9", false);
	must_ask("<after>k1</after>");
	archive_ends(NULL, NULL, true);
	told_times("caught up", 2);
}

static void
what_the_newest_page_could_not_open_is_tried_after_the_hole(void **state)
{
	(void)state;
	load_veil();
	log_in("s1");
	archive_gives_bob("k1", "2025-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	set_online(false, false);
	log_in("s2");
	archive_gives("k9", "2025-11-24T12:00:00Z",
		"<message from='" BOB "/p' to='" ME "' type='chat' id='w9'><encrypted xmlns='" VEIL
		"'><payload>broken</payload></encrypted></message>");
	archive_ends("k9", "k9", false);
	archive_ends(NULL, NULL, true);
	must_ask("<before/>");
	{
		g_autofree char *sealed = veiled("5", "mended");
		g_autofree char *xml =
			g_strdup_printf("<message from='" BOB "/p' to='" ME "' type='chat' id='w9'>%s</message>", sealed);

		archive_gives("k9", "2025-11-24T12:00:00Z", xml);
	}
	archive_ends("k9", "k9", false);
	told_times("changed in bob@away.example veil: mended", 1);
	told_times("caught up", 2);
	assert_int_equal(lines(), 2);
}

static void
what_was_forgotten_does_not_come_back(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2026-11-24T10:00:00Z", "one");
	archive_gives_bob("k2", "2026-11-24T10:00:01Z", "two");
	archive_ends("k1", "k2", true);
	assert_true(convo_forget(bob(), NULL));
	end_life();
	start_life();
	log_in("s2");
	archive_gives_bob("k9", "2026-11-24T12:00:00Z", "nine");
	archive_ends("k9", "k9", false);
	must_ask("<after>k2</after>");
}

static void
a_correction_that_comes_before_its_original_is_taken_into_it(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2026-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", true);
	set_online(false, false);
	log_in("s2");
	archive_gives("k9", "2026-11-24T12:00:00Z",
		"<message from='" BOB "/p' to='" ME "' type='chat' id='w9'><body>seven</body>"
		"<replace xmlns='urn:xmpp:message-correct:0' id='wk2'/></message>");
	archive_ends("k9", "k9", false);
	assert_int_equal(lines(), 2);
	archive_gives_bob("k2", "2026-11-24T11:00:00Z", "sevn");
	archive_ends("k2", "k2", true);
	assert_int_equal(lines(), 2);
	must_say(1, "seven");
}

static void
a_correction_may_name_the_last_correction(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	bob_says("id='b1'", "<body>one</body>");
	bob_says("id='b2'", "<body>two</body><replace xmlns='urn:xmpp:message-correct:0' id='b1'/>");
	bob_says("id='b3'", "<body>three</body><replace xmlns='urn:xmpp:message-correct:0' id='b2'/>");
	assert_int_equal(lines(), 1);
	must_say(0, "three");
	/* The same again from the archive changes nothing. */
	bob_says("id='b2'", "<body>two</body><replace xmlns='urn:xmpp:message-correct:0' id='b1'/>");
	must_say(0, "three");
}

/* M01: sealed and numbered, but never written; then the number is another stanza's, and the program is killed. */
static void
a_number_that_was_never_written_counts_for_nothing(void **state)
{
	(void)state;
	load_veil();
	log_in_and_catch_up("s1");
	wire.deaf = true;
	say("never written");
	assert_int_equal(wire.out->len, 0);
	end_life();
	start_life();
	load_veil();
	wire.stream->session = g_strdup("s1");
	wire.stream->sent = wire.stream->acknowledged = 1000;
	set_online(true, true);
	archive_ends(NULL, NULL, true);
	told_times("state sent", 0);
	assert_int_equal(wire.out->len, 1);
}

static void
what_a_first_login_brings_is_not_unread(void **state)
{
	(void)state;
	log_in("s1");
	archive_gives_bob("k1", "2026-11-24T10:00:00Z", "one");
	archive_ends("k1", "k1", false);
	assert_int_equal(convo_unread(bob()), 0);
	bob_says("id='b1'", "<body>new</body>");
	assert_int_equal(convo_unread(bob()), 1);
	convo_seen(bob());
	assert_int_equal(convo_unread(bob()), 0);
}

/* ---- speed ---- */

static void
a_flood_costs_little(void **state)
{
	(void)state;
	const int count = 20000;
	gint64 start;
	double cpu;

	log_in_and_catch_up("s1");
	start = (gint64)clock();
	for (int i = 0; i < count; i++)
		server_says("<message from='" BOB "/phone' to='" ME
			    "/here' type='chat' id='f%d'><body>number %d of many words</body>"
			    "<stanza-id xmlns='urn:xmpp:sid:0' by='" ME "' id='s%d'/></message>",
			i, i, i);
	store_begin(NULL);
	store_commit(STORE_NOW, NULL);
	cpu = ((double)clock() - (double)start) / CLOCKS_PER_SEC;
	print_message("flood of %d: %.2f s CPU\n", count, cpu);
	told_times("added in", (guint)count);
}

#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		story(without_keys_nothing_leaves_before_a_yes),
		story(without_keys_a_no_fails_what_waits),
		story(a_chat_seals_itself_and_stays_sealed_over_lives),
		story(a_sealed_chat_without_its_plugin_waits),
		story(what_cannot_be_sealed_is_not_sent),
		story(a_full_disk_makes_it_wait_until_there_is_room),
		story(a_receipt_does_not_take_the_number_of_a_message),
		story(keys_that_take_long_hold_up_one_chat_only),
		story(what_is_waited_for_is_told_and_ends),
		story(what_failed_says_why_and_goes_again_once),
		story(an_undecided_device_waits_for_a_decision),
		story(a_network_failure_of_prepare_is_tried_again),
		story(switching_off_does_not_let_out_what_was_typed_sealed),
		story(offline_text_leaves_at_login_in_order),
		story(states_only_move_forward),
		story(an_error_of_the_peer_is_told_with_its_words),
		story(an_acknowledgement_frees_exactly_what_it_counts),
		story(without_stream_management_written_is_sent),
		story(after_a_lost_session_the_archive_decides),
		story(a_receipt_ends_a_doubt),
		story(a_doubt_is_looked_for_from_before_it_was_written),
		story(the_inbox_itself_knows_whose_carbon_it_is),
		story(a_resumed_session_in_a_new_life_sends_only_what_is_above_h),
		story(a_broken_line_in_one_life_asks_the_archive_too),
		story(a_correction_replaces_its_original_and_leaves_as_one),
		story(a_carbon_counts_only_from_our_own_account),
		story(carbons_of_both_directions_are_shown_and_cause_no_answer),
		story(an_archive_result_counts_only_while_we_ask),
		story(a_claimed_archive_id_does_not_hide_a_real_message),
		story(a_correction_by_another_sender_is_refused),
		story(bob_cannot_correct_what_we_said),
		story(a_readable_correction_of_a_sealed_message_is_a_line_of_its_own),
		story(a_body_beside_a_sealed_payload_is_never_shown),
		story(a_replayed_sealed_stanza_is_one_line),
		story(live_carbon_and_archive_make_one_line),
		story(a_readable_message_in_a_sealed_chat_is_shown_and_told),
		story(what_no_plugin_opens_is_kept_and_opened_when_one_comes),
		story(only_contacts_who_see_us_get_receipts),
		story(switching_sealing_outlives_a_lost_batch),
		story(what_is_lost_was_neither_received_nor_displayed),
		story(a_flood_of_receipt_requests_is_bounded),
		story(typing_is_told_in_readable_chats_only),
		story(a_skipped_stanza_leaves_one_line),
		story(signals_cannot_carry_text),
		story(only_our_server_says_when),
		story(a_first_login_fetches_the_newest_page_and_leaves_the_rest),
		story(a_hole_is_shown_until_it_is_filled_also_by_another_life),
		story(a_hole_is_shown_when_the_newest_page_fails),
		story(a_purged_border_is_met_from_the_other_side),
		story(a_line_that_breaks_during_catch_up_goes_on_at_the_next),
		story(pages_fetched_backwards_keep_the_order_within_a_second),
		story(older_pages_keep_the_order_within_a_second),
		story(what_was_said_after_a_live_message_stays_after_it),
		story(an_archive_that_fails_is_asked_again_later_and_later),
		story(an_archive_that_leads_nowhere_is_left_alone),
		story(the_archive_is_asked_when_the_presence_is_sent_and_not_before),
		story(a_server_without_an_archive_is_not_asked_again),
		story(what_fills_a_hole_comes_before_what_was_said_in_the_same_second_after_it),
		story(what_the_newest_page_could_not_open_is_tried_after_the_hole),
		story(what_was_forgotten_does_not_come_back),
		story(a_correction_that_comes_before_its_original_is_taken_into_it),
		story(a_correction_may_name_the_last_correction),
		story(a_number_that_was_never_written_counts_for_nothing),
		story(what_a_first_login_brings_is_not_unread),
		story(a_flood_costs_little),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
