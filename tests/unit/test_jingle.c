/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle on the wire: what other clients send is understood field by field, what is written is read again as it was, the one offer
 * for everybody has the shape that they take, and what is malformed is an error in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/error.h"
#include "base/medialink.h"
#include "fake/jingletext.h"

#define SEAL_NS "http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification"
#define SEALED_NS "eu.siacs.conversations.axolotl"
#define PWD "15ncpxqVXEtVv2nuHVYUig"
#define PRINT "8C:90:81:22:52:10:F8:E1:73:D6:2A:A4:C3:B9:7F:29:D9:D2:1C:D4:48:AA:7B:B7:81:7C:79:3A:12:3D:89:BC"
#define CAPTURES "tests/fuzz/corpus/jingle/"

/* What jingle_read() gave lives no longer than the stanza that it was read from. */
typedef struct Read {
	Stanza *stanza;
	Jingle *jingle;
	GError *error;
} Read;

static void
read_clear(Read *read)
{
	jingle_free(read->jingle);
	stanza_unref(read->stanza);
	g_clear_error(&read->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Read, read_clear)

static Read
read_xml(const char *xml)
{
	Read read = { .stanza = stanza_parse(xml, strlen(xml), NULL) };

	assert_non_null(read.stanza);
	read.jingle = jingle_read(stanza_root(read.stanza), SEAL_NS, &read.error);
	assert_true(!read.jingle == !!read.error);
	return read;
}

static Read
read_node(Node *node)
{
	g_autofree char *xml = node_to_xml(node);

	node_free(node);
	return read_xml(xml);
}

/* ---- what others send ---- */

static char *
text_of_capture(const char *name)
{
	g_autofree char *path = g_strconcat(CAPTURES, name, NULL), *xml = NULL;
	struct jmi jmi;

	assert_true(g_file_get_contents(path, &xml, NULL, NULL));
	if (g_str_has_prefix(xml, "<jingle")) {
		g_auto(Read) read = read_xml(xml);
		return read.jingle ? jingle_text(read.jingle) : g_strdup(read.error->message);
	}
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	assert_non_null(stanza);
	return jmi_read(stanza_root(stanza), SEAL_NS, &jmi) ? jmi_text(&jmi) : g_strdup("none");
}

/* Every call that was recorded of Dino and of a browser: tests/captures/jingle.txt says what each stanza means. */
static void
what_others_send_is_understood(void **state)
{
	(void)state;
	g_autofree char *all = NULL;
	assert_true(g_file_get_contents("tests/captures/jingle.txt", &all, NULL, NULL));
	g_auto(GStrv) parts = g_strsplit(all, "# ", -1);
	assert_int_equal(g_strv_length(parts), 57);
	for (guint i = 1; parts[i]; i++) {
		char *end = strchr(parts[i], '\n');
		assert_non_null(end);
		*end = '\0';
		g_autofree char *text = text_of_capture(parts[i]);
		assert_string_equal(text, g_strchomp(end + 1));
	}
}

static void
what_others_send_can_be_written_and_read_again(void **state)
{
	(void)state;
	g_autoptr(GDir) dir = g_dir_open(CAPTURES, 0, NULL);
	guint n = 0;
	for (const char *name; (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_strconcat(CAPTURES, name, NULL), *xml = NULL;
		assert_true(g_file_get_contents(path, &xml, NULL, NULL));
		if (!g_str_has_prefix(xml, "<jingle"))
			continue;
		g_auto(Read) first = read_xml(xml);
		for (guint i = 0; i < first.jingle->contents->len; i++)
			((JingleContent *)g_ptr_array_index(first.jingle->contents, i))->has_sdes = false;
		g_autofree char *before = jingle_text(first.jingle);
		g_auto(Read) second = read_node(jingle_rewrite(first.jingle));
		g_autofree char *after = jingle_text(second.jingle);
		assert_string_equal(before, after);
		n++;
	}
	assert_true(n > 30);
}

/* ---- round trips ---- */

static void
every_action_comes_back(void **state)
{
	(void)state;
	for (guint action = JINGLE_SESSION_INITIATE; action < JINGLE_ACTIONS; action++) {
		g_autoptr(Jingle) jingle = jingle_new(action, "sid 1");
		jingle->initiator = g_strdup("a@b/c");
		jingle->reason = g_strdup("busy");
		jingle->reason_text = g_strdup("not <now>");
		JingleContent *content = jingle_add(jingle, "0");
		g_free(content->senders);
		content->senders = g_strdup("initiator");
		content->by_responder = true;
		g_autofree char *before = jingle_text(jingle);
		g_auto(Read) read = read_node(jingle_write(jingle));
		g_autofree char *after = jingle_text(read.jingle);
		assert_string_equal(before, after);
	}
}

static void
every_information_comes_back(void **state)
{
	(void)state;
	for (guint info = JINGLE_RINGING; info < JINGLE_INFO_UNKNOWN; info++) {
		g_autoptr(Jingle) jingle = jingle_new(JINGLE_SESSION_INFO, "s");
		jingle->info = info;
		if (info == JINGLE_MUTE || info == JINGLE_UNMUTE)
			jingle->info_name = g_strdup("video");
		g_auto(Read) read = read_node(jingle_write(jingle));
		assert_int_equal(read.jingle->info, info);
		assert_int_equal(g_strcmp0(read.jingle->info_name, jingle->info_name), 0);
	}
}

#define INFO(child) "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s'>" child "</jingle>"

/* XEP-0166 §6.8: the one is answered with a result, the other refused. */
static void
a_ping_is_told_from_what_is_not_known(void **state)
{
	(void)state;
	static const struct {
		const char *xml;
		enum jingle_info info;
	} cases[] = {
		{ INFO(""), JINGLE_INFO_NONE },
		{ INFO("<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"), JINGLE_RINGING },
		{ INFO("<ringing xmlns='urn:other'/>"), JINGLE_INFO_UNKNOWN },
		{ INFO("<dance xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"), JINGLE_INFO_UNKNOWN },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Read) read = read_xml(cases[i].xml);
		assert_int_equal(read.jingle->info, cases[i].info);
	}
}

static void
an_unknown_action_is_read_as_such(void **state)
{
	(void)state;
	g_auto(Read) read = read_xml("<jingle xmlns='urn:xmpp:jingle:1' action='transport-replace' sid='s'><content/></jingle>");
	assert_int_equal(read.jingle->action, JINGLE_UNKNOWN);
	assert_string_equal(read.jingle->sid, "s");
}

/* ---- our offer ---- */

static void
give_transport(JingleContent *content, const char *ufrag)
{
	content->has_transport = true;
	content->ufrag = g_strdup(ufrag);
	content->pwd = g_strdup(PWD);
	content->setup = JINGLE_SETUP_ACTPASS;
	content->has_fingerprint = true;
	assert_true(jingle_fingerprint_read(PRINT, content->fingerprint));
	struct jingle_candidate candidate = {
		.foundation = "1",
		.ip = "192.0.2.7",
		.type = "relay",
		.component = 1,
		.priority = 16777215,
		.port = 40000,
		.protocol = "udp",
	};
	jingle_add_candidate(content, &candidate);
}

static Jingle *
offer_new(void)
{
	static const char *const names[] = { "0", "1", NULL };
	Jingle *offer = jingle_new(JINGLE_SESSION_INITIATE, "s");

	offer->initiator = g_strdup("alice@one.test/x");
	offer->bundle = g_strdupv((char **)names);
	JingleContent *audio = jingle_add(offer, names[0]), *video = jingle_add(offer, names[1]);
	jingle_offer(audio, "audio");
	audio->source = 7;
	audio->cname = g_strdup("c");
	jingle_offer(video, "video");
	video->source = 8;
	video->rtx_source = 9;
	video->cname = g_strdup("c");
	give_transport(audio, "aaaa");
	give_transport(video, "vvvv");
	return offer;
}

/* What the rules look at. */
struct offered {
	const Element *jingle;
	const Element *contents[2], *descriptions[2], *transports[2];
};

static guint
count(const Element *parent, const char *name)
{
	guint n = 0;

	for (const Element *child = element_first(parent); child; child = element_next(child))
		n += element_is(child, name, NULL);
	return n;
}

static const Element *
codec(const Element *description, const char *name)
{
	for (const Element *child = element_first(description); child; child = element_next(child)) {
		if (element_is(child, "payload-type", JINGLE_RTP_NS) && !g_strcmp0(element_attr(child, "name"), name))
			return child;
	}
	return NULL;
}

static bool
has_number(const Element *element, const char *attribute, int number)
{
	const char *said = element ? element_attr(element, attribute) : NULL;
	g_autofree char *wanted = g_strdup_printf("%d", number);

	return !g_strcmp0(said, wanted);
}

static bool
group_names_all(const struct offered *offered)
{
	const Element *group = element_child(offered->jingle, "group", "urn:xmpp:jingle:apps:grouping:0");
	const Element *name = group ? element_first(group) : NULL;
	bool good = name && !g_strcmp0(element_attr(group, "semantics"), "BUNDLE");

	for (guint i = 0; i < 2 && good; i++, name = element_next(name))
		good = name && !g_strcmp0(element_attr(name, "name"), element_attr(offered->contents[i], "name"));
	return good && !name;
}

static bool
rtcp_shares_the_port(const struct offered *offered)
{
	return element_child(offered->descriptions[0], "rtcp-mux", JINGLE_RTP_NS) &&
	       element_child(offered->descriptions[1], "rtcp-mux", JINGLE_RTP_NS);
}

static bool
opus_has_two_channels(const struct offered *offered)
{
	const Element *opus = codec(offered->descriptions[0], "opus");
	return has_number(opus, "id", MEDIA_PT_OPUS) && has_number(opus, "clockrate", 48000) && has_number(opus, "channels", 2);
}

static bool
pictures_are_vp8_and_its_repetition(const struct offered *offered)
{
	const Element *vp8 = codec(offered->descriptions[1], "VP8"), *rtx = codec(offered->descriptions[1], "rtx");
	return has_number(vp8, "id", MEDIA_PT_VP8) && has_number(vp8, "clockrate", 90000) && has_number(rtx, "id", MEDIA_PT_RTX) &&
	       has_number(element_child(rtx, "parameter", JINGLE_RTP_NS), "value", MEDIA_PT_VP8) &&
	       count(offered->descriptions[1], "payload-type") == 2;
}

static bool
there_are_digits_on_the_clock_of_opus(const struct offered *offered)
{
	const Element *dtmf = codec(offered->descriptions[0], "telephone-event");
	return has_number(dtmf, "id", MEDIA_PT_DTMF) && has_number(dtmf, "clockrate", 48000) &&
	       count(offered->descriptions[0], "payload-type") == 2;
}

static bool
feedback_is_inside_the_payload_type(const struct offered *offered)
{
	return count(codec(offered->descriptions[1], "VP8"), "rtcp-fb") == 4 &&
	       count(codec(offered->descriptions[0], "opus"), "rtcp-fb") == 1 && !count(offered->descriptions[0], "rtcp-fb") &&
	       !count(offered->descriptions[1], "rtcp-fb") && !count(codec(offered->descriptions[1], "rtx"), "rtcp-fb");
}

static bool
there_are_no_keys_in_clear(const struct offered *offered)
{
	return !count(offered->descriptions[0], "encryption") && !count(offered->descriptions[1], "encryption");
}

static bool
one_certificate_with_a_setup(const struct offered *offered)
{
	for (guint i = 0; i < 2; i++) {
		const Element *print = element_child(offered->transports[i], "fingerprint", JINGLE_DTLS_NS);
		if (!print || strcmp(element_text(print), PRINT) || g_strcmp0(element_attr(print, "setup"), "actpass") ||
			g_strcmp0(element_attr(print, "hash"), "sha-256") || count(offered->transports[i], "fingerprint") != 1)
			return false;
	}
	return true;
}

static bool
every_content_has_a_transport_of_its_own(const struct offered *offered)
{
	const char *first = element_attr(offered->transports[0], "ufrag"), *second = element_attr(offered->transports[1], "ufrag");
	return first && second && strcmp(first, second) && strlen(first) >= 4 &&
	       strlen(element_attr(offered->transports[0], "pwd")) >= 22 && count(offered->transports[0], "candidate") == 1 &&
	       count(offered->transports[1], "candidate") == 1;
}

static bool
candidates_have_what_the_standard_wants(const struct offered *offered)
{
	static const char *const wanted[] = { "component", "foundation", "generation", "id", "ip", "network", "port", "priority",
		"protocol", "type" };
	const Element *candidate = element_child(offered->transports[0], "candidate", JINGLE_ICE_NS);

	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
		if (!element_attr(candidate, wanted[i]))
			return false;
	}
	return !element_attr(candidate, "rel-addr") && !element_attr(candidate, "rel-port");
}

static bool
the_initiator_is_named_and_created_all(const struct offered *offered)
{
	for (guint i = 0; i < 2; i++) {
		if (g_strcmp0(element_attr(offered->contents[i], "creator"), "initiator"))
			return false;
	}
	return element_attr(offered->jingle, "initiator") != NULL;
}

static bool
senders_are_not_said(const struct offered *offered)
{
	return !element_attr(offered->contents[0], "senders") && !element_attr(offered->contents[1], "senders");
}

static bool
repeated_packets_have_a_source_that_is_named(const struct offered *offered)
{
	const Element *group = element_child(offered->descriptions[1], "ssrc-group", NULL);
	return has_number(offered->descriptions[1], "ssrc", 8) && group && count(group, "source") == 2 &&
	       count(offered->descriptions[1], "source") == 2 && !count(offered->descriptions[0], "ssrc-group");
}

static const struct rule {
	const char *whose, *what;
	bool (*holds)(const struct offered *offered);
} rules[] = {
	{ "Chromium", "without a BUNDLE group under <jingle/> there is no call", group_names_all },
	{ "Chromium", "without rtcp-mux there is no call", rtcp_shares_the_port },
	{ "Chromium", "opus without two channels is no opus", opus_has_two_channels },
	{ "Chromium", "with RED it would send RED: VP8 and its repetition alone", pictures_are_vp8_and_its_repetition },
	{ "Chromium", "feedback beside a payload type is not seen", feedback_is_inside_the_payload_type },
	{ "Chromium", "a fingerprint without setup fails, and all are the same", one_certificate_with_a_setup },
	{ "Chromium", "the first of the FID group is found by the ssrc of the description",
		repeated_packets_have_a_source_that_is_named },
	{ "Dino", "has a transport for every content", every_content_has_a_transport_of_its_own },
	{ "Dino", "reads an id of every candidate", candidates_have_what_the_standard_wants },
	{ "Dino", "wants to be told who initiates", the_initiator_is_named_and_created_all },
	{ "both", "take both as meant when nothing is said", senders_are_not_said },
	{ "ours", "no key travels in clear", there_are_no_keys_in_clear },
	{ "ours", "digits", there_are_digits_on_the_clock_of_opus },
};

static struct offered
look_at(const Element *jingle)
{
	struct offered offered = { .jingle = jingle };
	guint n = 0;

	for (const Element *child = element_first(jingle); child; child = element_next(child)) {
		if (!element_is(child, "content", JINGLE_NS))
			continue;
		assert_true(n < 2);
		offered.contents[n] = child;
		offered.descriptions[n] = element_child(child, "description", JINGLE_RTP_NS);
		offered.transports[n] = element_child(child, "transport", JINGLE_ICE_NS);
		assert_non_null(offered.descriptions[n]);
		assert_non_null(offered.transports[n]);
		n++;
	}
	assert_int_equal(n, 2);
	return offered;
}

static void
our_offer_has_the_shape_that_others_take(void **state)
{
	(void)state;
	g_autoptr(Jingle) offer = offer_new();
	g_auto(Read) read = read_node(jingle_write(offer));
	assert_non_null(read.jingle);
	struct offered offered = look_at(stanza_root(read.stanza));
	for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
		if (!rules[i].holds(&offered))
			fail_msg("%s: %s", rules[i].whose, rules[i].what);
	}
	g_autofree char *before = jingle_text(offer), *after = jingle_text(read.jingle);
	assert_string_equal(before, after);
}

/* The sealed fingerprint is there in place of the clear one. */
static void
a_seal_replaces_the_fingerprint(void **state)
{
	(void)state;
	g_autoptr(Jingle) offer = offer_new();
	for (guint i = 0; i < 2; i++) {
		JingleContent *content = g_ptr_array_index(offer->contents, i);
		content->sealed_ns = g_strdup(SEAL_NS);
		content->seal = node_new("encrypted", SEALED_NS);
	}
	offer->secret_seal = node_new("encrypted", SEALED_NS);
	g_auto(Read) read = read_node(jingle_write(offer));
	assert_null(offer->secret_seal);
	assert_true(element_is(read.jingle->secret, "encrypted", SEALED_NS));
	for (guint i = 0; i < 2; i++) {
		const JingleContent *content = g_ptr_array_index(read.jingle->contents, i);
		assert_false(content->has_fingerprint);
		assert_true(element_is(content->sealed, "encrypted", SEALED_NS));
		assert_string_equal(content->sealed_ns, SEAL_NS);
		assert_int_equal(content->setup, JINGLE_SETUP_ACTPASS);
	}
	g_autofree char *xml = element_to_xml(stanza_root(read.stanza));
	assert_null(strstr(xml, "8C:90"));
	assert_null(strstr(xml, JINGLE_DTLS_NS));
}

/* ---- our answer ---- */

static Jingle *
answer_to(const Jingle *offer)
{
	Jingle *answer = jingle_new(JINGLE_SESSION_ACCEPT, offer->sid);

	answer->bundle = g_strdupv(offer->bundle);
	for (guint i = 0; i < offer->contents->len; i++) {
		const JingleContent *theirs = g_ptr_array_index(offer->contents, i);
		JingleContent *ours = jingle_add(answer, theirs->name);
		jingle_mirror(ours, theirs);
		give_transport(ours, "oooo");
		ours->setup = JINGLE_SETUP_ACTIVE;
	}
	return answer;
}

/* Chromium: "order of m-lines"; RED, FEC and the codecs that we do not speak are not answered. */
static void
an_answer_mirrors_the_offer(void **state)
{
	(void)state;
	g_autofree char *xml = NULL;
	assert_true(g_file_get_contents(CAPTURES "stanza-call-04-session-initiate", &xml, NULL, NULL));
	g_auto(Read) offer = read_xml(xml);
	g_autoptr(Jingle) answer = answer_to(offer.jingle);
	JingleContent *video = jingle_content(answer, "1");
	g_free(video->senders);
	video->senders = g_strdup("initiator"); /* sound alone */
	g_auto(Read) read = read_node(jingle_write(answer));
	struct offered offered = look_at(stanza_root(read.stanza));
	assert_true(group_names_all(&offered));
	assert_true(rtcp_shares_the_port(&offered));
	assert_string_equal(element_attr(offered.contents[0], "name"), "0");
	assert_string_equal(element_attr(offered.contents[1], "name"), "1");
	assert_null(element_attr(offered.contents[0], "senders"));
	assert_string_equal(element_attr(offered.contents[1], "senders"), "initiator");
	assert_int_equal(count(offered.descriptions[0], "payload-type"), 2);
	assert_int_equal(count(offered.descriptions[1], "payload-type"), 2);
	assert_true(has_number(codec(offered.descriptions[0], "telephone-event"), "id", 110));
	assert_true(has_number(codec(offered.descriptions[1], "VP8"), "id", 96));
	const Element *print = element_child(offered.transports[0], "fingerprint", JINGLE_DTLS_NS);
	assert_string_equal(element_attr(print, "setup"), "active");
}

/* Dino offers VP8 as 98, no repetition, no sources, no transport-cc: nothing of that comes back. */
static void
an_answer_has_nothing_that_was_not_offered(void **state)
{
	(void)state;
	g_autofree char *xml = NULL;
	assert_true(g_file_get_contents(CAPTURES "dino-video-call-04-session-initiate", &xml, NULL, NULL));
	g_auto(Read) offer = read_xml(xml);
	g_autoptr(Jingle) answer = answer_to(offer.jingle);
	g_auto(Read) read = read_node(jingle_write(answer));
	struct offered offered = look_at(stanza_root(read.stanza));
	assert_null(element_child(offered.jingle, "group", NULL));
	assert_int_equal(count(offered.descriptions[0], "payload-type"), 1);
	assert_int_equal(count(offered.descriptions[1], "payload-type"), 1);
	assert_true(has_number(codec(offered.descriptions[1], "VP8"), "id", 98));
	assert_int_equal(count(codec(offered.descriptions[1], "VP8"), "rtcp-fb"), 3);
	assert_int_equal(count(offered.descriptions[1], "rtp-hdrext"), 0);
	assert_int_equal(count(offered.descriptions[0], "encryption"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_send_is_understood),
		cmocka_unit_test(what_others_send_can_be_written_and_read_again),
		cmocka_unit_test(every_action_comes_back),
		cmocka_unit_test(every_information_comes_back),
		cmocka_unit_test(a_ping_is_told_from_what_is_not_known),
		cmocka_unit_test(an_unknown_action_is_read_as_such),
		cmocka_unit_test(our_offer_has_the_shape_that_others_take),
		cmocka_unit_test(a_seal_replaces_the_fingerprint),
		cmocka_unit_test(an_answer_mirrors_the_offer),
		cmocka_unit_test(an_answer_has_nothing_that_was_not_offered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
