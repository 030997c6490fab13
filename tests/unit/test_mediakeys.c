/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of dtls+ratchet against vectors that another program computed from the text of doc/media-keys.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "call/keys-private.h"
#include "media/srtpkeys.h"

#define VECTORS "tests/vectors/media_keys.txt"

struct bytes {
	guint8 at[128];
	size_t length;
};

/* "name value" lines of one case. */
static GHashTable *
values_of(const char *text)
{
	GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		char *space = strchr(lines[i], ' ');

		if (space)
			g_hash_table_insert(values, g_strndup(lines[i], (gsize)(space - lines[i])), g_strdup(space + 1));
	}
	return values;
}

static const char *
text_of(GHashTable *values, const char *name)
{
	const char *text = g_hash_table_lookup(values, name);

	if (!text)
		fail_msg("no %s", name);
	return text;
}

static struct bytes
bytes_of(GHashTable *values, const char *name)
{
	const char *hex = text_of(values, name);
	struct bytes bytes = { .length = strlen(hex) / 2 };

	assert_true(bytes.length <= sizeof bytes.at);
	for (size_t i = 0; i < bytes.length; i++)
		bytes.at[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
	return bytes;
}

static void
is(const Secret *secret, const struct bytes *expected)
{
	assert_non_null(secret);
	assert_int_equal(secret_length(secret), expected->length);
	assert_memory_equal(secret_bytes(secret), expected->at, expected->length);
}

static void
check_secret(GHashTable *values, const char *secret, const char *print, const char *whole)
{
	struct bytes s = bytes_of(values, secret), fp = bytes_of(values, print), all = bytes_of(values, whole);
	g_autoptr(Secret) plain = secret_copy(s.at, s.length);
	g_autoptr(Secret) packed = mediasecret_pack(plain, fp.at);
	g_autoptr(Secret) unpacked = NULL;

	is(packed, &all);
	unpacked = mediasecret_unpack(packed, fp.at, NULL);
	is(unpacked, &s);
}

static void
check_srtp(GHashTable *values, const guint8 context[32], const char *exported, const char *result, bool from_initiator)
{
	struct bytes i = bytes_of(values, "s_i"), r = bytes_of(values, "s_r"), k = bytes_of(values, exported);
	struct bytes okm = bytes_of(values, result);
	struct srtpkeys keys = {
		.mixed = true, .initiator = secret_copy(i.at, i.length), .responder = secret_copy(r.at, r.length)
	};
	g_autoptr(Secret) dtls = secret_copy(k.at, k.length);
	g_autoptr(Secret) mixed = NULL;
	g_autoptr(Secret) other = NULL;

	memcpy(keys.context, context, sizeof keys.context);
	mixed = srtpkeys_mix(&keys, dtls, from_initiator);
	is(mixed, &okm);
	/* Neither half alone, nor another call, gives it. */
	((guint8 *)secret_fill(keys.initiator))[31] ^= 1;
	other = srtpkeys_mix(&keys, dtls, from_initiator);
	assert_false(secret_equal(mixed, other));
	srtpkeys_clear(&keys);
}

static void
check_case(const char *text)
{
	g_autoptr(GHashTable) values = values_of(text);
	struct bytes key_i = bytes_of(values, "idkey_i"), key_r = bytes_of(values, "idkey_r");
	struct bytes fp_i = bytes_of(values, "fp_i"), fp_r = bytes_of(values, "fp_r"), expected = bytes_of(values, "context");
	struct bytes words = bytes_of(values, "words");
	guint8 context[32], spoken[4];

	keys_context(
		&(struct keys_context){
			.sid = text_of(values, "sid"),
			.jid_initiator = text_of(values, "jid_i"),
			.jid_responder = text_of(values, "jid_r"),
			.key_initiator = key_i.at,
			.key_responder = key_r.at,
			.print_initiator = fp_i.at,
			.print_responder = fp_r.at,
		},
		context);
	assert_memory_equal(context, expected.at, sizeof context);
	check_secret(values, "s_i", "fp_i", "secret_i");
	check_secret(values, "s_r", "fp_r", "secret_r");
	check_srtp(values, context, "k_i", "okm_i", true);
	check_srtp(values, context, "k_r", "okm_r", false);
	assert_true(keys_words_bytes(context, spoken));
	assert_int_equal(words.length, sizeof spoken);
	assert_memory_equal(spoken, words.at, sizeof spoken);
}

static void
what_we_compute_is_what_the_paper_says(void **state)
{
	g_autofree char *all = NULL;
	g_auto(GStrv) cases = NULL;

	(void)state;
	if (!g_file_get_contents(VECTORS, &all, NULL, NULL))
		fail_msg("no %s: run this where the sources are", VECTORS);
	cases = g_strsplit(all, "\ncase ", -1);
	assert_true(g_strv_length(cases) >= 5);
	for (guint i = 1; cases[i]; i++)
		check_case(cases[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_compute_is_what_the_paper_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
