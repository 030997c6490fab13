/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, read off the tables: commands, settings and keys. */
#include "cmd/help.h"

#include <string.h>

#include "api/error.h"
#include "api/window.h"
#include "base/table.h"
#include "cmd/run.h"
#include "conf/settings.h"

static gint
by_name(gconstpointer a, gconstpointer b)
{
	const struct cmd *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static GPtrArray *
sorted_commands(void)
{
	GPtrArray *rows = g_ptr_array_new();
	const struct cmd *row;

	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++)
		g_ptr_array_add(rows, (gpointer)row);
	g_ptr_array_sort(rows, by_name);
	return rows;
}

/* "plugin load" below "plugin". */
static bool
is_below(const struct cmd *row, const char *name)
{
	size_t length = strlen(name);

	return strncmp(row->name, name, length) == 0 && row->name[length] == ' ';
}

static void
print_summary(Reply *reply, const struct cmd *row, const char *mark)
{
	g_autofree char *name = g_strconcat("/", row->name, mark, NULL), *line = g_strdup_printf("%-19s  %s", name, row->summary);

	reply_print(reply, "%s", line);
}

/* The commands of one word; those of more hide behind the first of them. */
static void
print_overview(Reply *reply)
{
	g_autoptr(GPtrArray) rows = sorted_commands();
	const char *last = "";

	for (guint i = 0; i < rows->len; i++) {
		const struct cmd *row = g_ptr_array_index(rows, i),
				 *next = i + 1 < rows->len ? g_ptr_array_index(rows, i + 1) : NULL;

		if (is_below(row, last))
			continue;
		print_summary(reply, row, next && is_below(next, row->name) ? " ..." : "");
		last = row->name;
	}
	reply_print(reply, "/help COMMAND explains one, /help keys lists the keys, /set lists the settings");
}

static void
print_all(Reply *reply)
{
	g_autoptr(GPtrArray) rows = sorted_commands();

	for (guint i = 0; i < rows->len; i++)
		print_summary(reply, g_ptr_array_index(rows, i), "");
}

static void
print_keys(Reply *reply)
{
	const struct binding *row;

	for (guint i = 0; (row = table_row(TABLE_BINDINGS, i)); i++) {
		g_autofree char *line = g_strdup_printf("%-12s %s%s%s", row->key, row->summary ? row->summary : row->line,
			row->summary ? "  " : "", row->summary ? row->line : "");

		reply_print(reply, "%s", line);
	}
}

static void
print_option(Reply *reply, const struct option *row)
{
	g_autofree char *value = settings_get(row->name), *range = settings_range(row);

	reply_print(reply, "%s: %s", row->name, row->summary);
	reply_print(reply, "  %s; now %s, initially %s", range, *value ? value : "\"\"", *row->initial ? row->initial : "\"\"");
	if (row->help)
		reply_print(reply, "%s", row->help);
}

/* Rows below it by name; those whose own name is the same word are told apart by their arguments. */
static void
print_below(Reply *reply, const char *name)
{
	g_autoptr(GPtrArray) rows = sorted_commands();

	for (guint i = 0; i < rows->len; i++) {
		const struct cmd *row = g_ptr_array_index(rows, i);

		if (is_below(row, name))
			print_summary(reply, row, "");
	}
}

static void
print_command(Reply *reply, const struct cmd *row)
{
	g_autofree char *usage = cmd_usage(row);

	reply_print(reply, "%s", usage);
	reply_print(reply, "%s", row->summary);
	if (row->aliases) {
		g_auto(GStrv) words = g_strsplit(row->aliases, ",", 0);
		g_autofree char *list = g_strjoinv(", /", words);

		reply_print(reply, "Also: /%s", list);
	}
	if (row->help)
		reply_print(reply, "%s", row->help);
	for (guint i = 0; row->examples && row->examples[i]; i++)
		reply_print(reply, "  %s", row->examples[i]);
	print_below(reply, row->name);
}

/* Words that begin names without being one: "/help roster" when there are only "roster add" and the like. */
static bool
print_family(Reply *reply, const char *words)
{
	const struct cmd *row;

	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++) {
		if (!is_below(row, words))
			continue;
		print_below(reply, words);
		return true;
	}
	return false;
}

bool
help_run(const struct cmd_call *call, GError **error)
{
	const char *words = call->args[0], *rest = "";
	const struct cmd *row = words ? cmd_find(words, &rest) : NULL;
	const struct option *option = words ? table_find(TABLE_OPTIONS, words) : NULL;

	if (!words)
		print_overview(call->reply);
	else if (g_str_equal(words, "all"))
		print_all(call->reply);
	else if (g_str_equal(words, "keys"))
		print_keys(call->reply);
	else if (row && !*rest)
		print_command(call->reply, row);
	else if (option)
		print_option(call->reply, option);
	else if (!print_family(call->reply, words))
		return fault(error, FAULT_GONE, "there is no command or setting %s: /help lists the commands", words);
	return true;
}

void
help_complete(const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	const struct option *row;

	(void)call;
	(void)prefix;
	(void)arg;
	add("keys", data);
	add("all", data);
	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++)
		add(row->name, data);
}
