/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of one plugin, and the tables they belong into. */
#include "plugin/rows.h"

#include <string.h>

#include "base/table.h"

/* One row of a plugin's list, as /plugin shows it. */
typedef char *(*describer)(const void *row);

static char *
describe_cmd(const void *data)
{
	const struct cmd *row = data;

	return g_strdup_printf("/%s: %s", row->name, row->summary);
}

static char *
describe_option(const void *data)
{
	const struct option *row = data;

	return g_strdup_printf("%s (initially %s): %s", row->name, *row->initial ? row->initial : "empty", row->summary);
}

static char *
describe_stanza(const void *data)
{
	static const char *const senders[] = { "anyone", "contacts", "our account", "our devices", "our server" };
	const struct stanza_hook *row = data;

	return g_strdup_printf("%s: %s%s%s from %s", row->name, row->kind,
		row->node ? " about "
		: row->ns ? " with "
			  : "",
		row->node ? row->node
		: row->ns ? row->ns
			  : "",
		senders[row->from]);
}

static char *
describe_binding(const void *data)
{
	const struct binding *row = data;

	return g_strdup_printf("%s: %s", row->key, row->line);
}

static char *
describe_timer(const void *data)
{
	const struct timer *row = data;

	return g_strdup_printf("%s: every %d s", row->name, row->seconds);
}

static char *
describe_migration(const void *data)
{
	const struct migration *row = data;

	return g_strdup_printf("%s, version %d", row->name, row->version);
}

static char *
describe_provider(const void *data)
{
	const struct e2ee_provider *row = data;

	return g_strdup_printf("%s (%s)", row->title, row->ns);
}

static char *
describe_name(const void *data)
{
	return g_strdup(*(const char *const *)data);
}

/* A member of struct plugin, its table, and how its rows are told. */
static const struct list {
	const char *title;
	size_t member, row_size;
	enum table table;
	describer describe;
	bool one; /* not a list */
} lists[] = {
#define LIST(title, member, type, table, describe)                                           \
	{                                                                                    \
		title, offsetof(struct plugin, member), sizeof(type), table, describe, false \
	}
	LIST("commands", cmds, struct cmd, TABLE_CMDS, describe_cmd),
	LIST("settings", options, struct option, TABLE_OPTIONS, describe_option),
	LIST("keys", bindings, struct binding, TABLE_BINDINGS, describe_binding),
	LIST("takes stanzas", stanzas, struct stanza_hook, TABLE_STANZAS, describe_stanza),
	LIST("announces", features, struct feature, TABLE_FEATURES, describe_name),
	LIST("watches", events, struct event_watch, TABLE_EVENTS, describe_name),
	LIST("may change or refuse text", filters, struct filter, TABLE_FILTERS, describe_name),
	LIST("windows", windows, struct window_kind, TABLE_WINDOWS, describe_name),
	LIST("timers", timers, struct timer, TABLE_TIMERS, describe_timer),
	LIST("tables in the store", migrations, struct migration, TABLE_MIGRATIONS, describe_migration),
	{ "seals and opens messages", offsetof(struct plugin, e2ee), 0, TABLE_E2EE, describe_provider, true },
#undef LIST
};

static const void *
rows_of(const struct plugin *plugin, const struct list *list)
{
	return *(const void *const *)((const char *)plugin + list->member);
}

void
rows_add(const struct plugin *plugin)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		const void *rows = rows_of(plugin, &lists[i]);

		if (lists[i].one)
			table_add_one(lists[i].table, rows, plugin->name);
		else
			table_add(lists[i].table, rows, plugin->name);
	}
}

static bool
check_cmds(const struct plugin *plugin, GError **error)
{
	for (const struct cmd *row = plugin->cmds; row && row->name; row++)
		if (table_find(TABLE_CMDS, row->name))
			return fault(error, FAULT_BUSY, "the plugin %s brings /%s, which exists already", plugin->name, row->name);
	return true;
}

static bool
check_options(const struct plugin *plugin, GError **error)
{
	g_autofree char *prefix = g_strconcat(plugin->name, ".", NULL);

	for (const struct option *row = plugin->options; row && row->name; row++)
		if (!g_str_has_prefix(row->name, prefix))
			return fault(error, FAULT_INPUT, "the setting %s of the plugin %s must begin with %s", row->name,
				plugin->name, prefix);
	return true;
}

static bool
check_migrations(const struct plugin *plugin, GError **error)
{
	for (const struct migration *row = plugin->migrations; row && row->name; row++)
		if (!g_str_equal(row->name, plugin->name))
			return fault(error, FAULT_INPUT, "the plugin %s may not change the tables of %s", plugin->name, row->name);
	return true;
}

bool
rows_check(const struct plugin *plugin, GError **error)
{
	const struct e2ee_provider *other = table_row(TABLE_E2EE, 0);

	/* Two who seal would leave open which of them a conversation trusts. */
	if (plugin->e2ee && other)
		return fault(error, FAULT_BUSY, "%s seals messages already: unload it before %s", other->name, plugin->name);
	return check_cmds(plugin, error) && check_options(plugin, error) && check_migrations(plugin, error);
}

static void
describe_list(GString *out, const struct plugin *plugin, const struct list *list)
{
	const char *row = rows_of(plugin, list);

	if (!row || !*(const char *const *)row)
		return;
	g_string_append_printf(out, "%s:\n", list->title);
	do {
		g_autofree char *line = list->describe(row);

		g_string_append_printf(out, "  %s\n", line);
		row += list->row_size;
	} while (!list->one && *(const char *const *)row);
}

char *
rows_describe(const struct plugin *plugin, const char *path)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%s: %s\n", plugin->name, plugin->summary ? plugin->summary : "");
	if (path)
		g_string_append_printf(out, "not loaded, from %s\n", path);
	else
		g_string_append(out, "loaded\n");
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		describe_list(out, plugin, &lists[i]);
	return g_string_free(out, FALSE);
}
