/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake/place.h"

#include "api/secret.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

char *
place_new(void)
{
	g_autoptr(GError) error = NULL;
	char *place = g_dir_make_tmp("sotto-test-XXXXXX", &error);

	if (!place)
		g_error("%s", error->message);
	return place;
}

static void
remove_all(const char *path)
{
	/* What is behind a link is not ours. */
	g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *entry;

	while (dir && (entry = g_dir_read_name(dir))) {
		g_autofree char *inside = g_build_filename(path, entry, NULL);
		remove_all(inside);
	}
	remove(path);
}

void
place_remove(char *place)
{
	if (place)
		remove_all(place);
	g_free(place);
}

void
place_store(const char *place)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(place, "sotto.db", NULL);
	g_autoptr(Secret) key = secret_new(32);

	memset(secret_fill(key), 7, 32);
	if (!db_open(path, key, &error))
		g_error("%s", error->message);
}
