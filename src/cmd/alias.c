/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A user's own words and keys: /alias, /bind and their entries in the settings. */
#include "cmd/alias.h"

#include <string.h>

#include "api/error.h"
#include "api/window.h"
#include "base/table.h"
#include "cmd/run.h"
#include "conf/settings.h"

static GPtrArray *bindings; /* of struct binding, rows of owner "user" */

static void
binding_free(gpointer data)
{
	struct binding *binding = data;

	g_free((char *)binding->key);
	g_free((char *)binding->line);
	g_free(binding);
}

static void
add_binding(const char *name, const char *line, gpointer data)
{
	struct binding *binding = g_new0(struct binding, 1);

	(void)data;
	binding->key = g_strdup(name + strlen("bind."));
	binding->line = g_strdup(line);
	binding->summary = "your own";
	g_ptr_array_add(bindings, binding);
	table_add_one(TABLE_BINDINGS, binding, "user");
}

void
alias_update_bindings(void)
{
	table_remove("user");
	g_clear_pointer(&bindings, g_ptr_array_unref);
	bindings = g_ptr_array_new_with_free_func(binding_free);
	settings_each_extra("bind.", add_binding, NULL);
}

char *
alias_expand(const char *words)
{
	size_t length = strcspn(words, " \t\n");
	g_autofree char *word = g_strndup(words, length), *lower = g_ascii_strdown(word, -1);
	g_autofree char *name = g_strconcat("alias.", lower, NULL);
	const char *line = settings_extra(name);

	if (!line)
		return NULL;
	return g_strconcat(line[0] == '/' ? line + 1 : line, words + length, NULL);
}

static void
print_entry(const char *name, const char *line, gpointer data)
{
	reply_print(data, "%s = %s%s", strchr(name, '.') + 1, line, settings_extra_is_unsaved(name) ? "  (unsaved)" : "");
}

static bool
show(const struct cmd_call *call, const char *prefix, GError **error)
{
	g_autofree char *name = call->args[0] ? g_strconcat(prefix, call->args[0], NULL) : NULL;
	const char *line = name ? settings_extra(name) : NULL;

	if (!name)
		settings_each_extra(prefix, print_entry, call->reply);
	else if (line)
		print_entry(name, line, call->reply);
	else
		return fault(error, FAULT_GONE, "you have given \"%s\" no meaning", call->args[0]);
	return true;
}

static bool
run_alias(const struct cmd_call *call, GError **error)
{
	g_autofree char *word = call->args[0] ? g_ascii_strdown(call->args[0] + (call->args[0][0] == '/'), -1) : NULL;
	g_autofree char *name = g_strconcat("alias.", word, NULL);

	if (!call->args[1])
		return show(call, "alias.", error);
	if (!*word || cmd_find(word, NULL))
		return fault(error, FAULT_INPUT, "/%s is a command already: choose another word", word);
	if (!settings_set_extra(name, call->args[1], error))
		return false;
	reply_print(call->reply, "/%s stands for %s until you leave; /save keeps it", word, call->args[1]);
	return true;
}

static bool
run_unalias(const struct cmd_call *call, GError **error)
{
	g_autofree char *word = g_ascii_strdown(call->args[0] + (call->args[0][0] == '/'), -1);
	g_autofree char *name = g_strconcat("alias.", word, NULL);

	if (!settings_set_extra(name, NULL, error))
		return false;
	reply_print(call->reply, "/%s stands for nothing of yours any more; /save keeps it so", word);
	return true;
}

static bool
run_bind(const struct cmd_call *call, GError **error)
{
	g_autofree char *name = g_strconcat("bind.", call->args[0], NULL);

	if (!call->args[1])
		return show(call, "bind.", error);
	if (call->args[1][0] != '/' && call->args[1][0] != '@')
		return fault(error, FAULT_INPUT,
			"a key runs a command that begins with /, or an action of the editor that begins with @");
	if (!settings_set_extra(name, call->args[1], error))
		return false;
	alias_update_bindings();
	reply_print(call->reply, "%s runs %s until you leave; /save keeps it", call->args[0], call->args[1]);
	return true;
}

static bool
run_unbind(const struct cmd_call *call, GError **error)
{
	g_autofree char *name = g_strconcat("bind.", call->args[0], NULL);

	if (!settings_set_extra(name, NULL, error))
		return false;
	alias_update_bindings();
	reply_print(call->reply, "%s has its old meaning; /save keeps it so", call->args[0]);
	return true;
}

static const struct arg alias_args[] = { { "word", ARG_WORD, true, NULL }, { "line", ARG_TEXT, true, NULL }, { 0 } };
static const struct arg bind_args[] = { { "key", ARG_WORD, true, NULL }, { "line", ARG_TEXT, true, NULL }, { 0 } };
static const struct arg word_arg[] = { { "word", ARG_WORD, false, NULL }, { 0 } };
static const struct arg key_arg[] = { { "key", ARG_WORD, false, NULL }, { 0 } };
static const char *const alias_examples[] = { "/alias bb /msg bob@example.org", "/alias", NULL };
static const char *const bind_examples[] = { "/bind M-x /window 3", "/bind", NULL };

const struct cmd cmd_alias_rows[] = {
	{ .name = "alias",
		.args = alias_args,
		.summary = "Give a command line a word of your own, or list them",
		.help = "The words typed behind the new one are put behind the line. /save keeps it.",
		.examples = alias_examples,
		.run = run_alias },
	{ .name = "unalias", .args = word_arg, .summary = "Forget a word of your own", .run = run_unalias },
	{ .name = "bind",
		.args = bind_args,
		.summary = "Let a key run a command line, or list your keys",
		.help = "Keys are written as C-p (Ctrl), M-a (Alt), F1, PageUp. /help keys lists all keys. /save keeps it.",
		.examples = bind_examples,
		.run = run_bind },
	{ .name = "unbind", .args = key_arg, .summary = "Give a key its old meaning back", .run = run_unbind },
	{ 0 },
};
