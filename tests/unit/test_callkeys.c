/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a call, between two ends with real ratchets and servers in between that change what passes. */
#include "omemo/bench.h"

#include <string.h>

#include "account/account.h"
#include "call/keys.h"

#define ALICE "alice@a.test"
#define BOB "bob@b.test"
#define SID "a-call"
#define SEALED_NS "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification"
#define LIST(inner) "<item id='current'><list xmlns='" OMEMO_NS "'>" inner "</list></item>"

static Account *alice, *bob;
static GHashTable *memory;

/* What accounts remember. */
char *
memory_get(const char *account, const char *key)
{
	g_autofree char *at = g_strconcat(account, "\n", key, NULL);

	return g_strdup(g_hash_table_lookup(memory, at));
}

void
memory_put(const char *account, const char *key, const char *value)
{
	g_hash_table_insert(memory, g_strconcat(account, "\n", key, NULL), g_strdup(value));
}

static int
begin(void **state)
{
	memory = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	bench_begin(state);
	alice = bench_account(ALICE);
	bob = bench_account(BOB);
	return 0;
}

static int
end(void **state)
{
	bench_end(state);
	g_clear_pointer(&memory, g_hash_table_unref);
	return 0;
}

static void
acquaint(void)
{
	bench_says(alice, bob, "hello");
	bench_says(bob, alice, "hello");
	bench_turn(2000);
}

static void
alice_thinks(enum trust trust)
{
	assert_true(trust_set(alice, BOB, keys_device(BOB), NULL, trust, NULL));
}

static void
bob_thinks(enum trust trust)
{
	assert_true(trust_set(bob, ALICE, keys_device(ALICE), NULL, trust, NULL));
}

/* ---- a call: alice begins it ---- */

struct call {
	CallKeys *out, *in; /* of alice, of bob */
	guint8 print_out[32], print_in[32];
	bool chosen;
	char why[512]; /* the last refusal */
};

static void
call_begin(struct call *call, int rule_out, int rule_in)
{
	*call = (struct call){ 0 };
	call->out = keys_new(alice, BOB, SID, true, rule_out);
	call->in = keys_new(bob, ALICE, SID, false, rule_in);
	memset(call->print_out, 0x0a, sizeof call->print_out);
	memset(call->print_in, 0x0b, sizeof call->print_in);
}

static void
call_end(struct call *call)
{
	keys_free(call->out);
	keys_free(call->in);
}

static void
chosen(const GError *error, gpointer data)
{
	struct call *call = data;

	assert_false(call->chosen);
	call->chosen = true;
	g_strlcpy(call->why, error ? error->message : "", sizeof call->why);
}

static bool
choose(struct call *call, guint32 device)
{
	call->chosen = false;
	keys_choose(call->out, device, chosen, call);
	for (int i = 0; i < 200 && !call->chosen; i++)
		bench_turn(20);
	assert_true(call->chosen);
	return !*call->why;
}

static Jingle *
describe(enum jingle_action action, const guint8 print[32], const char *const *names)
{
	Jingle *jingle = jingle_new(action, SID);

	for (guint i = 0; names[i]; i++) {
		JingleContent *content = jingle_add(jingle, names[i]);

		jingle_offer(content, strcmp(names[i], "video") ? "audio" : "video");
		content->has_transport = true;
		content->ufrag = g_strdup("ufra");
		content->pwd = g_strdup("aPasswordOf24LettersLong");
		content->setup = JINGLE_SETUP_ACTPASS;
		content->has_fingerprint = print != NULL;
		if (print)
			memcpy(content->fingerprint, print, 32);
	}
	return jingle;
}

static const char *const both[] = { "audio", "video", NULL };
static const char *const audio[] = { "audio", NULL };
static const char *const video[] = { "video", NULL };

static char *
say_of(struct call *call, CallKeys *keys, enum jingle_action action, const guint8 *print, const char *const *names)
{
	g_autoptr(Jingle) jingle = describe(action, print, names);
	g_autoptr(GError) error = NULL;
	g_autoptr(Node) node = NULL;

	if (!keys_seal_into(keys, jingle, &error)) {
		g_strlcpy(call->why, error->message, sizeof call->why);
		return NULL;
	}
	node = jingle_write(jingle);
	return node_to_xml(node);
}

static bool
hear_at(struct call *call, CallKeys *keys, const char *xml, Jingle **result, Stanza **stanza)
{
	g_autoptr(GError) error = NULL;
	bool taken;

	*stanza = stanza_parse(xml, strlen(xml), &error);
	assert_non_null(*stanza);
	*result = jingle_read(stanza_root(*stanza), SEALED_NS, &error);
	if (!*result)
		fail_msg("%s in %s", error->message, xml);
	taken = keys_take(keys, *result, &error);
	assert_true(taken == (error == NULL));
	g_strlcpy(call->why, error ? error->message : "", sizeof call->why);
	return taken;
}

/* Taken, and with this fingerprint in force in each content. */
static bool
hears(struct call *call, CallKeys *keys, const char *xml, const guint8 print[32])
{
	g_autoptr(Stanza) stanza = NULL;
	g_autoptr(Jingle) jingle = NULL;
	bool taken = hear_at(call, keys, xml, &jingle, &stanza);

	for (guint i = 0; taken && print && i < jingle->contents->len; i++) {
		JingleContent *content = g_ptr_array_index(jingle->contents, i);

		assert_true(content->has_fingerprint);
		assert_memory_equal(content->fingerprint, print, 32);
	}
	return taken;
}

static void
refuses(struct call *call, CallKeys *keys, const char *xml, const char *words)
{
	if (hears(call, keys, xml, NULL))
		fail_msg("this was taken: %s", xml);
	if (!strstr(call->why, words))
		fail_msg("\"%s\" does not say: %s", call->why, words);
}

static char *
offer(struct call *call, const char *const *names)
{
	char *xml;

	if (!choose(call, keys_device(BOB)))
		fail_msg("%s", call->why);
	xml = say_of(call, call->out, JINGLE_SESSION_INITIATE, call->print_out, names);
	if (!xml)
		fail_msg("%s", call->why);
	return xml;
}

static char *
answer(struct call *call, const char *const *names)
{
	char *xml = say_of(call, call->in, JINGLE_SESSION_ACCEPT, call->print_in, names);

	if (!xml)
		fail_msg("%s", call->why);
	return xml;
}

/* Both halves, unchanged. */
static void
connect_both(struct call *call, const char *const *names)
{
	g_autofree char *first = offer(call, names), *second = NULL;

	if (!hears(call, call->in, first, call->print_out))
		fail_msg("%s", call->why);
	second = answer(call, names);
	if (!hears(call, call->out, second, call->print_in))
		fail_msg("%s", call->why);
}

static char *
cut(const char *text, const char *name)
{
	g_autofree char *pattern = g_strdup_printf("<%s .*?</%s>", name, name);

	return bench_replace(text, pattern, "");
}

/* What somebody in between writes in place of a seal. */
static char *
in_clear(const char *xml, const guint8 print[32])
{
	g_autofree char *text = jingle_fingerprint_text(print);
	g_autofree char *with = g_strdup_printf(
		"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>%s</fingerprint>", text);

	return bench_replace(xml, "<fingerprint .*?</fingerprint>", with);
}

static const guint8 evil[32] = { 0xee, 0xee };

/* Sealed by alice for bob, whatever it is. */
static char *
sealed_by_alice(const void *bytes, size_t length)
{
	g_autoptr(Node) node = omemo_provider.seal_for(alice, BOB, keys_device(BOB), bytes, length, NULL);

	assert_non_null(node);
	return node_to_xml(node);
}

/* ---- what works ---- */

static void
between_two_of_us_secrets_are_mixed_and_both_ends_say_the_same(void **state)
{
	g_autoptr(GVariant) at_alice = NULL, at_bob = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_TRUSTED);
	connect_both(&call, both);
	assert_int_equal(keys_level(call.out), CALL_KEYS_RATCHET);
	assert_int_equal(keys_level(call.in), CALL_KEYS_RATCHET);
	assert_int_equal(keys_trust(call.out), TRUST_TRUSTED);
	alice_thinks(TRUST_VERIFIED);
	assert_int_equal(keys_trust(call.out), TRUST_VERIFIED);
	assert_int_equal(keys_peer_device(call.out), keys_device(BOB));
	assert_int_equal(keys_peer_device(call.in), keys_device(ALICE));
	assert_true(g_str_has_prefix(keys_peer_name(call.out), "bob's key "));
	at_alice = g_variant_ref_sink(keys_link_body(call.out));
	at_bob = g_variant_ref_sink(keys_link_body(call.in));
	assert_true(g_variant_equal(at_alice, at_bob));
	assert_true(g_variant_is_normal_form(at_alice));
	for (gsize i = 0; i < 4; i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(at_alice, i);

		assert_int_equal(g_variant_get_size(child), i ? 32 : 1);
	}
	call_end(&call);
}

static void
each_call_draws_secrets_of_its_own(void **state)
{
	g_autoptr(GVariant) first = NULL, second = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	first = g_variant_ref_sink(keys_link_body(call.out));
	call_end(&call);
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	second = g_variant_ref_sink(keys_link_body(call.out));
	call_end(&call);
	for (gsize i = 2; i < 4; i++) {
		g_autoptr(GVariant) a = g_variant_get_child_value(first, i), b = g_variant_get_child_value(second, i);

		assert_false(g_variant_equal(a, b));
	}
}

/* As Dino does it: nothing to mix. */
static void
with_others_fingerprints_are_sealed_and_nothing_is_mixed(void **state)
{
	g_autofree char *first = NULL, *plain = NULL, *second = NULL;
	g_autoptr(GVariant) body = NULL, mixed = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, both);
	plain = cut(first, "media-secret");
	assert_true(hears(&call, call.in, plain, call.print_out));
	second = answer(&call, both);
	assert_null(strstr(second, "media-secret"));
	assert_true(hears(&call, call.out, second, call.print_in));
	assert_int_equal(keys_level(call.out), CALL_KEYS_SEALED);
	assert_int_equal(keys_level(call.in), CALL_KEYS_SEALED);
	body = g_variant_ref_sink(keys_link_body(call.out));
	mixed = g_variant_get_child_value(body, 0);
	assert_false(g_variant_get_boolean(mixed));
	call_end(&call);
}

static void
who_has_no_keys_is_called_in_clear_and_that_is_said(void **state)
{
	g_autofree char *first = NULL, *second = NULL, *restart = NULL, *changed = NULL;
	struct call call;

	(void)state;
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	bench_turn(2000);
	/* bob's keys lie on the server: here nobody may know them. */
	store_run(NULL, "DELETE FROM omemo_keys", "");
	store_run(NULL, "DELETE FROM omemo_devices", "");
	assert_true(choose(&call, 0));
	first = say_of(&call, call.out, JINGLE_SESSION_INITIATE, call.print_out, both);
	assert_null(strstr(first, "encrypted"));
	assert_true(hears(&call, call.in, first, call.print_out));
	second = answer(&call, both);
	assert_true(hears(&call, call.out, second, call.print_in));
	assert_int_equal(keys_level(call.out), CALL_KEYS_DTLS);
	assert_int_equal(keys_trust(call.out), TRUST_NONE);
	assert_null(keys_peer_fingerprint(call.out));
	/* Not even there may the certificate change. */
	restart = say_of(&call, call.in, JINGLE_TRANSPORT_INFO, call.print_in, audio);
	assert_true(hears(&call, call.out, restart, call.print_in));
	changed = in_clear(restart, evil);
	refuses(&call, call.out, changed, "certificate of bob@b.test changed");
	call_end(&call);
}

static void
what_nothing_seals_is_no_call_where_devices_must_be_trusted(void **state)
{
	g_autofree char *first = NULL;
	struct call call;

	(void)state;
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_TRUSTED);
	bench_turn(2000);
	store_run(NULL, "DELETE FROM omemo_keys", "");
	store_run(NULL, "DELETE FROM omemo_devices", "");
	assert_true(choose(&call, 0));
	first = say_of(&call, call.out, JINGLE_SESSION_INITIATE, call.print_out, both);
	refuses(&call, call.in, first, "call.trust is trusted");
	assert_false(keys_may_allow(call.in));
	call_end(&call);
	call_begin(&call, CALL_TRUST_VERIFIED, CALL_TRUST_ANY);
	bench_turn(2000);
	assert_false(choose(&call, 0));
	assert_non_null(strstr(call.why, "call.trust is verified"));
	call_end(&call);
}

static void
keys_are_fetched_while_it_rings(void **state)
{
	struct call call;

	(void)state;
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	/* Asked at once, answered when the bundle is here. */
	keys_choose(call.out, keys_device(BOB), chosen, &call);
	assert_false(call.chosen);
	bench_turn(2000);
	assert_true(call.chosen);
	assert_string_equal(call.why, "");
	call_end(&call);
	/* Given up while it is being asked: nobody is called back. */
	lists_forget(ALICE);
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	keys_choose(call.out, keys_device(BOB), chosen, &call);
	assert_false(call.chosen);
	call_end(&call);
	bench_turn(2000);
	assert_false(call.chosen);
}

/* When it began to ring there was no list. */
static void
a_device_that_is_new_is_looked_for_when_it_answers(void **state)
{
	g_autofree char *items = NULL;
	struct call call;

	(void)state;
	items = g_strdup(bench_node(BOB, OMEMO_LIST));
	bench_set_node(BOB, OMEMO_LIST, NULL, NULL);
	store_run(NULL, "DELETE FROM omemo_devices WHERE account = '" ALICE "'", "");
	lists_forget(ALICE);
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	bench_turn(2000);
	bench_set_node(BOB, OMEMO_LIST, items, "open");
	if (!choose(&call, keys_device(BOB)))
		fail_msg("%s", call.why);
	call_end(&call);
}

static void
freed_when_chosen(const GError *error, gpointer data)
{
	CallKeys **keys = data;

	assert_non_null(error);
	g_clear_pointer(keys, keys_free);
}

/* A refusal ends the call, and with it the keys, while they still tell of it. */
static void
who_hears_of_a_refusal_may_free_the_keys(void **state)
{
	CallKeys *keys;

	(void)state;
	acquaint();
	for (int online = 0; online < 2; online++) {
		bench_only_online(alice, online);
		keys = keys_new(alice, BOB, SID, true, CALL_TRUST_ANY);
		keys_choose(keys, 4711, freed_when_chosen, &keys);
		for (int i = 0; i < 200 && keys; i++)
			bench_turn(20);
		assert_null(keys);
	}
}

static void
a_content_that_is_added_is_sealed_too(void **state)
{
	g_autofree char *add = NULL, *accept = NULL, *clear = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	add = say_of(&call, call.in, JINGLE_CONTENT_ADD, call.print_in, video);
	assert_non_null(strstr(add, "<encrypted"));
	assert_null(strstr(add, "media-secret"));
	assert_true(hears(&call, call.out, add, call.print_in));
	accept = say_of(&call, call.out, JINGLE_CONTENT_ACCEPT, call.print_out, video);
	clear = in_clear(accept, evil);
	refuses(&call, call.in, clear, "somebody in between");
	assert_int_equal(keys_level(call.in), CALL_KEYS_RATCHET);
	call_end(&call);
}

/* Candidates come without a fingerprint; a restart may repeat the one in force, and only that. */
static void
a_restart_does_not_change_the_certificate(void **state)
{
	g_autofree char *plain = NULL, *same = NULL, *other = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	plain = say_of(&call, call.in, JINGLE_TRANSPORT_INFO, NULL, audio);
	assert_true(hears(&call, call.out, plain, NULL));
	same = say_of(&call, call.in, JINGLE_TRANSPORT_INFO, call.print_in, audio);
	assert_true(hears(&call, call.out, same, call.print_in));
	other = in_clear(same, evil);
	refuses(&call, call.out, other, "somebody in between");
	assert_null(say_of(&call, call.in, JINGLE_TRANSPORT_INFO, evil, audio));
	call_end(&call);
}

/* ---- somebody in between ---- */

/* E09: fingerprints are replaced on both legs. */
static void
a_fingerprint_that_was_replaced_ends_the_call(void **state)
{
	g_autofree char *first = NULL, *first_evil = NULL, *second = NULL, *second_evil = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, both);
	first_evil = in_clear(first, evil);
	refuses(&call, call.in, first_evil, "took the seal away");
	call_end(&call);
	/* Without the secret there is nothing that says it was sealed, but that there are keys. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	g_free(first_evil);
	g_free(first);
	first = offer(&call, both);
	second = cut(first, "media-secret");
	first_evil = in_clear(second, evil);
	refuses(&call, call.in, first_evil, "none of them seals this call");
	call_end(&call);
	/* The other leg. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	g_free(first);
	g_free(second);
	first = offer(&call, both);
	assert_true(hears(&call, call.in, first, call.print_out));
	second = answer(&call, both);
	second_evil = in_clear(second, evil);
	refuses(&call, call.out, second_evil, "without the seal");
	call_end(&call);
}

/* E09: <device/> is taken out of <proceed/>, so that nothing would be sealed at all. */
static void
who_has_keys_is_not_called_without_them_unasked(void **state)
{
	g_autofree char *first = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	assert_false(choose(&call, 0));
	assert_non_null(strstr(call.why, "none of them seals this call"));
	assert_true(keys_may_allow(call.out));
	/* A person says yes. */
	assert_true(keys_allow(call.out));
	assert_false(keys_allow(call.out));
	first = say_of(&call, call.out, JINGLE_SESSION_INITIATE, call.print_out, both);
	assert_false(hears(&call, call.in, first, call.print_out));
	assert_true(keys_allow(call.in));
	assert_int_equal(keys_level(call.in), CALL_KEYS_DTLS);
	call_end(&call);
}

static void
who_once_sealed_cannot_come_without(void **state)
{
	g_autofree char *clear = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	call_end(&call);
	store_run(NULL, "DELETE FROM omemo_keys", "");
	store_run(NULL, "DELETE FROM omemo_devices", "");
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	bench_turn(2000);
	assert_false(choose(&call, 0));
	assert_non_null(strstr(call.why, "sealed calls before"));
	assert_false(keys_may_allow(call.out));
	clear = bench_replace("<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='" SID "'>CONTENT</jingle>",
		"CONTENT",
		"<content creator='initiator' name='audio'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
		"<payload-type id='111' name='opus' clockrate='48000' channels='2'/><rtcp-mux/></description>"
		"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='ufra' pwd='aPasswordOf24LettersLong'>"
		"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>"
		"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
		"</fingerprint></transport></content>");
	refuses(&call, call.in, clear, "sealed calls before");
	assert_false(keys_may_allow(call.in));
	call_end(&call);
}

static void
one_in_clear_beside_the_sealed_one_may_only_repeat_it(void **state)
{
	static const struct {
		guint8 first;
		bool taken;
	} rows[] = { { 0x0a, true }, { 0xee, false } };

	(void)state;
	acquaint();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint8 print[32];
		g_autofree char *first = NULL, *text = NULL, *with = NULL, *changed = NULL;
		struct call call;

		call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
		memset(print, rows[i].first, sizeof print);
		text = jingle_fingerprint_text(print);
		with = g_strdup_printf(
			"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>%s</fingerprint>"
			"</transport>",
			text);
		first = offer(&call, both);
		changed = bench_replace(first, "</transport>", with);
		assert_int_equal(hears(&call, call.in, changed, call.print_out), rows[i].taken);
		if (!rows[i].taken)
			assert_non_null(strstr(call.why, "somebody in between"));
		call_end(&call);
	}
}

/* A content that somebody adds, in clear, with a certificate of their own. */
static void
a_content_with_another_certificate_is_no_part_of_it(void **state)
{
	g_autofree char *first = NULL, *clear = NULL, *part = NULL, *changed = NULL;
	g_autoptr(Jingle) other = describe(JINGLE_SESSION_INITIATE, evil, video);
	g_autoptr(Node) node = jingle_write(other);
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, audio);
	clear = node_to_xml(node);
	part = bench_replace(clear, ".*(<content.*</content>).*", "\\1");
	changed = bench_replace(first, "(<content.*</content>)", "@\\1");
	g_free(first);
	first = bench_replace(changed, "@", part);
	refuses(&call, call.in, first, "somebody in between");
	call_end(&call);
}

static void
a_secret_that_was_taken_away_is_seen(void **state)
{
	g_autofree char *first = NULL, *plain = NULL, *second = NULL, *bare = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	call_end(&call);
	/* In the offer. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, audio);
	plain = cut(first, "media-secret");
	refuses(&call, call.in, plain, "mixed its keys into calls before");
	assert_true(keys_may_allow(call.in));
	assert_true(keys_allow(call.in));
	assert_int_equal(keys_level(call.in), CALL_KEYS_SEALED);
	call_end(&call);
	/* In the answer. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	g_free(first);
	first = offer(&call, audio);
	assert_true(hears(&call, call.in, first, call.print_out));
	second = answer(&call, audio);
	bare = cut(second, "media-secret");
	refuses(&call, call.out, bare, "mixed its keys into calls before");
	call_end(&call);
}

static void
a_seal_opens_once_and_in_its_place_only(void **state)
{
	g_autofree char *first = NULL, *second = NULL, *again = NULL, *seal = NULL, *moved = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, audio);
	assert_true(hears(&call, call.in, first, call.print_out));
	/* In the same call, and in another one. */
	refuses(&call, call.in, first, "wrong order");
	call_end(&call);
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	again = bench_replace(first, SID, "another-call");
	refuses(&call, call.in, again, "does not open");
	call_end(&call);
	/* As the seal of another content. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	second = offer(&call, both);
	seal = bench_replace(second, ".*?(<fingerprint .*?</fingerprint>).*", "\\1");
	moved = bench_replace(second, "<fingerprint .*?</fingerprint>", "@");
	g_free(second);
	second = bench_replace(moved, "@", seal);
	refuses(&call, call.in, second, "does not open");
	call_end(&call);
	/* The secret in place of a fingerprint. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	g_free(second);
	g_free(seal);
	g_free(moved);
	second = offer(&call, audio);
	seal = bench_replace(second, ".*<media-secret[^>]*>(.*)</media-secret>.*", "\\1");
	moved = bench_replace(second, "(<fingerprint [^>]*>).*?(</fingerprint>)", "\\1@\\2");
	g_free(second);
	second = cut(moved, "media-secret");
	g_free(moved);
	moved = bench_replace(second, "@", seal);
	refuses(&call, call.in, moved, "no fingerprint");
	call_end(&call);
}

static void
an_answer_to_ones_own_offer_is_none(void **state)
{
	g_autofree char *first = NULL, *second = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, audio);
	second = bench_replace(first, "session-initiate", "session-accept");
	refuses(&call, call.out, second, "does not open");
	refuses(&call, call.out, first, "wrong order");
	refuses(&call, call.in, second, "wrong order");
	assert_true(hears(&call, call.in, first, call.print_out));
	call_end(&call);
}

/* E11 */
static void
nothing_begins_without_a_fingerprint(void **state)
{
	g_autofree char *first = NULL, *second = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, both);
	second = bench_replace(first, "<fingerprint .*?</fingerprint>", "");
	refuses(&call, call.in, second, "no fingerprint");
	call_end(&call);
}

/* ---- devices ---- */

/* Another device of bob, as the servers tell it. */
static Account *
ghost(void)
{
	Account *account = bench_account("ghost@g.test");
	guint32 device = keys_device("ghost@g.test");
	g_autofree char *node = g_strdup_printf(OMEMO_BUNDLES "%u", device);
	g_autofree char *items = g_strdup_printf(LIST("<device id='%u'/><device id='%u'/>"), keys_device(BOB), device);

	bench_set_node(BOB, node, bench_node("ghost@g.test", node), "open");
	bench_push_list(BOB, items);
	bench_turn(50);
	return account;
}

static void
the_rule_asks_for_a_device_before_anything_is_sealed_to_it(void **state)
{
	static const struct {
		int rule;
		enum trust trust;
		const char *refusal; /* NULL: it may be called */
	} rows[] = {
		{ CALL_TRUST_ANY, TRUST_UNDECIDED, NULL },
		{ CALL_TRUST_ANY, TRUST_TRUSTED, NULL },
		{ CALL_TRUST_ANY, TRUST_VERIFIED, NULL },
		{ CALL_TRUST_ANY, TRUST_UNTRUSTED, "you refused device" },
		{ CALL_TRUST_TRUSTED, TRUST_UNDECIDED, "nobody decided about device" },
		{ CALL_TRUST_TRUSTED, TRUST_TRUSTED, NULL },
		{ CALL_TRUST_TRUSTED, TRUST_VERIFIED, NULL },
		{ CALL_TRUST_TRUSTED, TRUST_UNTRUSTED, "you refused device" },
		{ CALL_TRUST_VERIFIED, TRUST_UNDECIDED, "nobody decided about device" },
		{ CALL_TRUST_VERIFIED, TRUST_TRUSTED, "is not verified" },
		{ CALL_TRUST_VERIFIED, TRUST_VERIFIED, NULL },
		{ CALL_TRUST_VERIFIED, TRUST_UNTRUSTED, "you refused device" },
	};

	(void)state;
	acquaint();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *first = NULL;
		struct call call;

		alice_thinks(rows[i].trust);
		bob_thinks(TRUST_TRUSTED);
		call_begin(&call, rows[i].rule, CALL_TRUST_ANY);
		assert_int_equal(choose(&call, keys_device(BOB)), rows[i].refusal == NULL);
		if (rows[i].refusal)
			assert_non_null(strstr(call.why, rows[i].refusal));
		assert_false(keys_may_allow(call.out));
		call_end(&call);
		/* And the same of who calls. */
		alice_thinks(TRUST_TRUSTED);
		bob_thinks(rows[i].trust);
		call_begin(&call, CALL_TRUST_ANY, rows[i].rule);
		first = offer(&call, audio);
		assert_int_equal(hears(&call, call.in, first, call.print_out), rows[i].refusal == NULL);
		if (rows[i].refusal)
			assert_non_null(strstr(call.why, rows[i].refusal));
		call_end(&call);
	}
	for (int rule = CALL_TRUST_ANY; rule <= CALL_TRUST_VERIFIED; rule++)
		assert_int_equal(keys_rule_allows(rule, TRUST_NONE), rule == CALL_TRUST_ANY);
}

static void
a_device_that_only_the_servers_name_is_not_sealed_to(void **state)
{
	struct call call;

	(void)state;
	acquaint();
	alice_thinks(TRUST_VERIFIED);
	ghost();
	call_begin(&call, CALL_TRUST_TRUSTED, CALL_TRUST_ANY);
	assert_false(choose(&call, keys_device("ghost@g.test")));
	assert_non_null(strstr(call.why, "nobody decided about device"));
	call_end(&call);
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	assert_false(choose(&call, 4711));
	assert_non_null(strstr(call.why, "are not known"));
	call_end(&call);
}

/* Another device answers a call that is with one that may be called. */
static void
another_device_cannot_answer(void **state)
{
	g_autofree char *first = NULL, *second = NULL;
	Account *other;
	CallKeys *evil_keys;
	struct call call;

	(void)state;
	acquaint();
	other = ghost();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&call, audio);
	/* It knows alice's keys and seals for her, as a device of bob. */
	evil_keys = keys_new(other, ALICE, SID, true, CALL_TRUST_ANY);
	call.chosen = false;
	keys_choose(evil_keys, keys_device(ALICE), chosen, &call);
	bench_turn(2000);
	assert_true(call.chosen);
	second = say_of(&call, evil_keys, JINGLE_SESSION_ACCEPT, evil, audio);
	assert_non_null(second);
	refuses(&call, call.out, second, "sealed a part of a call that is with device");
	keys_free(evil_keys);
	call_end(&call);
}

static void
a_key_that_changes_during_the_call_ends_it(void **state)
{
	g_autofree char *first = NULL;
	struct call call;
	guint8 other[KEY_LENGTH] = { 5, 1 };
	enum trust trust;
	enum key_news news;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	assert_true(choose(&call, keys_device(BOB)));
	assert_true(trust_learn(ALICE, BOB, keys_device(BOB), other, true, "key bundle", &trust, &news, NULL));
	first = say_of(&call, call.out, JINGLE_SESSION_INITIATE, call.print_out, audio);
	assert_null(first);
	assert_non_null(strstr(call.why, "changed during the call"));
	assert_int_equal(keys_trust(call.out), TRUST_UNDECIDED);
	call_end(&call);
}

/* ---- secrets ---- */

static void
a_secret_belongs_to_the_certificate_and_its_version(void **state)
{
	static const struct {
		guint8 version, print;
		size_t length;
		const char *words;
	} rows[] = {
		{ 2, 0x0a, 65, "version" },
		{ 1, 0xee, 65, "another certificate" },
		{ 1, 0x0a, 64, "version" },
		{ 1, 0x0a, 66, "version" },
		{ 1, 0x0a, 0, "version" },
	};

	(void)state;
	acquaint();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint8 bytes[66] = { rows[i].version };
		g_autofree char *first = NULL, *inner = NULL, *with = NULL, *changed = NULL;
		struct call call;

		memset(bytes + 33, rows[i].print, 32);
		call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
		first = offer(&call, audio);
		inner = sealed_by_alice(bytes, rows[i].length);
		with = g_strdup_printf("\\1%s\\2", inner);
		changed = bench_replace(first, "(<media-secret[^>]*>).*(</media-secret>)", with);
		refuses(&call, call.in, changed, rows[i].words);
		call_end(&call);
	}
}

/* Without a secret each content may have its own, as others do it; one secret is for one certificate. */
static void
a_secret_is_for_one_certificate_only(void **state)
{
	g_autofree char *text = jingle_fingerprint_text(evil), *seal = NULL, *with = NULL, *first = NULL, *two = NULL,
			*plain = NULL;
	struct call call;

	(void)state;
	acquaint();
	for (int secret = 0; secret < 2; secret++) {
		call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
		g_free(first);
		first = offer(&call, both);
		g_free(seal);
		seal = sealed_by_alice(text, strlen(text));
		g_free(with);
		with = g_strdup_printf("\\1%s\\2", seal);
		g_free(two);
		two = bench_replace(first, "(name=\"video\".*<fingerprint [^>]*>).*?(</fingerprint>)", with);
		g_free(plain);
		plain = cut(two, "media-secret");
		if (secret)
			refuses(&call, call.in, two, "several certificates");
		else
			assert_true(hears(&call, call.in, plain, NULL));
		call_end(&call);
	}
}

/* E03: and a secret in it, sealed by the right device. */
static void
an_answer_before_the_offer_is_refused(void **state)
{
	g_autofree char *text = NULL, *print = NULL, *secret = NULL, *xml = NULL;
	guint8 bytes[65] = { 1 };
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	/* Here bob called alice: she answers before he offered anything. */
	keys_free(call.in);
	call.in = keys_new(bob, ALICE, SID, true, CALL_TRUST_ANY);
	call.chosen = false;
	keys_choose(call.in, keys_device(ALICE), chosen, &call);
	bench_turn(2000);
	assert_true(call.chosen);
	text = jingle_fingerprint_text(call.print_out);
	memcpy(bytes + 33, call.print_out, 32);
	print = sealed_by_alice(text, strlen(text));
	secret = sealed_by_alice(bytes, sizeof bytes);
	xml = g_strdup_printf(
		"<jingle xmlns='urn:xmpp:jingle:1' action='session-accept' sid='" SID "'>"
		"<content creator='initiator' name='audio'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
		"<payload-type id='111' name='opus' clockrate='48000' channels='2'/><rtcp-mux/></description>"
		"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='ufra' pwd='aPasswordOf24LettersLong'>"
		"<fingerprint xmlns='" SEALED_NS "' hash='sha-256' setup='active'>%s</fingerprint></transport></content>"
		"<media-secret xmlns='urn:sotto:media-secret:1'>%s</media-secret></jingle>",
		print, secret);
	refuses(&call, call.in, xml, "nobody asked for");
	call_end(&call);
}

static void
a_secret_that_nobody_asked_for_is_refused(void **state)
{
	g_autofree char *first = NULL, *plain = NULL, *second = NULL;
	struct call call, other;

	(void)state;
	acquaint();
	call_begin(&other, CALL_TRUST_ANY, CALL_TRUST_ANY);
	first = offer(&other, audio);
	assert_true(hears(&other, other.in, first, other.print_out));
	second = answer(&other, audio);
	/* In the answer to a call that began in clear. */
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	assert_false(choose(&call, 0));
	assert_true(keys_allow(call.out));
	refuses(&call, call.out, second, "nobody sealed");
	plain = in_clear(second, call.print_in);
	refuses(&call, call.out, plain, "took the seal away");
	call_end(&call);
	call_end(&other);
}

/* ---- words ---- */

static char *heard[2];
static guint heard_count;

static void
spoken(const char *words, gpointer data)
{
	heard[GPOINTER_TO_UINT(data)] = g_strdup(words);
	heard_count++;
}

static void
listen(CallKeys *a, CallKeys *b)
{
	g_clear_pointer(&heard[0], g_free);
	g_clear_pointer(&heard[1], g_free);
	heard_count = 0;
	keys_words(a, spoken, GUINT_TO_POINTER(0));
	keys_words(b, spoken, GUINT_TO_POINTER(1));
	while (heard_count < 2)
		g_main_context_iteration(NULL, TRUE);
}

static void
both_ends_read_the_same_four_words(void **state)
{
	g_auto(GStrv) words = NULL;
	struct call call;

	(void)state;
	acquaint();
	call_begin(&call, CALL_TRUST_ANY, CALL_TRUST_ANY);
	connect_both(&call, audio);
	listen(call.out, call.in);
	assert_non_null(heard[0]);
	assert_string_equal(heard[0], heard[1]);
	words = g_strsplit(heard[0], " ", -1);
	assert_int_equal(g_strv_length(words), 4);
	/* Nobody is called back after the end. */
	keys_words(call.out, spoken, GUINT_TO_POINTER(0));
	call_end(&call);
	heard_count = 0;
	for (int i = 0; i < 50; i++) {
		g_usleep(20000);
		g_main_context_iteration(NULL, FALSE);
	}
	assert_int_equal(heard_count, 0);
	g_clear_pointer(&heard[0], g_free);
	g_clear_pointer(&heard[1], g_free);
}

/* Somebody who is between the ratchets passes the true fingerprints on: the words must differ all the same, else the false key
 * would be the one that is verified. */
static void
words_bind_the_identity_keys_too(void **state)
{
	guint8 keys[4][32], one[32], other[32];
	struct keys_context of = { .sid = SID, .jid_initiator = ALICE, .jid_responder = BOB };

	(void)state;
	for (int i = 0; i < 4; i++)
		memset(keys[i], i, 32);
	of.key_initiator = keys[0];
	of.key_responder = keys[1];
	of.print_initiator = keys[2];
	of.print_responder = keys[3];
	keys_context(&of, one);
	of.key_responder = evil;
	keys_context(&of, other);
	assert_memory_not_equal(one, other, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(between_two_of_us_secrets_are_mixed_and_both_ends_say_the_same, begin, end),
		cmocka_unit_test_setup_teardown(each_call_draws_secrets_of_its_own, begin, end),
		cmocka_unit_test_setup_teardown(with_others_fingerprints_are_sealed_and_nothing_is_mixed, begin, end),
		cmocka_unit_test_setup_teardown(who_has_no_keys_is_called_in_clear_and_that_is_said, begin, end),
		cmocka_unit_test_setup_teardown(what_nothing_seals_is_no_call_where_devices_must_be_trusted, begin, end),
		cmocka_unit_test_setup_teardown(keys_are_fetched_while_it_rings, begin, end),
		cmocka_unit_test_setup_teardown(a_device_that_is_new_is_looked_for_when_it_answers, begin, end),
		cmocka_unit_test_setup_teardown(who_hears_of_a_refusal_may_free_the_keys, begin, end),
		cmocka_unit_test_setup_teardown(a_content_that_is_added_is_sealed_too, begin, end),
		cmocka_unit_test_setup_teardown(a_restart_does_not_change_the_certificate, begin, end),
		cmocka_unit_test_setup_teardown(a_fingerprint_that_was_replaced_ends_the_call, begin, end),
		cmocka_unit_test_setup_teardown(who_has_keys_is_not_called_without_them_unasked, begin, end),
		cmocka_unit_test_setup_teardown(who_once_sealed_cannot_come_without, begin, end),
		cmocka_unit_test_setup_teardown(one_in_clear_beside_the_sealed_one_may_only_repeat_it, begin, end),
		cmocka_unit_test_setup_teardown(a_content_with_another_certificate_is_no_part_of_it, begin, end),
		cmocka_unit_test_setup_teardown(a_secret_that_was_taken_away_is_seen, begin, end),
		cmocka_unit_test_setup_teardown(a_seal_opens_once_and_in_its_place_only, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_to_ones_own_offer_is_none, begin, end),
		cmocka_unit_test_setup_teardown(nothing_begins_without_a_fingerprint, begin, end),
		cmocka_unit_test_setup_teardown(the_rule_asks_for_a_device_before_anything_is_sealed_to_it, begin, end),
		cmocka_unit_test_setup_teardown(a_device_that_only_the_servers_name_is_not_sealed_to, begin, end),
		cmocka_unit_test_setup_teardown(another_device_cannot_answer, begin, end),
		cmocka_unit_test_setup_teardown(a_key_that_changes_during_the_call_ends_it, begin, end),
		cmocka_unit_test_setup_teardown(a_secret_belongs_to_the_certificate_and_its_version, begin, end),
		cmocka_unit_test_setup_teardown(a_secret_is_for_one_certificate_only, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_before_the_offer_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_secret_that_nobody_asked_for_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(both_ends_read_the_same_four_words, begin, end),
		cmocka_unit_test_setup_teardown(words_bind_the_identity_keys_too, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
