/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who really said this: every wrapper around a message, from everybody who could have put it there, nested in every way. */
/* Not everything that it offers is needed here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "chat_wire.h"

static guint
lines(void)
{
	guint count = 0;
	static const char *const peers[] = { BOB, EVE, ME };

	for (guint i = 0; i < G_N_ELEMENTS(peers); i++) {
		Conversation *conv = convo_find(ME, peers[i]);
		g_autoptr(GPtrArray) page = conv ? convo_page(conv, NULL, 1000) : NULL;
		count += page ? page->len : 0;
	}
	return count;
}

static void
must_be_nothing(const char *story)
{
	store_commit(STORE_NOW, NULL);
	clock_turn(1000);
	if (count_in(told, "forged") || wire.out->len || lines())
		fail_msg("%s: told %u, sent %u, lines %u", story, count_in(told, "forged"), wire.out->len, lines());
}

#define INNER(from, to)                                                                        \
	"<message xmlns='jabber:client' from='" from "' to='" to "' "                          \
	"type='chat' id='i'><body>forged</body><request xmlns='urn:xmpp:receipts'/><markable " \
	"xmlns='urn:xmpp:chat-markers:0'/></message>"
#define FORWARD(inner) "<forwarded xmlns='urn:xmpp:forward:0'>" inner "</forwarded>"
#define CARBON(kind, inner) "<" kind " xmlns='urn:xmpp:carbons:2'>" FORWARD(inner) "</" kind ">"
#define RESULT(query, inner) "<result xmlns='urn:xmpp:mam:2'" query " id='K'>" FORWARD(inner) "</result>"

/* A01: whoever is not our own bare address */
static void
a_wrapper_of_others_is_nothing(void **state)
{
	(void)state;
	static const char *const senders[] = { EVE "/x", EVE, BOB, BOB "/phone", ME "/here", ME "/other", "home.example",
		"carbons.home.example", "me@home.example.evil.example", "home.example/me@home.example", "evil.example" };
	static const char *const wrappers[] = {
		CARBON("received", INNER(BOB "/x", ME)),
		CARBON("sent", INNER(ME "/other", BOB)),
		CARBON("sent", INNER(ME, BOB)),
		RESULT(" queryid='q'", INNER(BOB "/x", ME)),
		RESULT("", INNER(BOB "/x", ME)),
		/* an older name of carbons, and none */
		"<received xmlns='urn:xmpp:carbons:1'>" FORWARD(INNER(BOB "/x", ME)) "</received>",
		FORWARD(INNER(BOB "/x", ME)),
		/* the right one behind another */
		"<x xmlns='urn:x'/>" CARBON("received", INNER(BOB "/x", ME)),
		CARBON("received", INNER(BOB "/x", ME)) CARBON("sent", INNER(ME, BOB)),
	};
	static const char *const types[] = { "", " type='chat'", " type='headline'", " type='groupchat'", " type='error'" };

	log_in_and_catch_up("s1");
	for (guint s = 0; s < G_N_ELEMENTS(senders); s++)
		for (guint w = 0; w < G_N_ELEMENTS(wrappers); w++)
			for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
				server_says(
					"<message from='%s' to='" ME "/here'%s>%s</message>", senders[s], types[t], wrappers[w]);
				must_be_nothing(wrappers[w]);
			}
	/* The same from our own account is something: what was tried is understood. */
	server_says("<message from='" ME "' to='" ME "/here'>%s</message>", wrappers[0]);
	told_times("added in " BOB " none: forged", 1);
}

/* A01: our server forwards what it likes, but only what has us at one end, once, and in the right direction */
static void
a_true_wrapper_with_a_false_inside_is_nothing(void **state)
{
	(void)state;
	static const char *const wrappers[] = {
		CARBON("sent", INNER(EVE "/x", BOB)),
		CARBON("sent", INNER(BOB "/x", ME)),
		CARBON("received", INNER(EVE "/x", BOB)),
		CARBON("received", INNER(EVE "/x", "")),
		CARBON("received", INNER("@@", ME)),
		CARBON("received", "<message xmlns='jabber:client' to='" ME "'><body>forged</body></message>"),
		CARBON("received", "<message xmlns='urn:other' from='" BOB "/x' to='" ME "'><body>forged</body></message>"),
		CARBON("received",
			"<presence xmlns='jabber:client' from='" BOB "/x' to='" ME "'><status>forged</status></presence>"),
		CARBON("received", ""),
		"<received xmlns='urn:xmpp:carbons:2'>" INNER(BOB "/x", ME) "</received>",
		"<received xmlns='urn:xmpp:carbons:2'/>",
		CARBON("received", INNER(BOB "/x", ME)) CARBON("sent", INNER(ME, BOB)),
		RESULT("", INNER(BOB "/x", ME)),
		RESULT(" queryid=''", INNER(BOB "/x", ME)),
		RESULT(" queryid='guess'", INNER(BOB "/x", ME)),
	};

	log_in_and_catch_up("s1");
	for (guint w = 0; w < G_N_ELEMENTS(wrappers); w++) {
		server_says("<message from='" ME "' to='" ME "/here'>%s</message>", wrappers[w]);
		must_be_nothing(wrappers[w]);
	}
}

#define WRAPPED(from, inside) "<message xmlns='jabber:client' from='" from "' to='" ME "' type='chat'>" inside "</message>"

/* A01: what is in a wrapper is no wrapper any more */
static void
a_wrapper_in_a_wrapper_is_nothing(void **state)
{
	(void)state;
	static const char *const insides[] = {
		CARBON("received", WRAPPED(EVE "/x", CARBON("received", INNER(BOB "/x", ME)))),
		CARBON("received", WRAPPED(ME, CARBON("received", INNER(BOB "/x", ME)))),
		CARBON("received", WRAPPED(EVE "/x", RESULT(" queryid='q'", INNER(BOB "/x", ME)))),
		CARBON("received", WRAPPED(EVE "/x", FORWARD(INNER(BOB "/x", ME)))),
		CARBON("received", WRAPPED(EVE "/x", CARBON("sent", INNER(ME, BOB)))),
		CARBON("received", FORWARD(INNER(BOB "/x", ME))),
	};

	log_in_and_catch_up("s1");
	for (guint i = 0; i < G_N_ELEMENTS(insides); i++) {
		server_says("<message from='" ME "' to='" ME "/here'>%s</message>", insides[i]);
		told_times(BOB, 0);
		told_times("out ", 0);
		assert_int_equal(wire.out->len, 0);
	}
}

/* A03: while a query runs, only its own results count, and only from the archive that was asked */
static void
a_result_of_another_archive_is_nothing(void **state)
{
	(void)state;
	static const char *const senders[] = { EVE "/x", BOB, ME "/here", ME "/other", "home.example", "me@evil.example" };
	g_autofree char *queryid = NULL;

	log_in("s1");
	queryid = archive_queryid(archive_question());
	assert_true(strlen(queryid) >= 20);
	for (guint i = 0; i < G_N_ELEMENTS(senders); i++)
		server_says("<message from='%s' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='K'>"
			    "<forwarded xmlns='urn:xmpp:forward:0'>" INNER(BOB "/x", ME) "</forwarded></result></message>",
			senders[i], queryid);
	/* Ours, but damaged: without an id, without a message, with a message of two others, in an older namespace. */
	server_says("<message from='" ME "' to='" ME
		    "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s'>" FORWARD(INNER(BOB "/x", ME)) "</result></message>",
		queryid);
	server_says(
		"<message from='" ME "' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='K'/></message>", queryid);
	server_says("<message from='" ME "' to='" ME "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='K'>" FORWARD(
			    INNER(EVE "/x", BOB)) "</result></message>",
		queryid);
	server_says("<message from='" ME "' to='" ME
		    "/here'><result xmlns='urn:xmpp:mam:1' queryid='%s' id='K'>" FORWARD(INNER(BOB "/x", ME)) "</result></message>",
		queryid);
	archive_ends(NULL, NULL, true);
	/* The query has ended: what was its own is nobody's. */
	server_says("<message from='" ME "' to='" ME
		    "/here'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='K'>" FORWARD(INNER(BOB "/x", ME)) "</result></message>",
		queryid);
	must_be_nothing("results");
}

/* A01: an address that only looks like ours does not speak as us */
static void
our_own_words_come_from_our_own_account(void **state)
{
	(void)state;
	static const char *const senders[] = { "me@home.example.evil.example/x", "ME\\40home.example@evil.example/x",
		"evil.example/me@home.example" };

	log_in_and_catch_up("s1");
	for (guint i = 0; i < G_N_ELEMENTS(senders); i++)
		server_says("<message from='%s' to='" ME "/here' type='chat'><body>hello</body></message>", senders[i]);
	told_times("added out", 0);
	told_times("added in me@home.example ", 0);
}

/* A05: a receipt, a marker or an error counts only from the one it was sent to */
static void
states_of_a_message_come_from_its_receiver(void **state)
{
	(void)state;
	static const char *const senders[] = { EVE "/x", "home.example", "away.example", "bob@evil.example/x",
		BOB ".evil.example/x" };
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;

	log_in_and_catch_up("s1");
	assert_true(convo_set_seal(bob(), CONVO_READABLE, NULL));
	assert_non_null(convo_say(bob(), "true words", &error));
	assert_int_equal(count_in(wire.out, "true words"), 1);
	id = between(g_ptr_array_index(wire.out, 0), " id=\"", "\"");
	acknowledge(wire.stream->sent);
	g_ptr_array_set_size(told, 0);
	for (guint i = 0; i < G_N_ELEMENTS(senders); i++) {
		server_says("<message from='%s' to='" ME "/here'><received xmlns='urn:xmpp:receipts' id='%s'/></message>",
			senders[i], id);
		server_says("<message from='%s' to='" ME "/here'><displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/></message>",
			senders[i], id);
	}
	told_times("state delivered", 0);
	told_times("state read", 0);
	server_says("<message from='" EVE "/x' to='" ME "/here' type='error' id='%s'><error type='cancel'><item-not-found "
		    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		id);
	told_times("state failed", 0);
	server_says("<message from='" BOB "/x' to='" ME "/here'><received xmlns='urn:xmpp:receipts' id='%s'/></message>", id);
	told_times("state delivered", 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_wrapper_of_others_is_nothing),
		T(a_true_wrapper_with_a_false_inside_is_nothing),
		T(a_wrapper_in_a_wrapper_is_nothing),
		T(a_result_of_another_archive_is_nothing),
		T(our_own_words_come_from_our_own_account),
		T(states_of_a_message_come_from_its_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
