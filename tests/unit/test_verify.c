/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing keys: what is shown, what a decision means, links, and the picture, over a provider that knows two devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <qrencode.h>
#include <string.h>

#include "../../plugins/verify/verify.h"
#include "base/table.h"

PUBLIC extern const struct plugin sotto_plugin;

#define HEX_A "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define HEX_B "ffeeddccbbaa99887766554433221100fedcba98765432100123456789abcdef"

struct Reply {
	int refs;
};
static GString *output;
static GString *decided;
static guint devices;

Reply *
reply_ref(Reply *reply)
{
	reply->refs++;
	return reply;
}

void
reply_unref(Reply *reply)
{
	reply->refs--;
}

void
reply_print(Reply *reply, const char *format, ...)
{
	va_list list;

	(void)reply;
	va_start(list, format);
	g_string_append_vprintf(output, format, list);
	va_end(list);
	g_string_append_c(output, '\n');
}

void
reply_print_plain(Reply *reply, const char *text)
{
	reply_print(reply, "%s", text);
}

static int columns; /* of the screen; 0: a program reads */
static guint failures;

int
reply_columns(const Reply *reply)
{
	(void)reply;
	return columns;
}

void
reply_fail(Reply *reply, const GError *error)
{
	(void)reply;
	(void)error;
	failures++;
}

Account *
account_find(const char *jid)
{
	return (Account *)jid;
}

const char *
account_jid(const Account *account)
{
	return (const char *)account;
}

bool
account_online(const Account *account)
{
	(void)account;
	return false;
}

const char *
convo_peer(const Conversation *conv)
{
	return (const char *)conv;
}

/* ---- a provider ---- */

static void
add(GPtrArray *list, guint32 device, const char *hex, bool this_device)
{
	Identity *identity = g_new0(Identity, 1);

	*identity = (Identity){ .device = device,
		.fingerprint = g_strdup(hex),
		.trust = TRUST_TRUSTED,
		.active = true,
		.own = this_device,
		.this_device = this_device,
		.first_seen = 1790000000 * (gint64)G_USEC_PER_SEC,
		.learnt = g_strdup("key bundle") };
	g_ptr_array_add(list, identity);
}

static GPtrArray *
identities(Account *account, const char *peer)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)identity_free);

	if (strcmp(account_jid(account), peer) == 0)
		add(list, 1, HEX_A, true);
	for (guint i = 0; i < devices && strcmp(peer, "bob@b.test") == 0; i++)
		add(list, 20 + i, i ? HEX_A : HEX_B, false);
	return list;
}

static bool
set_trust(Account *account, const char *peer, guint32 device, const char *fingerprint, enum trust trust, GError **error)
{
	(void)account;
	(void)error;
	g_string_append_printf(decided, "%s %u %.4s %s;", peer, device, fingerprint, trust_word(trust));
	return true;
}

static const struct e2ee_provider provider = {
	.name = "sealer", .uri_key = "key-sid-", .identities = identities, .history = identities, .set_trust = set_trust
};

static int
begin(void **state)
{
	(void)state;
	output = g_string_new(NULL);
	decided = g_string_new(NULL);
	devices = 1;
	columns = 0;
	table_add_one(TABLE_E2EE, &provider, "test");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sotto_plugin.stop();
	table_remove("test");
	g_string_free(output, TRUE);
	g_string_free(decided, TRUE);
	return 0;
}

/* args: contact, decision, device, link */
static bool
run(const char *name, const char *contact, const char *decision, const char *device, const char *link)
{
	const char *args[] = { contact, decision, device, link };
	static struct Reply reply;
	g_autoptr(GError) error = NULL;
	bool done = false;

	g_string_truncate(output, 0);
	g_string_truncate(decided, 0);
	for (const struct cmd *cmd = sotto_plugin.cmds; cmd->name; cmd++)
		if (strcmp(cmd->name, name) == 0)
			done = cmd->run(
				&(struct cmd_call){
					.cmd = cmd, .account = (Account *)"alice@a.test", .args = args, .reply = &reply },
				&error);
	if (error)
		g_string_append(output, error->message);
	return done;
}

static void
both_sides_are_shown_in_blocks_words_and_pictures(void **state)
{
	(void)state;
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_non_null(strstr(output->str, "00112233 44556677 8899aabb ccddeeff 01234567 89abcdef fedcba98 76543210"));
	assert_non_null(strstr(output->str, "ffeeddcc bbaa9988 77665544 33221100 fedcba98 76543210 01234567 89abcdef"));
	assert_non_null(strstr(output->str, text_word(0xff)));
	assert_non_null(strstr(output->str, "xmpp:bob@b.test?key-sid-20=" HEX_B));
	assert_non_null(strstr(output->str, "xmpp:alice@a.test?key-sid-1=" HEX_A));
	assert_non_null(strstr(output->str, "\xe2\x96\x88\xe2\x96\x80"));
}

/* All blocks and words of HEX_B stand after the place, in that order, as words of their own. */
static void
is_whole(const char *at)
{
	g_autofree char *all = show_blocks(HEX_B), *spoken = show_words(HEX_B);
	g_autofree char *both = g_strconcat(all, " ", spoken, NULL);
	g_auto(GStrv) pieces = g_strsplit_set(both, " \n", -1);

	for (guint i = 0; pieces[i]; i++) {
		const char *found = strstr(at, pieces[i]);

		if (!found)
			fail_msg("%s is missing at %d columns:\n%s", pieces[i], columns, output->str);
		at = found + strlen(pieces[i]);
		assert_true(!*at || *at == ' ' || *at == '\n');
	}
}

static void
nothing_is_cut_at_any_width_and_the_contact_comes_last(void **state)
{
	(void)state;
	for (columns = 41; columns < 130; columns++) {
		assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
		g_auto(GStrv) rows = g_strsplit(output->str, "\n", -1);
		/* The picture is the last, and with what stands beside or below it the contact's. */
		const char *last = g_strrstr(output->str, "xmpp:bob@b.test?key-sid-20=");

		g_auto(GStrv) shown = g_strsplit(strchr(last, '\n') + 1, "\n", -1);

		assert_null(strstr(last, "alice@a.test"));
		is_whole(strchr(last, '\n'));
		assert_non_null(strstr(last, "PageUp"));
		assert_non_null(strstr(last, "Same?"));
		for (guint i = 0; rows[i]; i++)
			if (!strstr(rows[i], "xmpp:") && !strstr(rows[i], "compare") && g_utf8_strlen(rows[i], -1) > columns)
				fail_msg("%d columns: %s", columns, rows[i]);
		/* What 80 columns show of it fits 24 lines with the three bars. */
		if (columns == 78 && g_strv_length(shown) > 22)
			fail_msg("%s", last);
	}
}

static guint question;

static void
on_ask(const Event *event)
{
	question = event->ask.answered ? 0 : event->ask.id;
}

static const struct event_watch ask_watch = { "test", EVENT_ASK, on_ask };

static void
a_yes_to_what_was_never_shown_is_asked_once(void **state)
{
	(void)state;
	table_add_one(TABLE_EVENTS, &ask_watch, "test");
	columns = 78;
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "");
	is_whole(output->str);
	assert_int_not_equal(question, 0);
	assert_true(ask_answer(question, "no", NULL));
	assert_string_equal(decided->str, "");
	/* Now it was shown. */
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
	sotto_plugin.stop();
	/* And a yes is about just those: a device that comes meanwhile is left out. */
	devices = 2;
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_int_not_equal(question, 0);
	devices = 3;
	assert_true(ask_answer(question, "yes", NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;bob@b.test 21 0011 verified;");
	assert_int_equal(question, 0);
	assert_true(run("verify", "bob@b.test", "yes", "22", NULL));
	assert_int_not_equal(question, 0);
	sotto_plugin.stop();
	assert_int_equal(question, 0);
	assert_string_equal(decided->str, "");
	/* A script means what it says. */
	columns = 0;
	devices = 1;
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
	assert_int_equal(failures, 0);
}

static void
words_are_one_for_each_byte_and_all_differ(void **state)
{
	g_autofree char *words = show_words(HEX_A);
	g_auto(GStrv) list = g_strsplit_set(words, " \n", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	(void)state;
	assert_int_equal(g_strv_length(list), 32);
	assert_string_equal(list[0], text_word(0));
	assert_string_equal(list[31], text_word(0x10));
	for (int i = 0; i < 256; i++)
		assert_true(g_hash_table_add(seen, g_strndup(text_word(i), 3)));
	g_hash_table_foreach(seen, (GHFunc)(void (*)(void))g_free, NULL);
	assert_null(show_words("xy"));
}

/* Read back from its half blocks it is the code that was meant, and a screen of 24 lines has room for it. */
static void
read_back(const char *uri, int width)
{
	g_autofree char *picture = show_picture(uri);
	g_auto(GStrv) lines = g_strsplit(picture, "\n", -1);
	QRcode *code = QRcode_encodeString(uri, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

	int quiet = width > 40 ? 1 : 2;

	assert_int_equal(code->width, width);
	assert_true(g_strv_length(lines) <= 21);
	for (int y = -quiet; y < code->width; y++) {
		const char *at = lines[(y + quiet) / 2];

		for (int x = -2; x < code->width + 2; x++, at = g_utf8_next_char(at)) {
			gunichar block = g_utf8_get_char(at);
			bool upper = (y + quiet) % 2 == 0;
			bool light = block == 0x2588 || block == (upper ? 0x2580u : 0x2584u);
			bool inside = x >= 0 && y >= 0 && x < code->width;

			assert_int_equal(light, !(inside && (code->data[y * code->width + x] & 1)));
		}
	}
	QRcode_free(code);
}

static void
the_picture_is_exact_and_fits_the_screen(void **state)
{
	(void)state;
	read_back("xmpp:bob@b.test?key-sid-2147483647=" HEX_B, 37);
	read_back("xmpp:somebody.with.a.longer.name@chat.example.org?key-sid-2147483647=" HEX_B, 41);
	assert_null(show_picture(
		"xmpp:a.very.long.address.that.goes.on.and.on.and.on@some.domain.with.a.long.name.example.org?key-sid-1=" HEX_A));
}

static void
a_decision_is_about_what_was_shown(void **state)
{
	(void)state;
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
	devices = 2;
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	devices = 3;
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;bob@b.test 21 0011 verified;");
	assert_non_null(strstr(output->str, "device 22 of bob@b.test appeared after you looked"));
	assert_true(run("verify", "bob@b.test", "no", "22", NULL));
	assert_string_equal(decided->str, "bob@b.test 22 0011 untrusted;");
	assert_true(run("trust", "bob@b.test", "yes", "22", NULL));
	assert_string_equal(decided->str, "bob@b.test 22 0011 trusted;");
	assert_false(run("verify", "bob@b.test", "yes", "99", NULL));
	assert_false(run("verify", "carol@c.test", "yes", NULL, NULL));
	assert_false(run("verify", NULL, NULL, NULL, NULL));
}

static void
several_devices_must_be_looked_at_first(void **state)
{
	(void)state;
	devices = 2;
	assert_false(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "");
	assert_true(run("verify", "bob@b.test", "yes", "21", NULL));
}

static void
links_are_compared(void **state)
{
	static const char *const bad[] = { "xmpp:bob@b.test", "xmpp:bob@b.test?", "xmpp:bob@b.test?message",
		"http://x?key-sid-1=" HEX_A, "xmpp:bob@b.test?key-sid-=" HEX_A, "xmpp:bob@b.test?key-sid-0=" HEX_A,
		"xmpp:bob@b.test?key-sid-20=" HEX_A "00", "xmpp:bob@b.test?key-sid-20=xx" HEX_A, "xmpp:%00?key-sid-20=" HEX_A,
		"xmpp:?key-sid-20=" HEX_A, "xmpp:bob@b.test?key-sid-20=05" HEX_A, "xmpp:bob@b.test?key-sid-99999999999=" HEX_A,
		"maybe" };

	(void)state;
	assert_true(run("verify", NULL, NULL, NULL, "xmpp:bob@b.test?key-sid-20=" HEX_B));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
	assert_true(run("verify", NULL, NULL, NULL, "XMPP:bob@b.test/res?message;key-sid-20=" HEX_B ";key-sid-77=" HEX_A));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;bob@b.test 77 0011 verified;");
	assert_false(run("verify", NULL, NULL, NULL, "xmpp:bob@b.test?key-sid-20=" HEX_A ";key-sid-77=" HEX_A));
	assert_non_null(strstr(output->str, "THE KEYS DIFFER"));
	assert_string_equal(decided->str, "");
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		assert_false(run("verify", NULL, NULL, NULL, bad[i]));
		assert_string_equal(decided->str, "");
	}
}

/* ---- during a call ---- */

static void
call_is(enum call_state state, const char *words, const char *key)
{
	struct call_facts facts = { .id = 7,
		.account = "alice@a.test",
		.peer = "bob@b.test",
		.state = state,
		.words = words,
		.device = key ? 20 : 0,
		.device_key = key };

	event_emit(&(Event){ .kind = EVENT_CALL, .account = "alice@a.test", .call = &facts });
}

static void
during_a_call_four_words_stand_for_the_key_of_its_device(void **state)
{
	(void)state;
	table_add(TABLE_EVENTS, sotto_plugin.events, "test");
	devices = 2;
	call_is(CALL_CONNECTING, NULL, HEX_B);
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_null(strstr(output->str, "words of this call"));
	call_is(CALL_ACTIVE, NULL, HEX_B);
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_non_null(strstr(output->str, "in a moment"));
	assert_null(strstr(output->str, "ffeeddcc"));
	call_is(CALL_ACTIVE, "acid acorn actor alarm", HEX_B);
	/* In the window of the call nobody needs to be named. */
	assert_true(run("verify", NULL, NULL, NULL, NULL));
	assert_non_null(strstr(output->str, "acid acorn actor alarm"));
	assert_null(strstr(output->str, "ffeeddcc"));
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
	/* The keys themselves, when they are asked for. */
	assert_true(run("verify", "bob@b.test", "keys", NULL, NULL));
	assert_non_null(strstr(output->str, "ffeeddcc"));
	call_is(CALL_ENDED, "acid acorn actor alarm", HEX_B);
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_null(strstr(output->str, "acid acorn actor"));
}

/* Somebody in between may have a device among those that were looked at: voices say nothing about it. */
static void
a_yes_during_a_call_is_about_its_device_alone(void **state)
{
	(void)state;
	table_add(TABLE_EVENTS, sotto_plugin.events, "test");
	devices = 2;
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	call_is(CALL_ACTIVE, "acid acorn actor alarm", HEX_B);
	assert_true(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "bob@b.test 20 ffee verified;");
}

/* The words were made with a key that the device does not use any more: they say nothing about its new one. */
static void
words_say_nothing_about_another_key(void **state)
{
	(void)state;
	table_add(TABLE_EVENTS, sotto_plugin.events, "test");
	call_is(CALL_ACTIVE, "acid acorn actor alarm", HEX_A);
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_false(run("verify", "bob@b.test", "yes", NULL, NULL));
	assert_string_equal(decided->str, "");
	/* Nothing seals: nothing to compare. */
	call_is(CALL_ACTIVE, "acid acorn actor alarm", NULL);
	assert_true(run("verify", "bob@b.test", NULL, NULL, NULL));
	assert_null(strstr(output->str, "acid acorn actor"));
}

static void
history_shows_when_and_how(void **state)
{
	(void)state;
	assert_true(run("verify", "bob@b.test", "history", NULL, NULL));
	assert_non_null(strstr(output->str, "2026-"));
	assert_non_null(strstr(output->str, "learnt from: key bundle"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_sides_are_shown_in_blocks_words_and_pictures, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_cut_at_any_width_and_the_contact_comes_last, begin, end),
		cmocka_unit_test_setup_teardown(a_yes_to_what_was_never_shown_is_asked_once, begin, end),
		cmocka_unit_test_setup_teardown(words_are_one_for_each_byte_and_all_differ, begin, end),
		cmocka_unit_test_setup_teardown(the_picture_is_exact_and_fits_the_screen, begin, end),
		cmocka_unit_test_setup_teardown(a_decision_is_about_what_was_shown, begin, end),
		cmocka_unit_test_setup_teardown(several_devices_must_be_looked_at_first, begin, end),
		cmocka_unit_test_setup_teardown(links_are_compared, begin, end),
		cmocka_unit_test_setup_teardown(during_a_call_four_words_stand_for_the_key_of_its_device, begin, end),
		cmocka_unit_test_setup_teardown(a_yes_during_a_call_is_about_its_device_alone, begin, end),
		cmocka_unit_test_setup_teardown(words_say_nothing_about_another_key, begin, end),
		cmocka_unit_test_setup_teardown(history_shows_when_and_how, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
