/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands and settings for plugins. */
#include "api/error.h"
#include "base/table.h"
#include "plugin/options.h"
#include "plugin/plugin.h"
#include "plugin/registry.h"

char *plugin_option_load;

static const struct option options[] = {
	{ .name = "plugin.load",
		.type = OPTION_TEXT,
		.value = &plugin_option_load,
		.initial = "*",
		.summary = "Plugins that are loaded at start",
		.help = "Names, separated by blanks. * stands for the usual ones; -NAME leaves one of them out." },
	{ 0 },
};

static bool
run_list(const struct cmd_call *call, GError **error)
{
	g_autoptr(GPtrArray) all = plugin_names(false), loaded = plugin_names(true);

	(void)error;
	for (guint i = 0; i < loaded->len; i++)
		if (!g_ptr_array_find_with_equal_func(all, g_ptr_array_index(loaded, i), g_str_equal, NULL))
			g_ptr_array_add(all, g_strdup(g_ptr_array_index(loaded, i)));
	for (guint i = 0; i < all->len; i++) {
		const char *name = g_ptr_array_index(all, i);

		reply_print(call->reply, "%s%s", name, plugin_is_loaded(name) ? " (loaded)" : "");
	}
	if (all->len == 0)
		reply_print(call->reply, "no plugin is installed");
	return true;
}

static bool
run_show(const struct cmd_call *call, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!call->args[0])
		return run_list(call, error);
	text = plugin_describe(call->args[0], error);
	if (!text)
		return false;
	lines = g_strsplit(g_strchomp(text), "\n", -1);
	for (char **line = lines; *line; line++)
		reply_print(call->reply, "%s", *line);
	return true;
}

static bool
run_load(const struct cmd_call *call, GError **error)
{
	if (!plugin_load(call->args[0], error))
		return false;
	reply_print(call->reply, "%s is loaded", call->args[0]);
	return true;
}

static bool
run_unload(const struct cmd_call *call, GError **error)
{
	if (!plugin_unload(call->args[0], error))
		return false;
	reply_print(call->reply, "%s is unloaded", call->args[0]);
	return true;
}

static void
complete_any(const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	g_autoptr(GPtrArray) names = plugin_names(false);

	(void)call;
	(void)arg;
	(void)prefix;
	for (guint i = 0; i < names->len; i++)
		add(g_ptr_array_index(names, i), data);
}

static void
complete_loaded(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	g_autoptr(GPtrArray) names = plugin_names(true);

	(void)call;
	(void)arg;
	(void)prefix;
	for (guint i = 0; i < names->len; i++)
		add(g_ptr_array_index(names, i), data);
}

static const struct arg optional_name[] = { { "name", ARG_PLUGIN, true, NULL }, { 0 } };
static const struct arg name[] = { { "name", ARG_PLUGIN, false, NULL }, { 0 } };

static const struct cmd cmds[] = {
	{ .name = "plugin",
		.aliases = "plugins",
		.args = optional_name,
		.summary = "List the plugins, or show all that one hooks before it runs",
		.help = "A plugin is native code and may do all that sotto may: one that others could have written is refused.",
		.run = run_show,
		.complete = complete_any },
	{ .name = "plugin list", .summary = "List the plugins", .run = run_list },
	{ .name = "plugin show",
		.args = name,
		.summary = "Show all that a plugin hooks",
		.run = run_show,
		.complete = complete_any },
	{ .name = "plugin load",
		.args = name,
		.summary = "Load a plugin, by its name or the path of its file",
		.run = run_load,
		.complete = complete_any },
	{ .name = "plugin unload",
		.args = name,
		.summary = "Take a plugin out again; what it seals waits until it is back",
		.run = run_unload,
		.complete = complete_loaded },
	{ 0 },
};

void
plugin_init(void)
{
	table_add(TABLE_CMDS, cmds, "core");
	table_add(TABLE_OPTIONS, options, "core");
}
