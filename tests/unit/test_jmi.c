/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that start and end a call: what they say comes back as it was written, what is malformed says nothing. What other
 * clients send is in test_jingle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake/jingletext.h"

#define SEAL_NS "urn:test:seal"
#define JMI(element) "<message type='chat'>" element "</message>"
#define NS "xmlns='urn:xmpp:jingle-message:0'"
#define RTP "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media="

static char *
say(const char *xml, const char *call_ns)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	struct jmi jmi;

	assert_non_null(stanza);
	bool good = jmi_read(stanza_root(stanza), call_ns, &jmi);
	assert_int_equal(good, jmi.kind != JMI_NONE);
	assert_true(good || !jmi.sid);
	return good ? jmi_text(&jmi) : g_strdup("none");
}

static void
every_kind_comes_back(void **state)
{
	(void)state;
	static const struct jmi cases[] = {
		{ .kind = JMI_PROPOSE, .sid = "s", .audio = true },
		{ .kind = JMI_PROPOSE, .sid = "s", .audio = true, .video = true },
		{ .kind = JMI_RINGING, .sid = "s" },
		{ .kind = JMI_PROCEED, .sid = "s" },
		{ .kind = JMI_PROCEED, .sid = "s", .device = G_MAXUINT32 },
		{ .kind = JMI_ACCEPT, .sid = "s" },
		{ .kind = JMI_REJECT, .sid = "s", .reason = "busy" },
		{ .kind = JMI_REJECT, .sid = "s", .reason = "expired", .tie_break = true },
		{ .kind = JMI_RETRACT, .sid = "s", .reason = "cancel" },
		{ .kind = JMI_FINISH, .sid = "s", .reason = "success" },
		{ .kind = JMI_FINISH, .sid = "s", .reason = "expired", .migrated_to = "t" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Node) message = node_new("message", NULL);
		node_take(message, jmi_write(&cases[i], SEAL_NS));
		g_autofree char *xml = node_to_xml(message), *before = jmi_text(&cases[i]), *after = say(xml, SEAL_NS);
		assert_string_equal(before, after);
	}
}

static void
what_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *text;
	} cases[] = {
		{ JMI(""), "none" },
		{ JMI("<propose xmlns='urn:xmpp:jingle-message:1' id='s'>" RTP "'audio'/></propose>"), "none" },
		{ JMI("<dance " NS " id='s'/>"), "none" },
		{ JMI("<ringing " NS "/>"), "none" },
		{ JMI("<ringing " NS " id=''/>"), "none" },
		{ JMI("<ringing " NS " id='a&#10;b'/>"), "none" },
		/* Two at once: which of them is meant? */
		{ JMI("<ringing " NS " id='s'/><finish " NS " id='s'/>"), "none" },
		{ JMI("<x xmlns='urn:x'><ringing " NS " id='s'/></x>"), "none" },
		/* proposals */
		{ JMI("<propose " NS " id='s'/>"), "none" },
		{ JMI("<propose " NS " id='s'>" RTP "'audio'/>" RTP "'audio'/></propose>"), "propose sid s audio" },
		{ JMI("<propose " NS " id='s'>" RTP "'screen'/></propose>"), "propose sid s other" },
		{ JMI("<propose " NS " id='s'>" RTP "''/></propose>"), "propose sid s other" },
		{ JMI("<propose " NS " id='s'>" RTP
		      "'audio'/><description xmlns='urn:xmpp:jingle:apps:file-transfer:5'/></propose>"),
			"propose sid s audio other" },
		{ JMI("<propose " NS " id='s'>" RTP "'video'/><device xmlns='urn:test:seal' id='x'/></propose>"),
			"propose sid s video" },
		/* the device is only a claim, but a number */
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal' id='4294967295'/></proceed>"),
			"proceed sid s device 4294967295" },
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal' id='4294967296'/></proceed>"), "none" },
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal' id='0'/></proceed>"), "none" },
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal' id='-1'/></proceed>"), "none" },
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal'/></proceed>"), "none" },
		{ JMI("<proceed " NS
		      " id='s'><device xmlns='urn:test:seal' id='1'/><device xmlns='urn:test:seal' id='2'/></proceed>"),
			"none" },
		{ JMI("<proceed " NS " id='s'><device xmlns='urn:x' id='x'/></proceed>"), "proceed sid s" },
		/* ends */
		{ JMI("<reject " NS " id='s'><reason xmlns='urn:xmpp:jingle:1'><dance/></reason></reject>"),
			"reject sid s reason general-error" },
		{ JMI("<reject " NS " id='s'><reason><busy/></reason></reject>"), "reject sid s" },
		{ JMI("<reject " NS " id='s'><tie-break/></reject>"), "reject sid s tie-break" },
		{ JMI("<finish " NS " id='s'><migrated to='t'/></finish>"), "finish sid s migrated t" },
		{ JMI("<finish " NS " id='s'><migrated/></finish>"), "none" },
		{ JMI("<retract " NS " id='s'><migrated to='t'/></retract>"), "retract sid s" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *said = say(cases[i].xml, SEAL_NS);
		if (strcmp(said, cases[i].text))
			fail_msg("%s\nsaid: %s\nwanted: %s", cases[i].xml, said, cases[i].text);
	}
}

static void
without_a_provider_there_is_no_device(void **state)
{
	(void)state;
	g_autofree char *said = say(JMI("<proceed " NS " id='s'><device xmlns='urn:test:seal' id='x'/></proceed>"), NULL);
	assert_string_equal(said, "proceed sid s");
	const struct jmi jmi = { .kind = JMI_PROCEED, .sid = "s", .device = 7 };
	g_autoptr(Node) node = jmi_write(&jmi, NULL);
	g_autofree char *xml = node_to_xml(node);
	assert_null(strstr(xml, "device"));
}

static void
an_id_has_a_longest(void **state)
{
	(void)state;
	for (guint more = 0; more < 2; more++) {
		g_autofree char *id = g_strnfill(JINGLE_SID_MAX + more, 's');
		g_autofree char *xml = g_strdup_printf(JMI("<ringing " NS " id='%s'/>"), id), *said = say(xml, SEAL_NS);
		assert_int_equal(!strcmp(said, "none"), more);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(without_a_provider_there_is_no_device),
		cmocka_unit_test(an_id_has_a_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
