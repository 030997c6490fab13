/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle that nobody honest sends: a sentence for what is malformed, silence for what is only not for us, bounds for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/error.h"
#include "fake/jingletext.h"

#define SEAL_NS "urn:test:seal"
#define PWD "15ncpxqVXEtVv2nuHVYUig"
#define PRINT "8C:90:81:22:52:10:F8:E1:73:D6:2A:A4:C3:B9:7F:29:D9:D2:1C:D4:48:AA:7B:B7:81:7C:79:3A:12:3D:89:BC"
#define RTP "xmlns='urn:xmpp:jingle:apps:rtp:1'"
#define ICE "xmlns='urn:xmpp:jingle:transports:ice-udp:1'"
#define SSMA "xmlns='urn:xmpp:jingle:apps:rtp:ssma:0'"
#define EXT "xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'"

#define JINGLE(inner) "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'>" inner "</jingle>"
#define CONTENT(inner) JINGLE("<content creator='initiator' name='0'>" inner "</content>")
#define AUDIO(inner) CONTENT("<description " RTP " media='audio'>" inner "</description>")
#define VIDEO(inner) CONTENT("<description " RTP " media='video'>" inner "</description>")
#define TRANSPORT(inner) CONTENT("<transport " ICE " ufrag='abcd' pwd='" PWD "'>" inner "</transport>")
#define CANDIDATE(attributes) TRANSPORT("<candidate " attributes "/>")
#define GOOD "component='1' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='host'"
#define CLEAR(attributes, text) "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' " attributes ">" text "</fingerprint>"
#define SEALED(inner) "<fingerprint xmlns='urn:test:seal' hash='sha-256' setup='actpass'>" inner "</fingerprint>"
#define SEAL "<encrypted xmlns='urn:x'/>"
#define OPUS "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"

static char *
say(const char *xml)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), &error);

	assert_non_null(stanza);
	const Element *root = stanza_root(stanza);
	g_autoptr(Jingle) jingle = jingle_read(element_is(root, "iq", NULL) ? element_first(root) : root, SEAL_NS, &error);
	assert_true(!jingle == !!error);
	if (jingle)
		return jingle_text(jingle);
	assert_true(g_error_matches(error, FAULT, FAULT_PEER));
	assert_null(strchr(error->message, '\n'));
	assert_true(strlen(error->message) < 200 + 256);
	return g_strconcat("refused: ", error->message, NULL);
}

/* What each is answered begins or continues so. */
static const struct {
	const char *xml, *refused;
} malformed[] = {
	{ "<x/>", "no <jingle/>" },
	{ "<jingle action='session-info' sid='s'/>", "no <jingle/>" },
	{ "<jingle xmlns='urn:xmpp:jingle:0' action='session-info' sid='s'/>", "no <jingle/>" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' sid='s'/>", "asks for nothing" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'/>", "no usable id" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid=''/>", "no usable id" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='a&#10;b'/>", "no usable id" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s' initiator='a@@b'/>", "initiator of a session" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s' responder=''/>", "responder of a session" },
	{ JINGLE("<content/>"), "no usable name" },
	{ JINGLE("<content name=''/>"), "no usable name" },
	{ JINGLE("<content name='a&#13;b'/>"), "no usable name" },
	{ JINGLE("<content name='a&#x7f;b'/>"), "no usable name" },
	{ JINGLE("<content name='a&#x85;b'/>"), "no usable name" },
	{ JINGLE("<content name='0'/><content name='0'/>"), "one name" },
	{ JINGLE("<content name='0' creator='me'/>"), "creator of 0" },
	{ JINGLE("<content name='0' creator=''/>"), "creator of 0" },
	{ JINGLE("<content name='0' senders='all'/>"), "senders of 0" },
	{ JINGLE("<content name='1'/><content name='2'/><content name='3'/><content name='4'/><content name='5'/>"),
		"more than 4" },
	{ CONTENT("<description " RTP " media='audio'/><description " RTP " media='audio'/>"), "two of <description/>" },
	{ CONTENT("<description xmlns='urn:x'/><description " RTP " media='audio'/>"), "two of <description/>" },
	{ CONTENT("<transport " ICE "/><transport " ICE "/>"), "two of <transport/>" },
	{ CONTENT("<description " RTP "/>"), "no media" },
	{ CONTENT("<description " RTP " media=''/>"), "no media" },
	/* groups */
	{ JINGLE("<content name='0'/><group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content "
		 "name='1'/></group>"),
		"names one that is not there" },
	{ JINGLE("<content name='0'/><group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content name='0'/>"
		 "<content name='0'/></group>"),
		"one twice" },
	{ JINGLE("<content name='0'/><group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'><content/></group>"),
		"names none" },
	/* payload types */
	{ AUDIO("<payload-type name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='-1' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='+1' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id=' 1' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='128' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='0x1' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='1e1' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='18446744073709551727' name='opus'/>"), "from 0 to 127" },
	{ AUDIO("<payload-type id='111' name='opus' clockrate='48 000'/>"), "clockrate" },
	{ AUDIO("<payload-type id='111' name='opus' clockrate='48000' channels='two'/>"), "channels" },
	{ AUDIO(OPUS OPUS), "payload type 111 is there twice" },
	/* extensions and sources */
	{ AUDIO("<rtp-hdrext " EXT " id='x' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>"), "header extension has no number" },
	{ AUDIO("<rtp-hdrext " EXT " id='0' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>"), "header extension has no number" },
	{ AUDIO("<rtp-hdrext " EXT " id='4' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>"
		"<rtp-hdrext " EXT " id='5' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>"),
		"extension is there twice" },
	{ AUDIO("<rtp-hdrext " EXT " id='4' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/><rtp-hdrext " EXT
		" id='4' uri='http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'/>"),
		"have the number 4" },
	{ AUDIO("<source " SSMA "/>"), "source has no number" },
	{ AUDIO("<source " SSMA " ssrc='0'/>"), "source has no number" },
	{ AUDIO("<source " SSMA " ssrc='4294967296'/>"), "source has no number" },
	{ AUDIO("<source " SSMA " ssrc='1'><parameter name='cname' value='a&#10;b'/></source>"), "usable cname" },
	{ AUDIO("<source " SSMA " ssrc='1'><parameter name='cname'/></source>"), "usable cname" },
	{ AUDIO("<ssrc-group " SSMA " semantics='FID'/>"), "not two of them" },
	{ AUDIO("<ssrc-group " SSMA " semantics='FID'><source ssrc='1'/></ssrc-group>"), "not two of them" },
	{ AUDIO("<ssrc-group " SSMA " semantics='FID'><source ssrc='1'/><source ssrc='1'/></ssrc-group>"), "not two of them" },
	{ AUDIO("<ssrc-group " SSMA " semantics='FID'><source ssrc='1'/><source ssrc='2'/><source ssrc='3'/></ssrc-group>"),
		"too many" },
	{ CONTENT("<description " RTP " media='audio' ssrc='-7'/>"), "ssrc of <description/>" },
	/* transports */
	{ CONTENT("<transport " ICE " ufrag='abc'/>"), "user fragment or password of 0" },
	{ CONTENT("<transport " ICE " ufrag=''/>"), "user fragment or password of 0" },
	{ CONTENT("<transport " ICE " ufrag='abcd&#10;a=x'/>"), "user fragment or password of 0" },
	{ CONTENT("<transport " ICE " ufrag='abcd' pwd='short'/>"), "user fragment or password of 0" },
	{ CONTENT("<transport " ICE " pwd='" PWD "'/>"), "without a user fragment" },
	{ TRANSPORT("<candidate/>"), "component, port or priority" },
	{ CANDIDATE("component='0' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='256' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='65536' priority='1' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='-1' priority='1' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='9' priority='2147483648' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='9' priority='0' protocol='udp' type='host'"),
		"component, port or priority" },
	{ CANDIDATE("component='1' port='9' priority='1' protocol='udp' type='host'"), "usable address" },
	{ CANDIDATE("component='1' ip='' port='9' priority='1' protocol='udp' type='host'"), "usable address" },
	{ CANDIDATE("component='1' ip='1.2.3.4 x' port='9' priority='1' protocol='udp' type='host'"), "usable address" },
	{ CANDIDATE("component='1' ip='ä' port='9' priority='1' protocol='udp' type='host'"), "usable address" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='9' priority='1' protocol='udp'"), "protocol or type" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='9' priority='1' type='host'"), "protocol or type" },
	{ CANDIDATE(GOOD " foundation='a b'"), "foundation" },
	{ CANDIDATE(GOOD " foundation='123456789012345678901234567890123'"), "foundation" },
	{ CANDIDATE(GOOD " generation='-1'"), "generation" },
	{ CANDIDATE(GOOD " rel-addr=''"), "usable address" },
	{ CANDIDATE(GOOD " rel-addr='1.2.3.4' rel-port='99999'"), "rel-port" },
	/* fingerprints */
	{ TRANSPORT(CLEAR("hash='sha-256' setup='active'", "")), "fingerprint of 0 is none" },
	{ TRANSPORT(CLEAR("hash='sha-256' setup='active'", "8C:90")), "fingerprint of 0 is none" },
	{ TRANSPORT(CLEAR("hash='sha-256' setup='active'", PRINT ":00")), "fingerprint of 0 is none" },
	{ TRANSPORT(CLEAR("hash='sha-256' setup='active'", "GG" PRINT)), "fingerprint of 0 is none" },
	{ TRANSPORT(CLEAR("hash='sha-256' setup='sometimes'", PRINT)), "no known setup" },
	{ TRANSPORT(CLEAR("hash='sha-256'", PRINT) CLEAR("hash='sha-256'", PRINT)), "two fingerprints" },
	{ TRANSPORT(SEALED("")), "sealed fingerprint of 0 is none" },
	{ TRANSPORT(SEALED(SEAL SEAL)), "sealed fingerprint of 0 is none" },
	{ TRANSPORT(SEALED(SEAL) SEALED(SEAL)), "two sealed fingerprints" },
	{ TRANSPORT(SEALED(SEAL) CLEAR("hash='sha-256' setup='active'", PRINT)), "differ in who begins" },
	/* secrets */
	{ JINGLE("<media-secret xmlns='urn:sotto:media-secret:1'/>"), "secret for the call is none" },
	{ JINGLE("<media-secret xmlns='urn:sotto:media-secret:1'>" SEAL SEAL "</media-secret>"), "secret for the call is none" },
	{ JINGLE("<media-secret xmlns='urn:sotto:media-secret:1'>" SEAL "</media-secret><media-secret "
		 "xmlns='urn:sotto:media-secret:1'>" SEAL "</media-secret>"),
		"two secrets" },
	{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='s'><mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' name=''/>"
	  "</jingle>",
		"names no usable content" },
};

static void
what_is_malformed_is_refused_in_words(void **state)
{
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(malformed); i++) {
		g_autofree char *said = say(malformed[i].xml);
		if (!g_str_has_prefix(said, "refused: ") || !strstr(said, malformed[i].refused))
			fail_msg("%s\nsaid: %s\nwanted: %s", malformed[i].xml, said, malformed[i].refused);
	}
}

#define HEAD "session-initiate sid s"
#define ONE HEAD "\n content 0 senders both"
#define ICE_LINE ONE "\n  ice ufrag abcd pwd " PWD

static const struct {
	const char *xml, *read;
} counted_over[] = {
	/* other applications, other transports, other things beside and inside */
	{ JINGLE(""), HEAD },
	{ JINGLE("<content xmlns='urn:x' name=''/>"), HEAD },
	{ JINGLE("<jingle action='session-accept' sid='t'><content name='9'/></jingle>"), HEAD },
	{ CONTENT("<jingle action='session-accept' sid='t'><content name='9'/></jingle>"), ONE },
	{ CONTENT("<description xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>"), ONE },
	{ CONTENT("<description " RTP " media='application'><payload-type id='x'/></description>"), ONE },
	{ CONTENT("<transport xmlns='urn:xmpp:jingle:transports:raw-udp:1'><candidate/></transport>"),
		ONE "\n  foreign transport" },
	{ CONTENT("<transport xmlns=''/>"), ONE "\n  foreign transport" },
	{ JINGLE("<content name='0' creator='responder' senders='none'/>"), HEAD "\n content 0 senders none by responder" },
	{ JINGLE("<content name='ä; b'/>"), HEAD "\n content ä; b senders both" },
	{ JINGLE("<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='LS'><content/></group>"), HEAD },
	{ JINGLE("<group xmlns='urn:ietf:rfc:5888' semantics='BUNDLE'><content name='9'/></group>"), HEAD },
	/* codecs */
	{ AUDIO(OPUS), ONE "\n  audio opus 111" },
	{ AUDIO("<payload-type id='111' name='OPUS' clockrate='48000' channels='2'/>"), ONE "\n  audio opus 111" },
	{ AUDIO("<payload-type id='111' name='opus' clockrate='48000'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='111' name='opus' channels='2'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='111' name='opus' clockrate='16000' channels='2'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='72' name='opus' clockrate='48000' channels='2'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='111'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type xmlns='urn:x' id='111' name='opus' clockrate='48000' channels='2'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='63' name='red' clockrate='48000' channels='2'><parameter name='111/111'/></payload-type>" OPUS),
		ONE "\n  audio opus 111" },
	{ AUDIO("<payload-type id='110' name='telephone-event' clockrate='8000'/>"), ONE "\n  audio dtmf8 110" },
	{ AUDIO("<payload-type id='126' name='telephone-event' clockrate='8000'/><payload-type id='110' name='telephone-event' "
		"clockrate='48000'/>"),
		ONE "\n  audio dtmf 110" },
	{ AUDIO("<payload-type id='126' name='telephone-event' clockrate='16000'/>"), ONE "\n  audio" },
	{ AUDIO("<payload-type id='96' name='VP8' clockrate='90000'/>"), ONE "\n  audio" },
	{ VIDEO(OPUS), ONE "\n  video" },
	{ VIDEO("<payload-type id='96' name='VP8' clockrate='90001'/>"), ONE "\n  video" },
	{ VIDEO("<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt' value='96'/></payload-type>"
		"<payload-type id='96' name='VP8' clockrate='90000'/>"),
		ONE "\n  video vp8 96 rtx 97" },
	{ VIDEO("<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt' value='98'/></payload-type>"
		"<payload-type id='96' name='VP8' clockrate='90000'/>"),
		ONE "\n  video vp8 96" },
	{ VIDEO("<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt' value='-1'/></payload-type>"),
		ONE "\n  video" },
	{ VIDEO("<payload-type id='97' name='rtx' clockrate='90000'><parameter name='apt'/></payload-type>"), ONE "\n  video" },
	/* feedback of a codec that is not ours, or in no namespace of its */
	{ VIDEO("<payload-type id='96' name='VP8' clockrate='90000'><rtcp-fb type='nack'/></payload-type>"
		"<payload-type id='98' name='VP9' clockrate='90000'><rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' "
		"type='nack'/></payload-type>"),
		ONE "\n  video vp8 96" },
	{ VIDEO("<payload-type id='96' name='VP8' clockrate='90000'><f:rtcp-fb xmlns:f='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' "
		"type='nack' subtype='sli'/><f:rtcp-fb xmlns:f='urn:xmpp:jingle:apps:rtp:rtcp-fb:0'/></payload-type>"),
		ONE "\n  video vp8 96" },
	/* XEP-0293 §3: beside the payload types it is of all of them */
	{ VIDEO("<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='ccm' subtype='fir'/>"
		"<payload-type id='96' name='VP8' clockrate='90000'/>"),
		ONE "\n  video vp8 96 fir" },
	/* keys in clear are named, whatever they say, and no more */
	{ AUDIO("<encryption required='1'><crypto crypto-suite='X' key-params='inline:' tag='x'/></encryption>"),
		ONE "\n  audio sdes" },
	{ AUDIO("<encryption required='1'/>"), ONE "\n  audio" },
	/* extensions of the long form, and others */
	{ AUDIO("<rtp-hdrext " EXT " id='15' uri='urn:ietf:params:rtp-hdrext:sdes:mid'/>"), ONE "\n  audio" },
	{ AUDIO("<rtp-hdrext " EXT " id='x' uri='urn:x'/><rtp-hdrext " EXT "/>"), ONE "\n  audio" },
	/* the group decides about sources, the attribute only where nothing else does */
	{ CONTENT("<description " RTP " media='video' ssrc='5'><source " SSMA " ssrc='2'/><source " SSMA " ssrc='1'/>"
		  "<ssrc-group " SSMA " semantics='FID'><source ssrc='1'/><source ssrc='2'/></ssrc-group></description>"),
		ONE "\n  video source 1 rtx-source 2" },
	{ CONTENT("<description " RTP " media='audio' ssrc='5'/>"), ONE "\n  audio source 5" },
	{ AUDIO("<ssrc-group " SSMA " semantics='SIM'><source ssrc='x'/></ssrc-group>"), ONE "\n  audio" },
	/* candidates */
	{ CONTENT("<transport " ICE "/>"), ONE "\n  ice" },
	{ CANDIDATE(GOOD), ICE_LINE "\n  host udp 192.0.2.1 9 priority 1" },
	{ CANDIDATE(GOOD " id='' network='x' rel-port='7' tcptype='y'"), ICE_LINE "\n  host udp 192.0.2.1 9 priority 1" },
	{ CANDIDATE("component='1' ip='x.local' port='0' priority='1' protocol='SSLTCP' type='host'"),
		ICE_LINE "\n  host ssltcp x.local 0 priority 1" },
	{ CANDIDATE("component='1' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='carrier-pigeon'"), ICE_LINE },
	{ CANDIDATE("component='2' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='host'"),
		ICE_LINE "\n  host udp 192.0.2.1 9 component 2 priority 1" },
	{ TRANSPORT("<candidate xmlns='urn:x'/><gathering-complete xmlns='urn:x'/>"), ICE_LINE },
	/* with RTCP on the same port the second component has no use, wherever the description stands */
	{ CONTENT("<transport " ICE "><candidate component='2' ip='192.0.2.1' port='9' priority='1' protocol='udp' type='host'/>"
		  "</transport><description " RTP " media='audio'><rtcp-mux/></description>"),
		ONE "\n  audio mux\n  ice" },
	/* fingerprints of other kinds are none */
	{ TRANSPORT(CLEAR("hash='sha-1' setup='active'", "x")), ICE_LINE },
	{ TRANSPORT(CLEAR("setup='active'", PRINT)), ICE_LINE },
	{ TRANSPORT("<fingerprint xmlns='urn:x' hash='sha-256' setup='x'>y</fingerprint>"), ICE_LINE },
	{ TRANSPORT("<fingerprint xmlns='urn:test:seal' hash='sha-512'/>"), ICE_LINE },
	{ TRANSPORT(CLEAR("hash='SHA-256'", "\n  " PRINT "\n ")), ICE_LINE " clear " PRINT },
	{ TRANSPORT(CLEAR("hash='sha-1' setup='active'", "x") CLEAR("hash='sha-256' setup='passive'", PRINT)),
		ICE_LINE " setup passive clear " PRINT },
	/* both: the caller compares them */
	{ TRANSPORT(SEALED(SEAL) CLEAR("hash='sha-256' setup='actpass'", PRINT)),
		ICE_LINE " setup actpass clear " PRINT " sealed urn:test:seal as urn:x" },
	/* reasons */
	{ JINGLE("<reason/>"), HEAD " reason general-error" },
	{ JINGLE("<reason><dance/></reason>"), HEAD " reason general-error" },
	{ JINGLE("<reason><busy xmlns='urn:x'/></reason>"), HEAD " reason general-error" },
	{ JINGLE("<reason><text>why</text><invalid-crypto xmlns='urn:x'/><security-error/></reason>"),
		HEAD " reason security-error text why" },
};

static void
what_is_not_for_us_is_counted_over(void **state)
{
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(counted_over); i++) {
		g_autofree char *said = say(counted_over[i].xml);
		if (strcmp(said, counted_over[i].read))
			fail_msg("%s\nsaid: %s\nwanted: %s", counted_over[i].xml, said, counted_over[i].read);
	}
}

/* ---- in quantity ---- */

static char *
many(const char *head, guint n, const char *each, const char *tail)
{
	GString *xml = g_string_new(head);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(xml, each, i + 1);
	g_string_append(xml, tail);
	return g_string_free(xml, FALSE);
}

/* An iq may hold more than other stanzas. */
#define BEGIN "<iq type='set'><jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s'>"
#define END "</jingle></iq>"

/* F01: a hundred are kept, of as many as come. */
static void
ten_thousand_candidates_are_a_hundred(void **state)
{
	(void)state;
	g_autofree char *xml = many(BEGIN "<content name='0'><transport " ICE ">", 10000,
		"<candidate component='1' ip='192.0.2.1' port='%u' priority='1' protocol='udp' type='host'/>",
		"</transport></content>" END);
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	assert_non_null(stanza);
	g_autoptr(Jingle) jingle = jingle_read(element_first(stanza_root(stanza)), NULL, NULL);
	const JingleContent *content = jingle_content(jingle, "0");
	assert_int_equal(content->candidates->len, JINGLE_CANDIDATES_MAX);
	assert_int_equal(g_array_index(content->candidates, struct jingle_candidate, 99).port, 100);
}

static void
ten_thousand_contents_are_too_many(void **state)
{
	(void)state;
	g_autofree char *xml = many(BEGIN, 10000, "<content name='%u'/>", END);
	g_autofree char *said = say(xml);
	assert_string_equal(said, "refused: more than 4 contents");
}

static void
ten_thousand_payload_types_are_too_many(void **state)
{
	(void)state;
	g_autofree char *xml = many(BEGIN "<content name='0'><description " RTP " media='audio'>", 10000,
		"<payload-type id='%u' name='x'/>", "</description></content>" END);
	g_autofree char *said = say(xml);
	assert_string_equal(said, "refused: a payload type has no number from 0 to 127");
}

static void
long_words_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *format;
		guint longest; /* bytes that are taken, of 'a' */
	} cases[] = {
		{ "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='%s'/>", JINGLE_SID_MAX },
		{ JINGLE("<content name='%s'/>"), 64 },
		{ CONTENT("<transport " ICE " ufrag='%s'/>"), 256 },
		{ CONTENT("<transport " ICE " ufrag='abcd' pwd='%s'/>"), 256 },
		{ CANDIDATE("component='1' ip='%s' port='9' priority='1' protocol='udp' type='host'"), 255 },
		{ CANDIDATE("component='1' ip='1' port='9' priority='1' protocol='%s' type='host'"), 16 },
		{ CANDIDATE(GOOD " foundation='%s'"), 32 },
		{ CANDIDATE(GOOD " rel-addr='%s'"), 255 },
		{ AUDIO("<source " SSMA " ssrc='1'><parameter name='cname' value='%s'/></source>"), 255 },
	};
	const guint lengths[] = { 1, 1000000 };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (guint l = 0; l <= G_N_ELEMENTS(lengths); l++) {
			guint length = l ? lengths[l - 1] + cases[i].longest : cases[i].longest;
			g_autofree char *word = g_strnfill(length, 'a'), *before = g_strdup(cases[i].format);
			char *place = strstr(before, "%s");
			*place = '\0';
			g_autofree char *xml = g_strconcat(before, word, place + 2, NULL), *said = say(xml);
			if (g_str_has_prefix(said, "refused: ") != !!l)
				fail_msg("%s: %u bytes: %.200s", cases[i].format, length, said);
		}
	}
}

/* What a peer gives as its reason may be long; it is cut, not refused. */
static void
a_long_reason_is_cut(void **state)
{
	(void)state;
	g_autofree char *word = g_strnfill(100000, 'a');
	g_autofree char *xml = g_strconcat(BEGIN "<reason><busy/><text>", word, "</text></reason>" END, NULL), *said = say(xml);
	assert_true(strlen(said) < 1200);
	assert_non_null(strstr(said, "reason busy text aaa"));
}

static void
a_fingerprint_is_exactly_one(void **state)
{
	(void)state;
	guint8 print[32];
	static const char *const bad[] = { "", "8", "8C", ":", PRINT ":", PRINT "0", " " PRINT, "8C-90" };
	assert_true(jingle_fingerprint_read(PRINT, print));
	g_autofree char *text = jingle_fingerprint_text(print), *lower = g_ascii_strdown(PRINT, -1);
	assert_string_equal(text, PRINT);
	assert_true(jingle_fingerprint_read(lower, print));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(jingle_fingerprint_read(bad[i], print));
	for (guint length = 0; length < strlen(PRINT); length++) {
		g_autofree char *cut = g_strndup(PRINT, length);
		assert_false(jingle_fingerprint_read(cut, print));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_malformed_is_refused_in_words),
		cmocka_unit_test(what_is_not_for_us_is_counted_over),
		cmocka_unit_test(ten_thousand_candidates_are_a_hundred),
		cmocka_unit_test(ten_thousand_contents_are_too_many),
		cmocka_unit_test(ten_thousand_payload_types_are_too_many),
		cmocka_unit_test(long_words_are_refused),
		cmocka_unit_test(a_long_reason_is_cut),
		cmocka_unit_test(a_fingerprint_is_exactly_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
