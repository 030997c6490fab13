/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media: sound, picture and packets of one call, apart from messages, identity keys and the network of XMPP. */
#include "base/base.h"
#include "base/medialink.h"
#include "media/fence.h"
#include "media/link.h"
#include "media/listen.h"
#include "media/plugins.h"
#include "media/probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: sotto-media --listen PATH   serve calls at the socket PATH, for sotto at the other end of ssh -R\n"
	"       sotto-media --fence         try what a broken codec could still do\n"
	"       sotto-media --version\n"
	"Without a word it is started by sotto and talks to it.\n";

static int
refuse(const GError *error)
{
	fprintf(stderr, "sotto-media: %s\n", error->message);
	return EXIT_FAILURE;
}

/* GStreamer, its plugins and TLS are loaded between the two halves of the fence. */
static bool
prepare(int keep, GError **error)
{
	if (!fence_begin((int[]){ keep, -1 }, error))
		return false;
	signal(SIGPIPE, SIG_IGN);
	if (!secret_init(error) || !plugins_load(error))
		return false;
	if (!fence_opens_files())
		plugins_wait();
	return fence_close(error);
}

/* Not by exit(): what libraries do then would meet threads that still use them, that of plugins_load() for one. */
static int
leave(int status)
{
#ifdef __SANITIZE_ADDRESS__
	alarm(0);
	plugins_wait();
	return status; /* leaks are looked for */
#else
	fflush(stdout);
	_exit(status);
#endif
}

static int
serve_call(int fd)
{
	g_autoptr(GError) error = NULL;

	if (!prepare(fd, &error))
		return refuse(error);
	link_run(fd);
	return leave(EXIT_SUCCESS);
}

static int
try_fence(const char *word)
{
	g_autoptr(GError) error = NULL;

	return prepare(-1, &error) ? leave(probe_run(word)) : refuse(error);
}

static int
serve_path(const char *path)
{
	g_autoptr(GError) error = NULL;

	return listen_serve(path, &error) ? EXIT_SUCCESS : refuse(error);
}

/* Tests bring the link on a descriptor of their choice. */
static bool
descriptor_of(const char *text, int *fd)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(text, 10, 0, 1024, &n, NULL))
		return false;
	*fd = (int)n;
	return true;
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL, *value = argc > 2 ? argv[2] : NULL;
	int fd;

	if (argc == 1)
		return serve_call(MEDIA_LINK_FD);
	if (argc == 3 && !strcmp(word, "--fd") && descriptor_of(value, &fd))
		return serve_call(fd);
	if (argc == 3 && !strcmp(word, "--listen"))
		return serve_path(value);
	if (argc <= 3 && !strcmp(word, "--fence"))
		return try_fence(value);
	if (argc == 2 && !strcmp(word, "--version"))
		return puts("sotto-media " SOTTO_VERSION), EXIT_SUCCESS;
	if (argc == 2 && !strcmp(word, "--help"))
		return fputs(usage, stdout), EXIT_SUCCESS;
	fputs(usage, stderr);
	return EXIT_FAILURE;
}
