/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of plugins: rows in before start, rows out before stop, nothing left behind. */
#include "plugin/registry.h"

#include <string.h>

#include "base/table.h"
#include "chat/chat.h"
#include "conf/settings.h"
#include "plugin/loader.h"
#include "plugin/options.h"
#include "plugin/rows.h"

struct loaded {
	struct plugin plugin; /* a copy: a tail that an older plugin lacks is zero */
	bool started;
};

static GPtrArray *loaded; /* of struct loaded, in order of loading */
static bool (*migrate)(GError **error);

void
plugins_set_migrate(bool (*given)(GError **error))
{
	migrate = given;
}

static struct loaded *
find(const char *name)
{
	for (guint i = 0; loaded && i < loaded->len; i++) {
		struct loaded *one = g_ptr_array_index(loaded, i);

		if (g_str_equal(one->plugin.name, name))
			return one;
	}
	return NULL;
}

bool
plugin_is_loaded(const char *name)
{
	return find(name) != NULL;
}

/* The rows are in the tables already: what they bring with them, and start(). */
static bool
bring_up(const struct plugin *plugin, GError **error)
{
	g_autoptr(GError) reason = NULL;

	settings_apply_rows(plugin->options);
	if (plugin->migrations && store_is_open() && migrate && !migrate(error))
		return false;
	if (!plugin->start || plugin->start(&reason))
		return true;
	if (!reason)
		return fault(error, FAULT_BUSY, "the plugin %s did not start and gave no reason", plugin->name);
	g_propagate_prefixed_error(error, g_steal_pointer(&reason), "the plugin %s did not start: ", plugin->name);
	return false;
}

static bool
load(const char *path, bool start, GError **error)
{
	struct loaded *one = g_new0(struct loaded, 1);

	if (!loader_open(path, &one->plugin, error)) {
		g_free(one);
		return false;
	}
	if (find(one->plugin.name)) {
		fault(error, FAULT_BUSY, "the plugin %s is loaded already", one->plugin.name);
		g_free(one);
		return false;
	}
	if (!rows_check(&one->plugin, error)) {
		g_free(one);
		return false;
	}
	rows_add(&one->plugin);
	if (start && !bring_up(&one->plugin, error)) {
		table_remove(one->plugin.name);
		g_free(one);
		return false;
	}
	one->started = start;
	if (!loaded)
		loaded = g_ptr_array_new();
	g_ptr_array_add(loaded, one);
	if (start && one->plugin.e2ee)
		chat_provider_changed();
	return true;
}

bool
plugin_load(const char *name, GError **error)
{
	g_autofree char *path = NULL;

	if (find(name))
		return fault(error, FAULT_BUSY, "the plugin %s is loaded already", name);
	path = loader_find(name, error);
	if (!path || !load(path, true, error))
		return false;
	log_info("plugin %s: loaded", name);
	return true;
}

static void
unload(struct loaded *one)
{
	g_ptr_array_remove(loaded, one);
	table_remove(one->plugin.name);
	if (one->started && one->plugin.stop)
		one->plugin.stop();
	if (one->plugin.e2ee)
		chat_provider_changed();
	log_info("plugin %s: unloaded", one->plugin.name);
	g_free(one);
}

bool
plugin_unload(const char *name, GError **error)
{
	struct loaded *one = find(name);

	if (!one)
		return fault(error, FAULT_GONE, "no plugin %s is loaded", name);
	unload(one);
	return true;
}

void
plugins_unload_all(void)
{
	while (loaded && loaded->len)
		unload(g_ptr_array_index(loaded, loaded->len - 1));
}

/* ---- all that the settings name ---- */

static bool
is_default(const char *name)
{
	g_autofree char *path = loader_find(name, NULL);
	struct plugin plugin;

	return path && loader_open(path, &plugin, NULL) && (plugin.flags & PLUGIN_DEFAULT);
}

/* plugin.load: names, "*" for the defaults, "-name" for what is not wanted of them. Of char *. */
static GPtrArray *
wanted_names(const char *setting)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = g_strsplit_set(setting, " ,", 0);
	g_autoptr(GPtrArray) all = g_strv_contains((const char *const *)words, "*") ? loader_names() : NULL;

	for (guint i = 0; all && i < all->len; i++) {
		const char *name = g_ptr_array_index(all, i);
		g_autofree char *refused = g_strconcat("-", name, NULL);

		if (!g_strv_contains((const char *const *)words, refused) && is_default(name))
			g_ptr_array_add(names, g_strdup(name));
	}
	for (guint i = 0; words[i]; i++)
		if (*words[i] && *words[i] != '-' && !g_str_equal(words[i], "*") &&
			!g_ptr_array_find_with_equal_func(names, words[i], g_str_equal, NULL))
			g_ptr_array_add(names, g_strdup(words[i]));
	return names;
}

void
plugins_load_all(void)
{
	g_autoptr(GPtrArray) names = wanted_names(plugin_option_load ? plugin_option_load : "*");

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autoptr(GError) error = NULL;

		if (!find(name) && !plugin_load(name, &error))
			alert(NULL, NULL, "plugin", "%s", error->message);
	}
}

void
plugins_load_rows(void)
{
	g_autoptr(GPtrArray) names = wanted_names("*");

	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = loader_find(g_ptr_array_index(names, i), NULL);

		if (path)
			load(path, false, NULL);
	}
}

GPtrArray *
plugin_names(bool only_loaded)
{
	GPtrArray *names;

	if (!only_loaded)
		return loader_names();
	names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; loaded && i < loaded->len; i++)
		g_ptr_array_add(names, g_strdup(((struct loaded *)g_ptr_array_index(loaded, i))->plugin.name));
	return names;
}

char *
plugin_describe(const char *name, GError **error)
{
	const struct loaded *one = find(name);
	g_autofree char *path = NULL;
	struct plugin plugin;

	if (one)
		return rows_describe(&one->plugin, NULL);
	path = loader_find(name, error);
	if (!path || !loader_open(path, &plugin, error))
		return NULL;
	return rows_describe(&plugin, path);
}
