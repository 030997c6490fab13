/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the words behind a command's name to its typed arguments. */
#include "cmd/args.h"

#include <string.h>

#include "api/error.h"
#include "api/jid.h"
#include "cmd/names.h"
#include "cmd/run.h"

const char *
args_skip_blanks(const char *at)
{
	return at + strspn(at, " \t\n");
}

static char *
take_quoted(const char **at, GError **error)
{
	g_autoptr(GString) word = g_string_new(NULL);
	const char *from = *at + 1;

	for (; *from && *from != '"'; from++) {
		if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		g_string_append_c(word, *from);
	}
	if (!*from)
		return fault_null(error, FAULT_INPUT, "the quotes are not closed: %s", *at);
	*at = from + 1;
	return g_string_free(g_steal_pointer(&word), FALSE);
}

char *
args_take_word(const char **at, GError **error)
{
	const char *start = *at = args_skip_blanks(*at);

	if (!*start)
		return NULL;
	if (*start == '"')
		return take_quoted(at, error);
	*at += strcspn(start, " \t\n");
	return g_strndup(start, (gsize)(*at - start));
}

char *
args_quote(const char *word)
{
	GString *out;

	if (*word && *word != '"' && !word[strcspn(word, " \t\n")])
		return g_strdup(word);
	out = g_string_new("\"");
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *word);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}

/* ---- one word to one value ---- */

typedef char *(*converter)(const struct arg *arg, const char *word, Account **account, GError **error);

static char *
as_it_is(const struct arg *arg, const char *word, Account **account, GError **error)
{
	(void)arg;
	(void)account;
	(void)error;
	return g_strdup(word);
}

static char *
as_choice(const struct arg *arg, const char *word, Account **account, GError **error)
{
	const char *chosen = NULL;
	g_autofree char *list = NULL;
	int fits = 0;

	(void)account;
	for (guint i = 0; arg->choices[i]; i++) {
		if (g_ascii_strcasecmp(arg->choices[i], word) == 0)
			return g_strdup(arg->choices[i]);
		if (*word && g_ascii_strncasecmp(arg->choices[i], word, strlen(word)) == 0) {
			chosen = arg->choices[i];
			fits++;
		}
	}
	if (fits == 1)
		return g_strdup(chosen);
	list = g_strjoinv(", ", (char **)arg->choices);
	return fault_null(error, FAULT_INPUT, "\"%s\" is none of %s", word, list);
}

static char *
as_contact(const struct arg *arg, const char *word, Account **account, GError **error)
{
	(void)arg;
	return names_contact(word, account, error);
}

static char *
as_jid(const struct arg *arg, const char *word, Account **account, GError **error)
{
	(void)arg;
	(void)account;
	return jid_normalise(word, error);
}

static char *
as_account(const struct arg *arg, const char *word, Account **account, GError **error)
{
	Account *found = names_account(word, error);

	(void)arg;
	(void)account;
	return found ? g_strdup(account_jid(found)) : NULL;
}

static char *
as_number(const struct arg *arg, const char *word, Account **account, GError **error)
{
	gint64 number;

	(void)account;
	if (!g_ascii_string_to_signed(word, 10, G_MININT64, G_MAXINT64, &number, NULL))
		return fault_null(error, FAULT_INPUT, "%s is a number, not \"%s\"", arg->name, word);
	return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *
as_device(const struct arg *arg, const char *word, Account **account, GError **error)
{
	guint64 number;

	(void)account;
	if (!g_ascii_string_to_unsigned(word, 10, 1, G_MAXUINT32, &number, NULL))
		return fault_null(error, FAULT_INPUT, "%s is the number of a device, not \"%s\"", arg->name, word);
	return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

static char *
as_file(const struct arg *arg, const char *word, Account **account, GError **error)
{
	(void)arg;
	(void)account;
	(void)error;
	if (word[0] == '~' && (word[1] == '/' || !word[1]))
		return g_strconcat(g_get_home_dir(), word + 1, NULL);
	return g_strdup(word);
}

static const converter converters[] = {
	[ARG_WORD] = as_it_is,
	[ARG_CHOICE] = as_choice,
	[ARG_CONTACT] = as_contact,
	[ARG_JID] = as_jid,
	[ARG_ACCOUNT] = as_account,
	[ARG_OPTION] = as_it_is,
	[ARG_COMMAND] = as_it_is,
	[ARG_NUMBER] = as_number,
	[ARG_DEVICE] = as_device,
	[ARG_PLUGIN] = as_it_is,
	[ARG_FILE] = as_file,
	[ARG_WINDOW] = as_it_is,
	[ARG_MESSAGE] = as_it_is,
};

/* ---- the whole row ---- */

/* Types that swallow the rest of the line. */
static char *
take_rest(const struct arg *arg, const char **at)
{
	g_autoptr(GString) words = NULL;

	if (arg->type == ARG_TEXT) {
		/* One blank parts it from what came before; the others are the text's own. */
		char *text = g_strdup(*at + (**at == ' ' || **at == '\t' || **at == '\n'));

		*at += strlen(*at);
		return text;
	}
	words = g_string_new(NULL);
	while (*(*at = args_skip_blanks(*at))) {
		size_t length = strcspn(*at, " \t\n");

		if (**at == '"') {
			const char *end = *at;
			g_autofree char *quoted = args_take_word(&end, NULL);

			length = quoted ? (size_t)(end - *at) : length;
		}
		g_string_append_printf(words, "%s%.*s", words->len ? " " : "", (int)length, *at);
		*at += length;
	}
	if (arg->type == ARG_COMMAND && words->str[0] == '/')
		g_string_erase(words, 0, 1);
	return g_string_free(g_steal_pointer(&words), FALSE);
}

static bool
takes_rest(const struct arg *arg)
{
	return arg->type == ARG_TEXT || arg->type == ARG_WORDS || (arg->type == ARG_COMMAND && arg[1].type == ARG_END);
}

/* Can the next word be read at all? What cannot fits no argument, and is not left for the next one either. */
static bool
has_whole_word(const char *at, GError **error)
{
	g_autoptr(GError) reason = NULL;

	g_free(args_take_word(&at, &reason));
	if (!reason)
		return true;
	g_propagate_error(error, g_steal_pointer(&reason));
	return false;
}

/* Fills args[i] if the next word fits. A word that does not fit an optional argument is left for the next one. */
static bool
take_one(const struct arg *arg, const char **at, Account **account, char **value, GError **error)
{
	const char *after = *at;
	g_autofree char *word = NULL;

	if (takes_rest(arg)) {
		*value = take_rest(arg, at);
		return true;
	}
	word = args_take_word(&after, NULL);
	*value = converters[arg->type](arg, word, account, error);
	if (*value)
		*at = after;
	return *value != NULL;
}

static bool
fault_usage(const struct cmd *cmd, const char *what, GError **error)
{
	g_autofree char *usage = cmd_usage(cmd);

	return fault(error, FAULT_INPUT, "%s: %s", what, usage);
}

guint
args_count(const struct cmd *cmd)
{
	guint count = 0;

	while (cmd->args && cmd->args[count].type != ARG_END)
		count++;
	return count;
}

/* What is left over when all arguments had their turn is explained by the first word that fitted none of those before it. */
static bool
fill(const struct cmd *cmd, const char *at, Account **account, char **args, GError **error)
{
	g_autoptr(GError) first = NULL;

	for (guint i = 0; i < args_count(cmd); i++) {
		const struct arg *arg = &cmd->args[i];
		g_autoptr(GError) reason = NULL;

		if (!takes_rest(arg) && !has_whole_word(at, error))
			return false;
		if (*args_skip_blanks(at) && take_one(arg, &at, account, &args[i], &reason))
			continue;
		if (!arg->optional) {
			if (!reason)
				fault_usage(cmd, "something is missing", &reason);
			g_propagate_error(error, g_steal_pointer(&reason));
			return false;
		}
		if (!first)
			first = g_steal_pointer(&reason);
	}
	if (!*args_skip_blanks(at))
		return true;
	if (!first)
		fault_usage(cmd, "that is more than the command takes", &first);
	g_propagate_error(error, g_steal_pointer(&first));
	return false;
}

char **
args_parse(const struct cmd *cmd, const char *text, Account **account, GError **error)
{
	char **args = g_new0(char *, args_count(cmd) + 1);

	if (fill(cmd, text, account, args, error))
		return args;
	args_free(cmd, args);
	return NULL;
}

void
args_free(const struct cmd *cmd, char **args)
{
	for (guint i = 0; args && i < args_count(cmd); i++)
		g_free(args[i]);
	g_free(args);
}
