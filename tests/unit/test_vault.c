/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault: making, opening, changing, damage; passphrases from commands. */
#include "api/error.h"
#include "base/base.h"
#include "base/environment.h"
#include "base/files.h"
#include "fake/place.h"
#include "store/vault-private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

static char *folder;

struct answer {
	bool done;
	Secret *secret;
	GError *error;
};

static int
set_up(void **state)
{
	(void)state;
	secret_init(NULL);
	folder = place_new();
	return !files_init(folder, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	place_remove(g_steal_pointer(&folder));
	return 0;
}

static void
take(Secret *secret, const GError *error, gpointer data)
{
	struct answer *answer = data;
	assert_false(answer->done);
	answer->done = true;
	answer->secret = secret;
	answer->error = error ? g_error_copy(error) : NULL;
}

static void
take_changed(const GError *error, gpointer data)
{
	take(NULL, error, data);
}

/* Everything is answered later; meanwhile the main loop turns. */
static void
wait_for(struct answer *answer)
{
	assert_false(answer->done);
	while (!answer->done)
		g_main_context_iteration(NULL, TRUE);
}

static void
answer_clear(struct answer *answer)
{
	secret_free(answer->secret);
	g_clear_error(&answer->error);
	*answer = (struct answer){ 0 };
}

static Secret *
text(const char *passphrase)
{
	return secret_copy(passphrase, strlen(passphrase));
}

static void
try_unlock(const char *passphrase, struct answer *answer)
{
	g_autoptr(Secret) secret = text(passphrase);
	answer_clear(answer);
	vault_unlock(secret, take, answer);
	wait_for(answer);
}

static Secret *
create(const char *passphrase)
{
	struct answer answer = { 0 };
	g_autoptr(Secret) secret = text(passphrase);
	vault_create(secret, take, &answer);
	wait_for(&answer);
	if (answer.error)
		fail_msg("%s", answer.error->message);
	return answer.secret;
}

static char *
vault_path(void)
{
	return files_path(FOLDER_DATA, "vault", NULL);
}

static void
what_was_sealed_opens_with_the_same_passphrase_only(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	assert_int_equal(vault_state(), VAULT_NEW);
	g_autoptr(Secret) key = create("correct horse");
	assert_int_equal(secret_length(key), 32);
	assert_int_equal(vault_state(), VAULT_LOCKED);
	try_unlock("correct horse", &answer);
	assert_true(secret_equal(answer.secret, key));
	try_unlock("Correct horse", &answer);
	assert_null(answer.secret);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_TRUST));
	assert_string_equal(answer.error->message, "the passphrase is wrong");
	answer_clear(&answer);
}

static void
the_file_is_private_and_says_how_it_was_made(void **state)
{
	(void)state;
	struct stat status;
	g_autoptr(Secret) key = create("correct horse");
	g_autofree char *path = vault_path();
	g_autofree char *bytes = NULL;
	assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(g_str_has_prefix(bytes, "sotto vault 1\nargon2id 65536 3 4\nsalt "));
	assert_null(strstr(bytes, "horse"));
}

static void
a_new_passphrase_keeps_the_key(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	g_autoptr(Secret) key = create("old");
	g_autoptr(Secret) old = text("old"), new = text("new"), empty = text("");
	vault_change(new, new, take_changed, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_TRUST));
	answer_clear(&answer);
	vault_change(old, empty, take_changed, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_INPUT));
	answer_clear(&answer);
	vault_change(old, new, take_changed, &answer);
	wait_for(&answer);
	assert_null(answer.error);
	try_unlock("new", &answer);
	assert_true(secret_equal(answer.secret, key));
	try_unlock("old", &answer);
	assert_null(answer.secret);
	answer_clear(&answer);
}

/* M05 */
static void
a_damaged_vault_is_said_and_never_replaced(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	g_autoptr(Secret) key = create("correct horse");
	g_autoptr(Secret) passphrase = text("correct horse");
	g_autofree char *path = vault_path();
	g_autofree char *good = NULL;
	gsize length;
	assert_true(g_file_get_contents(path, &good, &length, NULL));
	for (gsize at = 0; at <= length; at += 7) {
		g_autofree char *bad = g_strndup(good, length);
		if (at + 7 > length)
			bad[length / 2] = '\0';
		else
			bad[at] ^= 1;
		assert_true(g_file_set_contents(path, bad, -1, NULL));
		assert_int_equal(vault_state(), VAULT_BROKEN);
	}
	try_unlock("correct horse", &answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_STORE));
	assert_non_null(strstr(answer.error->message, "damaged"));
	answer_clear(&answer);
	vault_create(passphrase, take, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_STORE));
	answer_clear(&answer);
}

static void
a_store_without_its_vault_is_not_taken_for_a_new_one(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	g_autoptr(Secret) passphrase = text("correct horse");
	g_autofree char *store = files_path(FOLDER_DATA, "sotto.db", NULL);
	assert_true(g_file_set_contents(store, "x", 1, NULL));
	assert_int_equal(vault_state(), VAULT_BROKEN);
	vault_create(passphrase, take, &answer);
	wait_for(&answer);
	assert_non_null(answer.error);
	answer_clear(&answer);
}

static void
a_file_that_asks_for_too_little_or_too_much_is_refused(void **state)
{
	(void)state;
	static const guint wrong[][3] = { { 1024, 3, 1 }, { 2000000, 3, 1 }, { 65536, 0, 1 }, { 65536, 65, 1 }, { 65536, 3, 0 },
		{ 65536, 3, 17 } };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct vault_file file, back;
		vault_file_new(&file);
		file.memory = wrong[i][0];
		file.passes = wrong[i][1];
		file.lanes = wrong[i][2];
		g_autofree char *written = vault_file_text(&file);
		assert_false(vault_file_parse(&back, written, NULL));
	}
	struct vault_file file, back;
	vault_file_new(&file);
	g_autofree char *written = vault_file_text(&file);
	assert_true(vault_file_parse(&back, written, NULL));
	assert_memory_equal(&file, &back, sizeof file);
}

static void
run_command(const char *command, struct answer *answer)
{
	answer_clear(answer);
	vault_run_command(command, take, answer);
	wait_for(answer);
}

static void
a_command_gives_its_first_line(void **state)
{
	(void)state;
	static const struct {
		const char *command, *passphrase;
	} rows[] = {
		{ "printf 'one two\\nthree\\n'", "one two" },
		{ "printf 'no newline'", "no newline" },
		{ "printf 'windows\\r\\n'", "windows" },
		{ "sh -c 'printf first; sleep 0.1; printf \" half\\n\"; head -c 100000 /dev/zero'", "first half" },
		{ "printf ''", NULL },
		{ "printf '\\nsecond'", NULL },
		{ "sh -c 'echo something; exit 3'", NULL },
		{ "/nonexistent/program", NULL },
		{ "'unbalanced", NULL },
		{ "", NULL },
		{ "echo $HOME", "$HOME" },
		{ "echo a; echo b", "a; echo b" },
		{ "head -c 5000 /dev/zero", NULL },
	};
	struct answer answer = { 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		run_command(rows[i].command, &answer);
		if (rows[i].passphrase && answer.secret)
			assert_string_equal(secret_bytes(answer.secret), rows[i].passphrase);
		else if (rows[i].passphrase || answer.secret)
			fail_msg("%s: %s", rows[i].command, answer.error ? answer.error->message : "gave something");
		else
			assert_non_null(answer.error);
	}
	answer_clear(&answer);
}

/* What we change in our own environment is no business of a program of the user's. */
static void
a_command_gets_the_environment_that_the_user_had(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	g_setenv("GSETTINGS_BACKEND", "theirs", TRUE);
	g_setenv("GIO_EXTRA_MODULES", "/theirs", TRUE);
	environment_save();
	g_setenv("GSETTINGS_BACKEND", "memory", TRUE);
	g_unsetenv("GIO_EXTRA_MODULES");
	g_setenv("GIO_USE_VFS", "local", TRUE);
	environment_save();
	run_command("sh -c 'echo $GSETTINGS_BACKEND $GIO_EXTRA_MODULES $GIO_USE_VFS'", &answer);
	assert_string_equal(secret_bytes(answer.secret), "theirs /theirs");
	answer_clear(&answer);
}

static void
no_keyring_is_told_at_once(void **state)
{
	(void)state;
	struct answer answer = { 0 };
	g_autoptr(Secret) passphrase = text("correct horse");
	g_unsetenv("XDG_RUNTIME_DIR");
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	vault_ask_service(take, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_GONE));
	answer_clear(&answer);
	g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
	vault_ask_service(take, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_GONE));
	answer_clear(&answer);
	vault_tell_service(passphrase, take, &answer);
	wait_for(&answer);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_GONE));
	answer_clear(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(what_was_sealed_opens_with_the_same_passphrase_only),
		TEST(the_file_is_private_and_says_how_it_was_made),
		TEST(a_new_passphrase_keeps_the_key),
		TEST(a_damaged_vault_is_said_and_never_replaced),
		TEST(a_store_without_its_vault_is_not_taken_for_a_new_one),
		TEST(a_file_that_asks_for_too_little_or_too_much_is_refused),
		TEST(a_command_gives_its_first_line),
		TEST(a_command_gets_the_environment_that_the_user_had),
		TEST(no_keyring_is_told_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
