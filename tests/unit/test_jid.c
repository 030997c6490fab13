/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: what passes the border, what it becomes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/error.h"
#include "api/jid.h"

static void
good_addresses_become_their_normal_form(void **state)
{
	static const struct {
		const char *text, *normal;
	} rows[] = {
		{ "alice@good.test", "alice@good.test" },
		{ "alice@good.test/phone", "alice@good.test/phone" },
		{ "good.test", "good.test" },
		{ "localhost", "localhost" },
		{ "ALICE@Good.Test/Phone", "alice@good.test/Phone" },
		{ "alice@good.test.", "alice@good.test" },
		{ "alice@good.test/a b/c@d", "alice@good.test/a b/c@d" },
		{ "good.test/x@y", "good.test/x@y" },
		{ "Jürgen@Bücher.example", "jürgen@bücher.example" },
		{ "STRASSE@x.test", "strasse@x.test" },
		{ "straße@x.test", "strasse@x.test" },
		{ "ｆｕｌｌ@wide.test", "full@wide.test" },
		{ "a@ｗｉｄｅ．test", "a@wide.test" },
		{ "a@[::1]", "a@[::1]" },
		{ "a@[::FFFF]/r", "a@[::ffff]/r" },
		{ "room@muc.test/\xf0\x9f\xa6\x8a", "room@muc.test/\xf0\x9f\xa6\x8a" },
		{ "a!#$%*b@x.test", "a!#$%*b@x.test" },
		{ "under_score@my_host.lan", "under_score@my_host.lan" },
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *jid = jid_normalise(rows[i].text, &error);

		if (!jid)
			fail_msg("%s: %s", rows[i].text, error->message);
		assert_string_equal(jid, rows[i].normal);
	}
}

static void
what_is_normal_stays_as_it_is(void **state)
{
	static const char *const texts[] = { "ALICE@Good.Test/Phone", "straße@x.test", "İstanbul@x.test", "ǅ@x.test/ﬃ" };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *once = jid_normalise(texts[i], NULL);
		g_autofree char *twice = once ? jid_normalise(once, NULL) : NULL;

		assert_non_null(once);
		assert_string_equal(once, twice);
	}
}

static void
bad_addresses_are_refused(void **state)
{
	static const char *const texts[] = { "", "@", "/", "@good.test", "alice@", "alice@/r", "a@b/", "a b@good.test",
		"alice@good test", "alice@good..test", "alice@.test", "a@b@c", "a\"b@x.test", "a&b@x.test", "a'b@x.test",
		"a:b@x.test", "a<b@x.test", "a\nb@x.test", "a@x.test/\n", "a@x.test/a\x1b[2J", "a@x\x01.test", "a@x.test\n",
		"a@-x.test", "a@x-.test", "a@x.test/\xff", "\xc3@x.test", "a@x.test/\xe2\x80\xae", "a@x\xe2\x80\xae.test",
		"a／b@x.test", "a@b／c.test", "a@℀.test", "a@b＠c.test", "a@[zz]", "a@[", "a@!x.test", "a@x,y.test", "." };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *jid = jid_normalise(texts[i], &error);

		if (jid)
			fail_msg("\"%s\" passed as %s", texts[i], jid);
		assert_true(g_error_matches(error, FAULT, FAULT_INPUT));
	}
}

static char *
repeat(char c, size_t count)
{
	char *text = g_malloc(count + 1);

	memset(text, c, count);
	text[count] = '\0';
	return text;
}

static void
no_part_is_longer_than_it_may_be(void **state)
{
	g_autofree char *most = repeat('a', 1023), *more = repeat('a', 1024), *label = repeat('a', 64);
	g_autofree char *huge = repeat('a', 50 * 1000 * 1000);
	g_autofree char *a = g_strconcat(most, "@x.test/", most, NULL), *b = g_strconcat(more, "@x.test", NULL);
	g_autofree char *c = g_strconcat("a@x.test/", more, NULL), *d = g_strconcat("a@", label, ".test", NULL);
	g_autofree char *e = jid_normalise(a, NULL);

	(void)state;
	assert_string_equal(e, a);
	assert_null(jid_normalise(b, NULL));
	assert_null(jid_normalise(c, NULL));
	assert_null(jid_normalise(d, NULL));
	assert_null(jid_normalise(huge, NULL));
	assert_null(jid_normalise(NULL, NULL));
}

static void
the_scissors_cut_where_the_parts_end(void **state)
{
	g_autofree char *bare = jid_bare("a@x.test/r@s/t"), *domain = jid_domain("a@x.test/r@s/t");
	g_autofree char *only = jid_domain("x.test/r@s"), *local = jid_local("a@x.test/r@s/t");

	(void)state;
	assert_string_equal(bare, "a@x.test");
	assert_string_equal(domain, "x.test");
	assert_string_equal(only, "x.test");
	assert_string_equal(local, "a");
	assert_null(jid_local("x.test/r@s"));
	assert_string_equal(jid_resource("a@x.test/r@s/t"), "r@s/t");
	assert_null(jid_resource("a@x.test"));
	assert_true(jid_is_bare("a@x.test"));
	assert_false(jid_is_bare("a@x.test/r"));
}

static void
the_same_bare_address_is_recognised(void **state)
{
	(void)state;
	assert_true(jid_same_bare("a@x.test", "a@x.test/r"));
	assert_true(jid_same_bare("a@x.test/q", "a@x.test/r"));
	assert_false(jid_same_bare("a@x.test", "a@x.tes"));
	assert_false(jid_same_bare("a@x.test", "a@x.test.evil"));
	assert_false(jid_same_bare("a@x.test", "b@x.test"));
	assert_false(jid_same_bare(NULL, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_addresses_become_their_normal_form),
		cmocka_unit_test(what_is_normal_stays_as_it_is),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(no_part_is_longer_than_it_may_be),
		cmocka_unit_test(the_scissors_cut_where_the_parts_end),
		cmocka_unit_test(the_same_bare_address_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
