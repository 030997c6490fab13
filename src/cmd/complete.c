/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion, read off the tables: commands, sub-commands, and values by the type of the argument. */
#include <string.h>

#include "account/account.h"
#include "api/store.h"
#include "base/table.h"
#include "cmd/args.h"
#include "cmd/candidates.h"
#include "cmd/cmd.h"
#include "cmd/names.h"
#include "cmd/run.h"
#include "ui/ui.h"

/* What is typed up to the cursor: whole words, and the beginning of the one at the cursor. */
struct typed {
	char *text;
	GPtrArray *words;
	char *prefix;
	size_t start;
};

static void
take_apart(const char *line, size_t cursor, struct typed *typed)
{
	const char *at;

	typed->text = g_strndup(line, cursor);
	typed->words = g_ptr_array_new_with_free_func(g_free);
	at = typed->text;
	for (;;) {
		const char *from = at = args_skip_blanks(at);
		char *word = args_take_word(&at, NULL);

		/* The last word is whole only when a blank follows; open quotes reach to the cursor. */
		if (!word || !*at) {
			bool quoted = *from == '"';

			typed->start = (size_t)(from - typed->text);
			typed->prefix = word && !quoted ? g_steal_pointer(&word) : g_strdup(from + quoted);
			g_free(word);
			return;
		}
		g_ptr_array_add(typed->words, word);
	}
}

static void
typed_clear(struct typed *typed)
{
	g_free(typed->text);
	g_free(typed->prefix);
	g_ptr_array_unref(typed->words);
}

/* The next word of name when it begins with all the words; NULL if it does not, or ends there. */
static char *
next_word(const char *name, char *const *words, guint count)
{
	for (guint i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if (g_ascii_strncasecmp(name, words[i], length) != 0 || name[length] != ' ')
			return NULL;
		name += length + 1;
	}
	return g_strndup(name, strcspn(name, " "));
}

/* What follows the words in some of the names, which are separated by commas. */
static void
add_names(struct candidates *found, const char *names, char *const *words, guint count, const char *mark)
{
	g_auto(GStrv) list = g_strsplit(names ? names : "", ",", 0);

	for (guint i = 0; list[i]; i++) {
		g_autofree char *word = next_word(list[i], words, count);
		g_autofree char *whole = word ? g_strconcat(count ? "" : mark, word, NULL) : NULL;

		candidates_add(whole, found);
	}
}

/* words are those typed before, the first without its slash. */
static void
add_all_names(struct candidates *found, char *const *words, guint count, const char *mark)
{
	const struct cmd *row;

	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++)
		add_names(found, row->name, words, count, mark);
}

/* Names first; other dialects' words only where no name fits, or the list would be twice as long. */
static void
add_commands(struct candidates *found, const struct typed *typed)
{
	char *const *words = (char *const *)typed->words->pdata;
	const struct cmd *row;

	add_all_names(found, words, typed->words->len, "/");
	if (candidates_count(found) || typed->words->len)
		return;
	for (guint i = 0; (row = table_row(TABLE_CMDS, i)); i++)
		add_names(found, row->aliases, words, 0, "/");
}

/* The command that the whole words name, and how many of them are its name. */
static const struct cmd *
command_of(const struct typed *typed, guint *name_words)
{
	g_autoptr(GString) line = g_string_new(NULL);
	const struct cmd *cmd;
	const char *rest;

	*name_words = 0;
	if (typed->words->len == 0)
		return NULL;
	for (guint i = 0; i < typed->words->len; i++)
		g_string_append_printf(line, "%s%s", i ? " " : "", (const char *)g_ptr_array_index(typed->words, i));
	cmd = cmd_find(line->str, &rest);
	if (!cmd)
		return NULL;
	*name_words = 1;
	for (const char *c = line->str; c < rest; c++)
		*name_words += *c == ' ';
	return cmd;
}

static void
add_values(struct candidates *found, const struct typed *typed)
{
	guint name_words, count, given;
	const struct cmd *cmd = command_of(typed, &name_words);
	struct cmd_call call = { .cmd = cmd };
	g_autofree const char **args = NULL;
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);

	if (!cmd || !(count = args_count(cmd)))
		return;
	given = typed->words->len - name_words;
	if (given >= count && cmd->args[count - 1].type != ARG_WORDS && cmd->args[count - 1].type != ARG_COMMAND &&
		!(cmd->args[count - 1].type == ARG_TEXT && cmd->complete))
		return;
	call.conversation = ui()->current ? ui()->current() : NULL;
	call.account = call.conversation ? convo_account(call.conversation) : store_is_open() ? account_default() : NULL;
	args = g_new0(const char *, MAX(count, given) + 1);
	for (guint i = 0; i < given; i++) {
		char *address;

		args[i] = g_ptr_array_index(typed->words, name_words + i);
		address = i < count && cmd->args[i].type == ARG_CONTACT ? names_contact(args[i], &call.account, NULL) : NULL;
		if (!address)
			continue;
		g_ptr_array_add(addresses, address);
		args[i] = address;
	}
	call.args = args;
	/* Where an argument may be left out, the next one may stand in its place. */
	for (guint i = MIN(given, count - 1); i < count; i++) {
		candidates_add_type(found, &cmd->args[i], &call);
		if (cmd->args[i].type == ARG_COMMAND)
			add_all_names(found, (char *const *)typed->words->pdata + name_words, given, "");
		if (cmd->complete)
			cmd->complete(&call, (int)MAX(i, given), typed->prefix, candidates_add, found);
		if (!cmd->args[i].optional)
			break;
	}
}

GPtrArray *
cmd_complete(const char *line, size_t cursor, size_t *start)
{
	struct typed typed = { 0 };
	struct candidates *found;
	bool command = line[0] == '/' && line[1] != '/';

	take_apart(line, MIN(cursor, strlen(line)), &typed);
	found = candidates_new(typed.prefix);
	*start = typed.start;
	if (command && typed.words->len)
		memmove(typed.words->pdata[0], (char *)typed.words->pdata[0] + 1, strlen(typed.words->pdata[0]));
	if (command) {
		add_commands(found, &typed);
		if (typed.words->len)
			add_values(found, &typed);
	} else if (*typed.prefix) {
		candidates_add_text(found, typed.words->len == 0);
	}
	typed_clear(&typed);
	return candidates_end(found, command);
}
