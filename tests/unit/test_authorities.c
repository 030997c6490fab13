/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sotto-media is told of the authorities of an account. */
#include "call/authorities.h"

#include "base/medialink.h"
#include "fake/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static Authority *authority;

static int
begin(void **unused)
{
	(void)unused;
	authority = authority_new("good.test");
	return authority ? 0 : 1;
}

static int
end(void **unused)
{
	(void)unused;
	authority_free(authority);
	return 0;
}

static char *
text_of(const char *content)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("sotto-authorities-XXXXXX", &path, NULL);
	char *text;

	close(fd);
	g_file_set_contents(path, content, -1, NULL);
	text = authorities_text(path);
	unlink(path);
	return text;
}

static void
a_key_beside_the_certificates_stays_here(void **unused)
{
	g_autoptr(GTlsCertificate) leaf = authority_certificate(authority);
	g_autofree char *trusted = NULL, *key = NULL, *both = NULL, *text = NULL;

	(void)unused;
	g_object_get(leaf, "private-key-pem", &key, NULL);
	g_file_get_contents(authority_file(authority), &trusted, NULL, NULL);
	assert_non_null(strstr(key, "PRIVATE KEY"));
	both = g_strconcat(key, trusted, "# a remark\n", trusted, NULL);
	text = text_of(both);
	assert_null(strstr(text, "PRIVATE KEY"));
	assert_null(strstr(text, "remark"));
	assert_string_equal(strstr(text + 1, "-----BEGIN CERTIFICATE"), trusted);
}

static void
what_cannot_be_used_is_left_out(void **unused)
{
	g_autofree char *missing = authorities_text("/nonexistent/ca.pem"), *garbage = text_of("no certificate"), *none = NULL;
	g_autofree char *trusted = NULL, *many = NULL, *nobody = authorities_read(NULL);
	g_autoptr(GString) file = g_string_new(NULL);

	(void)unused;
	g_file_get_contents(authority_file(authority), &trusted, NULL, NULL);
	while (file->len <= MEDIA_AUTHORITIES_MAX)
		g_string_append(file, trusted);
	many = text_of(file->str);
	none = text_of("");
	for (char **text = (char *[]){ missing, garbage, many, none, nobody, NULL }; *text; text++)
		assert_string_equal(*text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_beside_the_certificates_stays_here),
		cmocka_unit_test(what_cannot_be_used_is_left_out),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
