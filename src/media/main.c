/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media: sound, picture and packets of one call, apart from messages, identity keys and the network of XMPP. */
#include "base/base.h"
#include "base/medialink.h"
#include "media/link.h"
#include "media/plugins.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char usage[] = "sotto-media is started by sotto: there is nothing to do by hand\n";

static bool
descriptor_of(int argc, char **argv, int *fd)
{
	guint64 n;

	*fd = MEDIA_LINK_FD;
	if (argc == 1)
		return true;
	if (argc != 3 || strcmp(argv[1], "--fd") != 0 || !g_ascii_string_to_unsigned(argv[2], 10, 0, 1024, &n, NULL))
		return false;
	*fd = n;
	return true;
}

static int
refuse(const GError *error)
{
	fprintf(stderr, "%s\n", error->message);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int fd;

	if (!descriptor_of(argc, argv, &fd)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	signal(SIGPIPE, SIG_IGN);
	if (!secret_init(&error) || !plugins_load(&error))
		return refuse(error);
	link_run(fd);
	return EXIT_SUCCESS;
}
