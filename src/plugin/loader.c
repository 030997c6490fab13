/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a plugin's name to its constant: finding the file, distrusting it, opening it. */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

/* Up to and with stop: what the first plugins had. */
#define SIZE_MIN offsetof(struct plugin, options)

static char *
beside_program(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;

	return folder ? g_build_filename(folder, "plugins", NULL) : NULL;
}

/* In the order of their right to the name. NULL-terminated. */
static char **
search_folders(void)
{
	g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
	g_autofree char *beside = beside_program();

	if (files_folder(FOLDER_PLUGINS))
		g_strv_builder_add(folders, files_folder(FOLDER_PLUGINS));
	if (beside)
		g_strv_builder_add(folders, beside);
	g_strv_builder_add(folders, SOTTO_PLUGINS);
	return g_strv_builder_end(folders);
}

static bool
is_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length < 32 && !name[length];
}

char *
loader_find(const char *name, GError **error)
{
	g_auto(GStrv) folders = NULL;
	g_autofree char *file = NULL;

	if (strchr(name, '/'))
		return g_canonicalize_filename(name, NULL);
	if (!is_name(name))
		return fault_null(error, FAULT_INPUT, "\"%s\" is no name of a plugin", name);
	folders = search_folders();
	file = g_strconcat(name, ".so", NULL);
	for (guint i = 0; folders[i]; i++) {
		g_autofree char *path = g_build_filename(folders[i], file, NULL);

		if (access(path, F_OK) == 0)
			return g_steal_pointer(&path);
	}
	return fault_null(error, FAULT_GONE, "there is no plugin %s: /plugin lists those that are installed", name);
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
loader_names(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) folders = search_folders();

	for (guint i = 0; folders[i]; i++) {
		g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
		const char *file;

		while (dir && (file = g_dir_read_name(dir))) {
			g_autofree char *name = g_str_has_suffix(file, ".so") ? g_strndup(file, strlen(file) - 3) : NULL;

			if (name && is_name(name) && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
				g_ptr_array_add(names, g_steal_pointer(&name));
		}
	}
	g_ptr_array_sort(names, compare);
	return names;
}

static bool
check(const char *path, const struct plugin *found, GError **error)
{
	g_autofree char *file = g_path_get_basename(path), *wanted = NULL;

	if (found->abi != PLUGIN_ABI || found->size < SIZE_MIN)
		return fault(error, FAULT_INPUT, "%s was built for another version of sotto: build it anew", path);
	if (found->size > sizeof *found)
		return fault(error, FAULT_INPUT, "%s was built for a newer sotto than this one", path);
	if (!found->name || !is_name(found->name) || g_str_equal(found->name, "core") || g_str_equal(found->name, "user"))
		return fault(error, FAULT_INPUT, "%s has no name that a plugin can have", path);
	wanted = g_strconcat(found->name, ".so", NULL);
	if (!g_str_equal(file, wanted))
		return fault(error, FAULT_INPUT, "%s calls itself %s: the file must be called %s", path, found->name, wanted);
	return true;
}

bool
loader_open(const char *path, struct plugin *plugin, GError **error)
{
	const struct plugin *found;
	void *handle;

	/* Native code can do all that we can: only what its owner alone may write is run. */
	if (!files_is_private(path, error))
		return false;
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return fault(error, FAULT_INPUT, "cannot load the plugin: %s", dlerror());
	found = dlsym(handle, "sotto_plugin");
	if (!found)
		return fault(error, FAULT_INPUT, "%s is no plugin of sotto", path);
	if (!check(path, found, error))
		return false;
	memset(plugin, 0, sizeof *plugin);
	memcpy(plugin, found, found->size);
	return true;
}
