/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The passphrase in a real keyring: a session bus and a gnome-keyring of the test's own, in a folder that goes with it. */
#include "api/error.h"
#include "base/base.h"
#include "base/files.h"
#include "fake/leaks.h"
#include "store/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

/* ---- the desktop ---- */

static const char around[] =
	"home=$(mktemp -d) || exit 1; trap 'rm -rf \"$home\"' EXIT; "
	"export HOME=$home XDG_RUNTIME_DIR=$home XDG_DATA_HOME=$home/data SOTTO_TEST_BUS=$home; "
	"dbus-run-session -- sh -c '"
	"printf login | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 || exit 1; \"$0\"' \"$0\"";

static int
run_on_a_desktop(const char *program)
{
	const char *argv[] = { "sh", "-c", around, program, NULL };

	execvp("sh", (char **)argv);
	return 1;
}

/* ---- stories ---- */

struct answer {
	bool done;
	Secret *secret;
	GError *error;
};

static void
take(Secret *secret, const GError *error, gpointer data)
{
	struct answer *answer = data;

	answer->done = true;
	answer->secret = secret;
	answer->error = error ? g_error_copy(error) : NULL;
}

static void
wait_for(struct answer *answer)
{
	while (!answer->done)
		g_main_context_iteration(NULL, TRUE);
}

static void
clear(struct answer *answer)
{
	secret_free(answer->secret);
	g_clear_error(&answer->error);
	*answer = (struct answer){ 0 };
}

static void
it_does_not_know_what_nobody_told_it(void **state)
{
	struct answer answer = { 0 };

	(void)state;
	vault_ask_service(take, &answer);
	wait_for(&answer);
	assert_null(answer.secret);
	assert_true(g_error_matches(answer.error, FAULT, FAULT_GONE));
	assert_non_null(strstr(answer.error->message, "the keyring does not have the passphrase of this profile"));
	clear(&answer);
}

static void
it_gives_back_what_it_was_told_and_forgets_it_when_asked(void **state)
{
	static const char *const texts[] = { "correct horse", "pass \xc3\xa4 \"'\\ $x", "x" };
	struct answer answer = { 0 };

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(Secret) told = secret_copy(texts[i], strlen(texts[i]));
		vault_tell_service(told, take, &answer);
		wait_for(&answer);
		if (answer.error)
			fail_msg("%s", answer.error->message);
		clear(&answer);
		vault_ask_service(take, &answer);
		wait_for(&answer);
		if (answer.error)
			fail_msg("%s", answer.error->message);
		assert_int_equal(secret_length(answer.secret), strlen(texts[i]));
		assert_memory_equal(secret_bytes(answer.secret), texts[i], strlen(texts[i]));
		clear(&answer);
	}
	vault_forget_service(take, &answer);
	wait_for(&answer);
	assert_null(answer.error);
	clear(&answer);
	it_does_not_know_what_nobody_told_it(state);
}

/* The keyring is the desktop's: each profile has its own entry in it. */
static void
another_profile_has_another_passphrase(void **state)
{
	g_autoptr(Secret) told = secret_copy("of the first", strlen("of the first"));
	g_autofree char *other = g_build_filename(g_getenv("SOTTO_TEST_BUS"), "other", NULL);
	struct answer answer = { 0 };

	vault_tell_service(told, take, &answer);
	wait_for(&answer);
	clear(&answer);
	assert_true(files_init(other, NULL));
	it_does_not_know_what_nobody_told_it(state);
}

static int
set_up(void **state)
{
	g_autofree char *profile = g_build_filename(g_getenv("SOTTO_TEST_BUS"), "profile", NULL);

	(void)state;
	secret_init(NULL);
	return !files_init(profile, NULL);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		T(it_does_not_know_what_nobody_told_it),
		T(it_gives_back_what_it_was_told_and_forgets_it_when_asked),
		T(another_profile_has_another_passphrase),
	};

	(void)argc;
	if (!g_getenv("SOTTO_TEST_BUS"))
		return run_on_a_desktop(argv[0]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
