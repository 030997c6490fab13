/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: arguments, and what must be true of the process before anything else runs. */
#include "app.h"
#include "base/environment.h"
#include "ui/term.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Variables by which an environment could make a library write secrets, weaken TLS or load code. */
static const char *const unwanted[] = { "SSLKEYLOGFILE", "G_TLS_GNUTLS_PRIORITY", "GNUTLS_SYSTEM_PRIORITY_FILE", "LUA_PATH",
	"LUA_CPATH", "LUA_INIT", "G_MESSAGES_DEBUG", "G_DEBUG", "GCONV_PATH", NULL };
static const char *const unwanted_prefixes[] = { "GIO_", "GST_", "LUA_PATH_", "LUA_CPATH_", "GNUTLS_", "OPENSSL_", "P11_KIT_",
	"EXPAT_", "SQLITE_", NULL };

static void
clear_environment(void)
{
	environment_save();
	for (int i = 0; unwanted[i]; i++)
		unsetenv(unwanted[i]);
	g_auto(GStrv) names = g_listenv();
	for (char **name = names; *name; name++)
		for (int i = 0; unwanted_prefixes[i]; i++)
			if (g_str_has_prefix(*name, unwanted_prefixes[i]))
				unsetenv(*name);
}

/* Closed when we were started, the next file to be opened would get the number, and what is meant for the terminal would go there.
 */
static void
fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* No core dump and no reading by other processes of the same user; sanitizers need to trace themselves. */
static void
close_the_curtains(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
	fill_standard_descriptors();
	clear_environment();
}

int
main(int argc, char **argv)
{
	close_the_curtains();
	setlocale(LC_CTYPE, "");

	struct app_options options = { .passphrase_fd = -1 };
	g_autofree char *config_dir = NULL, *manual = NULL;
	g_auto(GStrv) commands = NULL;
	gboolean headless = FALSE, stay = FALSE, version = FALSE, locked = FALSE;
	const GOptionEntry entries[] = {
		{ "config-dir", 0, 0, G_OPTION_ARG_FILENAME, &config_dir, "Keep everything of a profile in DIR", "DIR" },
		{ "headless", 0, 0, G_OPTION_ARG_NONE, &headless,
			"Commands on standard input, one JSON object a line on standard output", NULL },
		{ "stay", 0, 0, G_OPTION_ARG_NONE, &stay, "Headless: the end of input does not end the program", NULL },
		{ "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &options.passphrase_fd,
			"Read the passphrase of the store from this descriptor", "N" },
		{ "command", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &commands, "Run a command after the start (may be repeated)",
			"COMMAND" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
		{ "manual", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &manual, "Print a manual page", "WHICH" },
		{ "locked", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &locked, "Wait at the unlock screen", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- a quiet messenger for the terminal");
	g_option_context_add_main_entries(context, entries, NULL);
	g_autoptr(GError) error = NULL;
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "sotto: %s (see sotto --help)\n", error->message);
		return 2;
	}
	if (argc > 1) {
		fprintf(stderr, "sotto: I do not know what to do with \"%s\" (see sotto --help)\n", argv[1]);
		return 2;
	}
	if (version) {
		puts("sotto " SOTTO_VERSION);
		return 0;
	}
	options.config_dir = config_dir;
	options.headless = headless;
	options.stay = stay;
	options.locked = locked;
	options.commands = commands;
	if (manual)
		return app_print_manual(manual);
	/* The earliest moment at which it is known that a person is there. */
	if (!headless)
		term_hush();
	return app_main(&options);
}
