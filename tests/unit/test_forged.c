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

/* ---- what touches a line that is kept ---- */

static const Message *
line_of(GPtrArray *page, guint number)
{
	assert_true(number < page->len);
	return g_ptr_array_index(page, number);
}

/* A11, D03: a device that is worth less does not write into a line of one that is worth more, or its text would stand beside
 * a sign that it does not deserve. */
static void
a_sign_of_trust_is_not_inherited_by_a_correction(void **state)
{
	(void)state;
	static const struct {
		enum trust original, correction;
		bool merges;
	} rows[] = {
		{ TRUST_VERIFIED, TRUST_VERIFIED, true },
		{ TRUST_VERIFIED, TRUST_TRUSTED, false },
		{ TRUST_VERIFIED, TRUST_UNDECIDED, false },
		{ TRUST_VERIFIED, TRUST_UNTRUSTED, false },
		{ TRUST_TRUSTED, TRUST_VERIFIED, true },
		{ TRUST_TRUSTED, TRUST_TRUSTED, true },
		{ TRUST_TRUSTED, TRUST_UNDECIDED, false },
		{ TRUST_TRUSTED, TRUST_UNTRUSTED, false },
		{ TRUST_UNDECIDED, TRUST_UNDECIDED, true },
		{ TRUST_UNDECIDED, TRUST_UNTRUSTED, false },
	};

	load_veil();
	log_in_and_catch_up("s1");
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *first_n = g_strdup_printf("a%u", i), *second_n = g_strdup_printf("b%u", i);
		g_autofree char *first = veiled(first_n, "pay bob"), *second = veiled(second_n, "pay eve");

		forget_told();
		veil.trust = rows[i].original;
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='o%u'>%s</message>", i, first);
		veil.trust = rows[i].correction;
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='c%u'>%s"
			    "<replace xmlns='urn:xmpp:message-correct:0' id='o%u'/></message>",
			i, second, i);
		told_times("changed in " BOB " veil: pay eve", rows[i].merges ? 1 : 0);
		told_times("added in " BOB " veil: pay eve", rows[i].merges ? 0 : 1);
	}
	veil.trust = TRUST_NONE;
}

/* A11: the same where the archive brings the correction before its original. */
static void
a_late_original_keeps_its_words_before_a_weaker_device(void **state)
{
	(void)state;
	g_autofree char *first = veiled("1", "pay bob"), *second = veiled("2", "pay eve"), *xml = NULL;

	load_veil();
	log_in("s1");
	veil.trust = TRUST_UNDECIDED;
	xml = g_strdup_printf("<message from='" BOB "/x' to='" ME "' type='chat' id='c'>%s"
			      "<replace xmlns='urn:xmpp:message-correct:0' id='o'/></message>",
		second);
	archive_gives("k2", "2026-11-24T10:00:02Z", xml);
	veil.trust = TRUST_VERIFIED;
	g_free(xml);
	xml = g_strdup_printf("<message from='" BOB "/x' to='" ME "' type='chat' id='o'>%s</message>", first);
	archive_gives("k1", "2026-11-24T10:00:01Z", xml);
	archive_ends("k1", "k2", true);
	veil.trust = TRUST_NONE;
	{
		g_autoptr(GPtrArray) page = convo_page(bob(), NULL, 10);

		for (guint i = 0; i < page->len; i++) {
			const Message *message = line_of(page, i);

			assert_true(message->trust != TRUST_VERIFIED || !strcmp(message->body, "pay bob"));
		}
		assert_int_equal(page->len, 2);
	}
}

#define CARBON_OF_OURS(id, inside)                                                                                              \
	"<message from='" ME "' to='" ME "/here'>" CARBON("sent", "<message xmlns='jabber:client' from='" ME "/other' to='" BOB \
								  "' type='chat' id='" id "'>" inside "</message>") "</message>"

/* A09: ids that are empty, come again, or are of no sensible length, hide nobody's words and are not repeated to anybody. */
static void
odd_ids_hide_nothing(void **state)
{
	(void)state;
	g_autofree char *long_id = g_strnfill(100 * 1000, 'x');
	static const char *const ids[] = { "", "1", " ", "1" };

	log_in_and_catch_up("s1");
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='%s'><body>words %u</body>"
			    "<origin-id xmlns='urn:xmpp:sid:0' id=''/></message>",
			ids[i], i);
	server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='%s'><body>words 4</body>"
		    "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/><request xmlns='urn:xmpp:receipts'/></message>",
		long_id, long_id);
	server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='%s'><body>words 5</body>"
		    "<replace xmlns='urn:xmpp:message-correct:0' id='%s'/><origin-id xmlns='urn:xmpp:sid:0' id='%s'/></message>",
		long_id, long_id, long_id);
	/* Twice the same word without an id are two words. */
	server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id=''><body>words 6</body></message>");
	server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id=''><body>words 6</body></message>");
	told_times("added in " BOB " none: words", 8);
	store_commit(STORE_NOW, NULL);
	clock_turn(1000);
	out_times("xxxx", 0);
	/* Signals without a sensible id touch nothing. */
	server_says("<message from='" BOB "/x' to='" ME "/here'><received xmlns='urn:xmpp:receipts' id=''/></message>");
	server_says("<message from='" BOB "/x' to='" ME "/here'><received xmlns='urn:xmpp:receipts'/></message>");
	server_says("<message from='" BOB "/x' to='" ME "/here'><displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/></message>",
		long_id);
	told_times("state ", 0);
}

/* A09: another client of ours counts 1, 2, 3 after every start. */
static void
what_another_device_of_ours_says_with_an_old_id_is_shown(void **state)
{
	(void)state;
	log_in_and_catch_up("s1");
	server_says(CARBON_OF_OURS("1", "<body>first</body>"));
	server_says(CARBON_OF_OURS("1", "<body>first</body>")); /* a copy */
	server_says(CARBON_OF_OURS("1", "<body>second</body>"));
	server_says(CARBON_OF_OURS("2", "<body>third</body>"));
	told_times("added out " BOB " none:", 3);
	told_times("second", 1);
	/* The archive brings them once more. */
	set_online(false, false);
	log_in("s2");
	archive_gives("k1", "2026-11-24T10:00:00Z",
		"<message from='" ME "/other' to='" BOB "' type='chat' id='1'><body>second</body></message>");
	archive_ends("k1", "k1", true);
	told_times("added out " BOB " none:", 3);
}

/* D05: sealed words with an id that was there before are no copies where no archive tells them apart. */
static void
sealed_words_with_an_old_id_are_read(void **state)
{
	(void)state;
	g_autofree char *first = veiled("1", "first"), *second = veiled("2", "second");

	load_veil();
	log_in_and_catch_up("s1");
	for (int i = 0; i < 2; i++) {
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='1'>%s</message>", first);
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='1'>%s</message>", second);
	}
	told_times("added in " BOB " veil: first", 1);
	told_times("added in " BOB " veil: second", 1);
	told_times("added", 2);
}

/* D15: what says that it is sealed, and is not; what is sealed and says nothing. No body of it is ever shown as if it had been. */
static void
a_claim_to_be_sealed_is_only_a_claim(void **state)
{
	(void)state;
	static const struct {
		const char *inside, *told;
	} rows[] = {
		{ "<body>forged</body><encryption xmlns='urn:xmpp:eme:0' namespace='" VEIL "' name='Veil'/>",
			"unknown: it says that it is encrypted with Veil, but nothing encrypted came with it" },
		{ "<body>forged</body><encryption xmlns='urn:xmpp:eme:0' namespace='" VEIL "'/>",
			"nothing encrypted came with it" },
		{ "<body>forged</body><encryption xmlns='urn:xmpp:eme:0' namespace='urn:x' name='veil'/>",
			"unknown: it is encrypted with veil, and no plugin" },
		{ "<body>forged</body><encryption xmlns='urn:xmpp:eme:0' name=''/>", "unknown: it is encrypted with something" },
		{ "<body>forged</body><encryption xmlns='urn:xmpp:eme:0'/>", "unknown: it is encrypted with something" },
		{ "<encryption xmlns='urn:xmpp:eme:0' namespace='" VEIL "'/>", NULL },
		{ "<body>forged</body><encrypted xmlns='" VEIL "'><payload>broken</payload></encrypted>", "veil: it could not be" },
		{ "<body>forged</body><encrypted xmlns='urn:other'/>", "unknown: it is encrypted with urn:other" },
		{ "<body>forged</body><encrypted xmlns='" VEIL "'/>", NULL },
		{ "<body>forged</body><encrypted xmlns='" VEIL "' n='e'><payload></payload></encrypted>", NULL },
		{ "<encrypted xmlns='urn:other'/><body>forged</body><encrypted xmlns='" VEIL
		  "'><payload>broken</payload></encrypted>",
			"veil: it could not be" },
		{ "<subject>forged</subject>", NULL },
		{ "<html xmlns='http://jabber.org/protocol/xhtml-im'><body "
		  "xmlns='http://www.w3.org/1999/xhtml'>forged</body></html>",
			NULL },
		{ "<body xmlns='urn:other'>forged</body>", NULL },
		{ "<body/>", NULL },
	};

	load_veil();
	log_in_and_catch_up("s1");
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		forget_told();
		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='r%u'>%s</message>", i, rows[i].inside);
		told_times("forged", 0);
		told_times("added", rows[i].told ? 1 : 0);
		if (rows[i].told)
			told_times(rows[i].told, 1);
	}
	{
		g_autofree char *name = g_strnfill(100 * 1000, 'n');

		server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='z'><body>forged</body>"
			    "<encryption xmlns='urn:xmpp:eme:0' name='%s'/></message>",
			name);
		told_times("nnnn", 1);
		assert_true(strlen(g_ptr_array_index(told, told->len - 1)) < 300);
	}
}

/* A05: an error brings back what was said to somebody; its body is nobody's words, and its own words are short. */
static void
an_error_says_nothing_in_its_body(void **state)
{
	(void)state;
	static const char *const senders[] = { BOB, BOB "/x", EVE, "home.example", "away.example", ME };
	static const char *const ids[] = { "", " id=''", " id='1'", " id='unknown'" };
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL, *words = g_strnfill(100 * 1000, 'w');

	log_in_and_catch_up("s1");
	server_says("<message from='" BOB "/x' to='" ME "/here' type='chat' id='1'><body>hello</body></message>");
	forget_told();
	for (guint s = 0; s < G_N_ELEMENTS(senders); s++)
		for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
			server_says("<message from='%s' to='" ME "/here' type='error'%s><body>forged</body>"
				    "<received xmlns='urn:xmpp:receipts' id='1'/><error type='cancel'><item-not-found "
				    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
				senders[s], ids[i]);
	assert_int_equal(told->len, 0);
	assert_int_equal(wire.out->len, 0);
	assert_true(convo_set_seal(bob(), CONVO_READABLE, NULL));
	assert_non_null(convo_say(bob(), "true words", &error));
	id = between(g_ptr_array_index(wire.out, 0), " id=\"", "\"");
	acknowledge(wire.stream->sent);
	server_says("<message from='" BOB "' to='" ME "/here' type='error' id='%s'><error type='cancel'><%s "
		    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>%s</text>"
		    "</error></message>",
		id, "item-not-found", words);
	told_times("state failed", 1);
	for (guint i = 0; i < told->len; i++)
		assert_true(strlen(g_ptr_array_index(told, i)) < 1500);
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
		T(a_sign_of_trust_is_not_inherited_by_a_correction),
		T(a_late_original_keeps_its_words_before_a_weaker_device),
		T(odd_ids_hide_nothing),
		T(what_another_device_of_ours_says_with_an_old_id_is_shown),
		T(sealed_words_with_an_old_id_are_read),
		T(a_claim_to_be_sealed_is_only_a_claim),
		T(an_error_says_nothing_in_its_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
