/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capabilities: the hash of the XEP's own examples, ill-formed answers, and our own hash that follows the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/stanza.h"
#include "base/table.h"
#include "xmpp/caps.h"
#include "xmpp/disco.h"

#define QUERY(content) "<query xmlns='http://jabber.org/protocol/disco#info'>" content "</query>"
#define EXODUS_FEATURES                                           \
	"<feature var='http://jabber.org/protocol/disco#info'/>"  \
	"<feature var='http://jabber.org/protocol/muc'/>"         \
	"<feature var='http://jabber.org/protocol/disco#items'/>" \
	"<feature var='http://jabber.org/protocol/caps'/>"
#define EXODUS "<identity category='client' type='pc' name='Exodus 0.9.1'/>" EXODUS_FEATURES
#define PSI_IDENTITIES                                                          \
	"<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" \
	"<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>"
#define PSI_FORM                                                                                          \
	"<x xmlns='jabber:x:data' type='result'>"                                                         \
	"<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>"     \
	"<field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>"        \
	"<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>" \
	"<field var='software'><value>Psi</value></field>"                                                \
	"<field var='software_version'><value>0.11</value></field></x>"

static char *
hash_of(const char *xml)
{
	g_autoptr(Stanza) stanza = stanza_parse(xml, strlen(xml), NULL);
	assert_non_null(stanza);
	return caps_hash(stanza_root(stanza));
}

static void
assert_hash(const char *xml, const char *expected)
{
	g_autofree char *hash = hash_of(xml);
	if (expected)
		assert_string_equal(hash, expected);
	else
		assert_null(hash);
}

static void
the_simple_example_of_the_xep(void **state)
{
	(void)state;
	assert_hash(QUERY(EXODUS), "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

static void
the_example_with_languages_and_a_form(void **state)
{
	(void)state;
	assert_hash(QUERY(PSI_IDENTITIES EXODUS_FEATURES PSI_FORM), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

static void
an_ill_formed_answer_has_no_hash(void **state)
{
	(void)state;
	assert_hash(QUERY(EXODUS "<feature var='http://jabber.org/protocol/muc'/>"), NULL);
	assert_hash(QUERY("<identity category='client' type='pc' name='Exodus 0.9.1'/>" EXODUS), NULL);
	assert_hash(QUERY(PSI_IDENTITIES EXODUS_FEATURES PSI_FORM PSI_FORM), NULL);
	assert_hash(QUERY(EXODUS "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value>"
				 "</field></x>"),
		NULL);
}

/* Without this rule "a" and "b" as two features and "a<b" as one would have the same string. */
static void
a_value_with_the_separator_has_no_hash(void **state)
{
	(void)state;
	assert_hash(QUERY("<identity category='client' type='pc' name='Exodus 0.9.1'/>"
			  "<feature var='http://jabber.org/protocol/caps&lt;http://jabber.org/protocol/disco#info'/>"
			  "<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>"),
		NULL);
	assert_hash(QUERY("<identity category='client' type='pc' name='&lt;'/>"), NULL);
}

/* The same string, and so the same hash, with features told as something else: nobody is made to lack what he can do. */
static void
features_do_not_hide_in_an_identity_or_a_form(void **state)
{
	(void)state;
#define FEATURE(name) "<feature var='" name "'/>"
#define FORM(type, fields)                                                                                                        \
	"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>" type "</value></field>" fields "</" \
	"x>"
	static const char identity[] = "<identity category='client' type='pc' name='X'/>";
	static const char *const hidden[] = {
		FEATURE("urn:b") FEATURE("urn:c") FORM("urn:d", ""),
		FEATURE("urn:b") FORM("urn:c", "<field var='urn:d'/>"),
		FORM("urn:b", "<field var='urn:c'><value>urn:d</value></field>"),
		FORM("urn:b", "<field var='urn:c'/><field var='urn:d'/>"),
		FORM("urn:c", "<field var='vcard-temp'/>"),
		"<identity category='http:' type='' xml:lang='jabber.org' name='protocol/caps'/>" FEATURE("urn:d"),
		"<identity category='' type='' name='x'/>" FEATURE("urn:d"),
	};
	for (guint i = 0; i < G_N_ELEMENTS(hidden); i++) {
		g_autofree char *xml =
			g_strdup_printf("<query xmlns='http://jabber.org/protocol/disco#info'>%s%s</query>", identity, hidden[i]);
		assert_hash(xml, NULL);
	}
	/* What is left out is the hiding alone. */
	g_autofree char *plain = hash_of(QUERY("<identity category='client' type='pc' name='X'/>" FEATURE("urn:b") FEATURE("urn:c")
			FORM("urn:d", "<field var='os'><value>urn:x</value></field>")));
	assert_non_null(plain);
}

static void
a_form_without_a_hidden_type_does_not_count(void **state)
{
	(void)state;
	assert_hash(QUERY(EXODUS "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>a</value></field></x>"),
		"QgayPKawpkPSDYmwT/WM94uAlu0=");
	assert_hash(QUERY(EXODUS "<x xmlns='jabber:x:data'><field var='os'><value>a</value></field></x>"),
		"QgayPKawpkPSDYmwT/WM94uAlu0=");
}

static const struct feature rows[] = { { "urn:b" }, { "urn:a" }, { "urn:b" }, { 0 } };
static const struct feature more_rows[] = { { "urn:c" }, { 0 } };

static char *
describe_ourselves(void)
{
	g_autoptr(Node) query = node_new("query", DISCO_INFO_NS);
	caps_describe(query);
	return node_to_xml(query);
}

static void
what_we_announce_is_what_we_answer(void **state)
{
	(void)state;
	table_add(TABLE_FEATURES, rows, "test");
	g_autofree char *first = g_strdup(caps_own());
	g_autofree char *answer = describe_ourselves();
	assert_hash(answer, first);
	assert_non_null(strstr(answer, "urn:a"));
	table_add(TABLE_FEATURES, more_rows, "plugin");
	g_autofree char *wider = describe_ourselves();
	assert_string_not_equal(caps_own(), first);
	assert_hash(wider, caps_own());
	table_remove("plugin");
	assert_string_equal(caps_own(), first);
	/* P15, P20: a name and nothing else. */
	assert_non_null(strstr(answer, "name=\"sotto\""));
	assert_null(strstr(answer, SOTTO_VERSION));
}

static void
features_are_read_once_each_and_bounded(void **state)
{
	(void)state;
	g_autoptr(GString) xml = g_string_new("<query xmlns='http://jabber.org/protocol/disco#info'>"
					      "<feature var='z'/><feature var='a'/><feature var='z'/><feature var='x&#10;y'/>");
	for (int i = 0; i < 1500; i++)
		g_string_append_printf(xml, "<feature var='f%04d'/>", i);
	g_string_append(xml, "</query>");
	g_autoptr(Stanza) stanza = stanza_parse(xml->str, xml->len, NULL);
	assert_non_null(stanza);
	g_auto(GStrv) features = disco_read_features(stanza_root(stanza));
	assert_int_equal(g_strv_length(features), 1023);
	assert_string_equal(features[0], "a");
	assert_false(g_strv_contains((const char *const *)features, "x\ny"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_simple_example_of_the_xep),
		cmocka_unit_test(the_example_with_languages_and_a_form),
		cmocka_unit_test(an_ill_formed_answer_has_no_hash),
		cmocka_unit_test(a_value_with_the_separator_has_no_hash),
		cmocka_unit_test(features_do_not_hide_in_an_identity_or_a_form),
		cmocka_unit_test(a_form_without_a_hidden_type_does_not_count),
		cmocka_unit_test(what_we_announce_is_what_we_answer),
		cmocka_unit_test(features_are_read_once_each_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
