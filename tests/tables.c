/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every fact stands in one table; here it is asked whether the tables make sense: names, arguments, settings, hooks. The default
 * plugins' rows are asked, too. */
#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "api/plugin.h"
#include "app.h"
#include "base/base.h"
#include "base/table.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "conf/options.h"
#include "plugin/registry.h"

enum { SUMMARY_MAX = 90, USAGE_MAX = 100 };

static guint rows_seen, wrong;

static void G_GNUC_PRINTF(2, 3) bad(const char *name, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	printf("%s: %s\n", name, text);
	wrong++;
}

static bool
is_made_of(const char *text, const char *letters)
{
	return *text && !text[strspn(text, letters)];
}

static void
check_summary(const char *name, const char *summary)
{
	if (!summary || !*summary) {
		bad(name, "no summary");
		return;
	}
	if (g_str_has_suffix(summary, ".") || strchr(summary, '\n'))
		bad(name, "a summary is one line without full stop");
	if (g_utf8_strlen(summary, -1) > SUMMARY_MAX)
		bad(name, "the summary is longer than %d characters", SUMMARY_MAX);
}

static void
check_help(const char *name, const char *help)
{
	if (help && (!*help || g_ascii_isspace(*help) || g_str_has_suffix(help, "\n")))
		bad(name, "help is empty or padded");
}

/* ---- commands ---- */

/* Each word leads to one command. */
static void
check_cmd_names(GHashTable *names, const struct cmd *row)
{
	g_autofree char *all = g_strconcat(row->name, row->aliases ? "," : "", row->aliases, NULL);
	g_auto(GStrv) list = g_strsplit(all, ",", 0);

	for (guint i = 0; list[i]; i++) {
		const struct cmd *other = g_hash_table_lookup(names, list[i]);
		const char *rest;

		if (!is_made_of(list[i], "abcdefghijklmnopqrstuvwxyz0123456789-? ") || strstr(list[i], "  ") || *list[i] == ' ' ||
			g_str_has_suffix(list[i], " "))
			bad(row->name, "\"%s\" is no good name", list[i]);
		if (other)
			bad(row->name, "/%s is already a name of /%s", list[i], other->name);
		g_hash_table_insert(names, g_strdup(list[i]), (gpointer)row);
		if (cmd_find(list[i], &rest) != row || *rest)
			bad(row->name, "/%s does not lead to it", list[i]);
	}
}

/* Those whose words may fail to fit. */
static bool
names_somebody(enum arg_type type)
{
	return type == ARG_CONTACT || type == ARG_JID || type == ARG_ACCOUNT || type == ARG_DEVICE;
}

static void
check_args(const struct cmd *row)
{
	guint count = args_count(row);

	if (count > 8)
		bad(row->name, "does its list of arguments end?");
	for (guint i = 0; i < MIN(count, 8); i++) {
		const struct arg *arg = &row->args[i];

		if (!arg->name || !*arg->name)
			bad(row->name, "argument %u has no name", i);
		if ((arg->type == ARG_CHOICE) != (arg->choices != NULL))
			bad(row->name, "choices and ARG_CHOICE belong together: %s", arg->name);
		if ((arg->type == ARG_TEXT || arg->type == ARG_WORDS) && i + 1 < count)
			bad(row->name, "%s takes the rest of the line and must be the last", arg->name);
		/* A name mistyped would become the text, and perhaps be sent. */
		if (arg->optional && names_somebody(arg->type) && i + 1 < count && arg[1].type == ARG_TEXT)
			bad(row->name, "%s may be left out in front of a text: a slip would be said", arg->name);
		if (arg->type > ARG_WORDS)
			bad(row->name, "%s has an unknown type", arg->name);
	}
}

/* An example is a line that works: it leads here, and its words fit. Who is meant by a short name nobody knows here. */
static void
check_example(const struct cmd *row, const char *line)
{
	g_autoptr(GError) error = NULL;
	const char *rest = "";
	Account *account = NULL;
	char **args;

	if (*line != '/' || cmd_find(line + 1, &rest) != row) {
		bad(row->name, "the example %s leads elsewhere", line);
		return;
	}
	args = args_parse(row, rest, &account, &error);
	if (!args && !g_error_matches(error, FAULT, FAULT_GONE))
		bad(row->name, "the example %s does not fit: %s", line, error->message);
	args_free(row, args);
}

static void
check_cmds(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const struct cmd *row;

	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++, rows_seen++) {
		g_autofree char *usage = cmd_usage(row);

		check_cmd_names(names, row);
		check_summary(row->name, row->summary);
		check_help(row->name, row->help);
		check_args(row);
		if (!row->run)
			bad(row->name, "does nothing");
		if (strlen(usage) > USAGE_MAX)
			bad(row->name, "its usage is longer than %d characters", USAGE_MAX);
		for (guint k = 0; row->examples && row->examples[k]; k++)
			check_example(row, row->examples[k]);
	}
}

/* The names that are promised, and the words that users of other programs type first. */
static void
check_promised(void)
{
	static const char *const names[] = { "account", "connect", "disconnect", "tls", "add", "remove", "accept-contact",
		"refuse-contact", "block", "unblock", "msg", "say", "me", "correct", "encrypt", "verify", "trust", "plugin", "set",
		"lock", "search", "window", "help", "quit", "answer-ask", "account add", "account set", "account list",
		"account remove", "plugin list", "plugin show", "plugin load", "plugin unload", "query", "win", "wins", "buffer",
		"away", "roster", "clear", "lastlog", "alias", "bind", "save", "changes", "plugins", "exit", "whois", "reconnect",
		"status", "sub" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *rest = "";

		if (!cmd_find(names[i], &rest) || *rest)
			bad(names[i], "is promised, but there is no such command");
	}
}

/* ---- settings ---- */

static void
check_options(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) variables = g_hash_table_new(NULL, NULL);
	const struct option *row;

	for (guint i = 0; (row = table_row(TABLE_OPTIONS, i)); i++, rows_seen++) {
		if (!is_made_of(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") || !strchr(row->name, '.'))
			bad(row->name, "a setting is called AREA.NAME");
		if (!g_hash_table_add(names, (gpointer)row->name))
			bad(row->name, "two settings have this name");
		if (!row->value || !g_hash_table_add(variables, row->value))
			bad(row->name, "it needs a variable of its own");
		check_summary(row->name, row->summary);
		check_help(row->name, row->help);
		if (row->type > OPTION_TEXT)
			bad(row->name, "has an unknown type");
		else if ((row->type == OPTION_CHOICE) != (row->choices != NULL))
			bad(row->name, "choices and OPTION_CHOICE belong together");
		else if (row->type == OPTION_INT && row->min >= row->max)
			bad(row->name, "no number fits");
		else if (!row->initial || !option_fits(row, row->initial))
			bad(row->name, "its initial value does not fit");
	}
}

/* ---- hooks ---- */

static bool
is_one_of(const char *word, const char *list)
{
	g_auto(GStrv) words = g_strsplit(list, " ", 0);

	return word && g_strv_contains((const char *const *)words, word);
}

static void
check_stanzas(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	const struct stanza_hook *row;

	for (guint i = 0; (row = table_row(TABLE_STANZAS, i)); i++, rows_seen++) {
		if (!g_hash_table_add(names, (gpointer)row->name))
			bad(row->name, "two hooks have this name");
		if (!is_one_of(row->kind, "message presence iq"))
			bad(row->name, "its kind is no stanza");
		if (g_strcmp0(row->kind, "iq") == 0 && !is_one_of(row->type, "get set"))
			bad(row->name, "a hook for iq takes get or set: answers belong to who asked");
		if (g_strcmp0(row->kind, "iq") == 0 && !row->ns)
			bad(row->name, "a hook for iq names what it answers");
		if (row->node && (row->child || row->ns))
			bad(row->name, "a node is enough: child and namespace follow from it");
		if (row->from > FROM_SERVER || !row->take)
			bad(row->name, "nobody takes it, or from nobody");
	}
}

static void
check_features(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	const struct feature *row;

	for (guint i = 0; (row = table_row(TABLE_FEATURES, i)); i++, rows_seen++)
		if (!*row->name || strchr(row->name, ' ') || !g_hash_table_add(names, (gpointer)row->name))
			bad(row->name, "is announced twice, or is no feature");
}

static void
check_bindings(void)
{
	g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
	const struct binding *row;

	for (guint i = 0; (row = table_row(TABLE_BINDINGS, i)); i++, rows_seen++) {
		if (!g_hash_table_add(keys, (gpointer)row->key))
			bad(row->key, "this key has two meanings");
		if (!row->line || (*row->line != '/' && *row->line != '@'))
			bad(row->key, "a key runs a command or an @action");
		else if (*row->line == '/' && !cmd_find(row->line + 1, NULL))
			bad(row->key, "there is no command %s", row->line);
	}
}

static void
check_small_ones(void)
{
	const struct event_watch *watch;
	const struct timer *timer;
	const struct filter *filter;
	const struct window_kind *window;

	for (guint i = 0; (watch = table_row(TABLE_EVENTS, i)); i++, rows_seen++)
		if (!watch->look || watch->kind >= EVENT_KINDS)
			bad(watch->name, "it watches nothing, or nobody looks");
	for (guint i = 0; (timer = table_row(TABLE_TIMERS, i)); i++, rows_seen++)
		if (!timer->tick || timer->seconds < 60)
			bad(timer->name, "a timer of a row is for minutes and hours");
	for (guint i = 0; (filter = table_row(TABLE_FILTERS, i)); i++, rows_seen++)
		if (!filter->filter)
			bad(filter->name, "filters nothing");
	for (guint i = 0; (window = table_row(TABLE_WINDOWS, i)); i++, rows_seen++)
		if (!window->title || !window->line)
			bad(window->name, "a window needs a title and lines");
}

/* 1, 2, 3 in this order for each name. */
static void
check_migrations(void)
{
	g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);
	const struct migration *row;

	for (guint i = 0; (row = table_row(TABLE_MIGRATIONS, i)); i++, rows_seen++) {
		int before = GPOINTER_TO_INT(g_hash_table_lookup(last, row->name));

		if (row->version != before + 1)
			bad(row->name, "version %d follows %d", row->version, before);
		if (!row->sql || !*row->sql)
			bad(row->name, "version %d changes nothing", row->version);
		g_hash_table_insert(last, (gpointer)row->name, GINT_TO_POINTER(row->version));
	}
}

static void
check_provider(void)
{
	const struct e2ee_provider *row;

	for (guint i = 0; (row = table_row(TABLE_E2EE, i)); i++, rows_seen++) {
		if (!row->title || !row->ns || !row->element || !row->eme_name || !row->fallback)
			bad(row->name, "a provider has all its names");
		if (!row->usable || !row->prepare || !row->seal || !row->open || !row->identities || !row->set_trust ||
			!row->history)
			bad(row->name, "a provider does all that the core asks");
	}
}

int
main(void)
{
	base_init(NULL);
	app_fill_tables();
	plugins_load_rows();
	check_cmds();
	check_promised();
	check_options();
	check_stanzas();
	check_features();
	check_bindings();
	check_small_ones();
	check_migrations();
	check_provider();
	if (!wrong)
		printf("tables: %u rows, all hold\n", rows_seen);
	return wrong ? 1 : 0;
}
