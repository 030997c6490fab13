/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for the settings: /set /reset /changes /save /reload. */
#include <string.h>

#include "api/error.h"
#include "base/table.h"
#include "cmd/alias.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "conf/settings.h"

/* Passwords in addresses (a proxy's) are shown to nobody who looks over the shoulder. */
static char *
shown_value(const struct option *row)
{
	g_autofree char *value = settings_get(row->name);
	const char *at = strrchr(value, '@'), *scheme = strstr(value, "://"), *colon = scheme ? strchr(scheme + 3, ':') : NULL;

	if (at && colon && colon < at)
		return g_strdup_printf("%.*s:***%s", (int)(colon - value), value, at);
	return *value ? g_steal_pointer(&value) : g_strdup("\"\"");
}

static void
print_row(Reply *reply, const struct option *row)
{
	g_autofree char *value = shown_value(row);

	reply_print(reply, "%s = %s%s%s", row->name, value, settings_is_changed(row) ? "  (changed)" : "",
		settings_is_unsaved(row) ? "  (unsaved)" : "");
}

static void
explain_row(Reply *reply, const struct option *row)
{
	g_autofree char *range = settings_range(row);

	print_row(reply, row);
	reply_print(reply, "  %s", row->summary);
	reply_print(reply, "  %s; initially %s", range, *row->initial ? row->initial : "\"\"");
	if (row->help)
		reply_print(reply, "  %s", row->help);
}

static bool
list_rows(Reply *reply, const char *pattern, GError **error)
{
	bool glob = pattern && strpbrk(pattern, "*?");
	const struct option *row;
	guint shown = 0;

	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++) {
		if (pattern && !(glob ? g_pattern_match_simple(pattern, row->name) : strstr(row->name, pattern) != NULL))
			continue;
		print_row(reply, row);
		shown++;
	}
	return shown || fault(error, FAULT_GONE, "there is no setting like %s: /set lists them all", pattern ? pattern : "that");
}

/* What stands between quotes, if the whole value does: so it may be empty or begin with a blank. */
static char *
unquoted(const char *text)
{
	const char *at = args_skip_blanks(text);
	g_autofree char *word = *at == '"' ? args_take_word(&at, NULL) : NULL;

	if (word && !*args_skip_blanks(at))
		return g_steal_pointer(&word);
	return g_strstrip(g_strdup(text));
}

static bool
run_set(const struct cmd_call *call, GError **error)
{
	const char *name = call->args[0];
	const struct option *row = name ? table_find(TABLE_OPTIONS, name) : NULL;
	g_autofree char *value = call->args[1] ? unquoted(call->args[1]) : NULL;

	if (value && !settings_set(name, value, error))
		return false;
	if (value)
		print_row(call->reply, row);
	else if (row)
		explain_row(call->reply, row);
	else
		return list_rows(call->reply, name, error);
	return true;
}

static void
complete_set(const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	const struct option *row = arg == 1 && call->args[0] ? table_find(TABLE_OPTIONS, call->args[0]) : NULL;
	g_autofree char *now = row ? settings_get(row->name) : NULL;

	(void)prefix;
	if (!row)
		return;
	if (row->type == OPTION_BOOL) {
		add("on", data);
		add("off", data);
	} else if (row->type == OPTION_CHOICE) {
		for (guint i = 0; row->choices[i]; i++)
			add(row->choices[i], data);
	} else if (*now) {
		add(now, data);
	}
}

static bool
run_reset(const struct cmd_call *call, GError **error)
{
	if (!settings_reset(call->args[0], error))
		return false;
	print_row(call->reply, table_find(TABLE_OPTIONS, call->args[0]));
	return true;
}

static void
print_unsaved_extra(const char *name, const char *text, gpointer data)
{
	if (settings_extra_is_unsaved(name))
		reply_print(data, "%s = %s  (unsaved)", name, text);
}

static bool
run_changes(const struct cmd_call *call, GError **error)
{
	const struct option *row;
	guint shown = 0;

	(void)error;
	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++) {
		if (!settings_is_unsaved(row))
			continue;
		print_row(call->reply, row);
		shown++;
	}
	settings_each_extra("", print_unsaved_extra, call->reply);
	if (!shown)
		reply_print(call->reply, "every setting is as the file has it");
	return true;
}

static bool
run_save(const struct cmd_call *call, GError **error)
{
	if (!settings_save(error))
		return false;
	reply_print(call->reply, "the settings are saved");
	return true;
}

static bool
run_reload(const struct cmd_call *call, GError **error)
{
	if (!settings_load(error))
		return false;
	alias_update_bindings();
	reply_print(call->reply, "the settings are as the file has them");
	return true;
}

static const struct arg set_args[] = { { "name or pattern", ARG_OPTION, true, NULL }, { "value", ARG_TEXT, true, NULL }, { 0 } };
static const struct arg reset_args[] = { { "name", ARG_OPTION, false, NULL }, { 0 } };
static const char *const set_examples[] = { "/set", "/set chat", "/set chat.receipts off", NULL };

const struct cmd cmd_set_rows[] = {
	{ .name = "set",
		.args = set_args,
		.summary = "Show settings, explain one, or change it at once",
		.help = "With a name and a value the setting changes at once and until you leave; /save keeps it. Quotes make an "
			"empty "
			"value or one that begins with a blank. Part of a name, or a pattern with *, lists what fits.",
		.examples = set_examples,
		.run = run_set,
		.complete = complete_set },
	{ .name = "reset",
		.aliases = "unset",
		.args = reset_args,
		.summary = "Give a setting its initial value",
		.run = run_reset },
	{ .name = "changes", .summary = "List the settings that are not saved yet", .run = run_changes },
	{ .name = "save", .summary = "Keep the settings as they are now", .run = run_save },
	{ .name = "reload", .summary = "Read the settings file again; unsaved changes are gone", .run = run_reload },
	{ 0 },
};
