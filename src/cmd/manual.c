/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Manual pages and the sample settings, read off the tables. */
#include <stdio.h>
#include <string.h>

#include "api/option.h"
#include "api/window.h"
#include "base/table.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "conf/conffile.h"
#include "conf/settings.h"

/* ---- roff ---- */

/* Text for roff: nothing in it is a request or an escape, and hyphens stay what can be typed. */
static void
put_text(const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		line_start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void
put_line(const char *request, const char *text)
{
	printf("%s", request);
	put_text(text);
	putchar('\n');
}

static void
put_paragraphs(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "\n", 0);

	for (guint i = 0; parts[i]; i++) {
		if (!*parts[i])
			continue;
		puts(".IP");
		put_line("", parts[i]);
	}
}

static void
put_head(const char *name, int section, const char *what)
{
	printf(".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.TH %s %d \"\" \"sotto %s\" \"sotto\"\n.nh\n.ad l\n", name,
		section, SOTTO_VERSION);
	printf(".SH NAME\n%s \\- ", name);
	put_line("", what);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(**(const char *const *const *)a, **(const char *const *const *)b);
}

static GPtrArray *
sorted_rows(enum table table)
{
	GPtrArray *rows = g_ptr_array_new();
	const void *row;

	for (guint i = 0; (row = table_row(table, i)); i++)
		g_ptr_array_add(rows, (gpointer)row);
	g_ptr_array_sort(rows, compare_names);
	return rows;
}

/* ---- sotto(1) ---- */

static const struct {
	const char *flag, *meaning;
} flags[] = {
	{ "--config-dir DIR", "Keep everything of a profile in DIR: settings, store, cache, plugins, downloads." },
	{ "--headless", "Commands on standard input, one JSON object a line on standard output." },
	{ "--stay", "Headless: the end of input does not end the program. Without it the end of input waits up to 5 seconds for "
			"accounts that are connecting and for what an account that is online has still to send. What waits for an account "
			"that is offline, also after /disconnect, is not waited for: it stays in the store and leaves with the next connection." },
	{ "--passphrase-fd N", "Read the passphrase of the store from descriptor N, up to a newline or the end." },
	{ "-e, --command COMMAND", "Run a command after the start. May be repeated; they run in order." },
	{ "--version", "Print the version." },
	{ "--help", "Print a summary." },
}, places[] = {
	{ "$XDG_CONFIG_HOME/sotto/sotto.conf", "Settings; see sotto-options(5)." },
	{ "$XDG_CONFIG_HOME/sotto/themes", "Themes of your own." },
	{ "$XDG_DATA_HOME/sotto", "The encrypted store and its locked key." },
	{ "$XDG_DATA_HOME/sotto/plugins", "Plugins of your own." },
	{ "$XDG_CACHE_HOME/sotto", "The log, when there is one." },
};

static void
put_keys(void)
{
	const struct binding *row;

	puts(".SH KEYS\nC\\- stands for Ctrl, M\\- for Alt or Esc. A key runs a command line or an action of the editor;\n"
	     ".B /bind\nchanges it.");
	for (guint i = 0; (row = table_row(TABLE_BINDINGS, i)); i++) {
		puts(".TP 16");
		put_line(".B ", row->key);
		put_line("", row->summary ? row->summary : row->line);
	}
}

static void
print_program(void)
{
	put_head("sotto", 1, "a quiet messenger for the terminal");
	puts(".SH SYNOPSIS\n.B sotto\n[\\-\\-config\\-dir DIR] [\\-\\-headless [\\-\\-stay]] [\\-\\-passphrase\\-fd N] "
	     "[\\-e COMMAND]...");
	puts(".SH DESCRIPTION");
	put_line("",
		"sotto speaks XMPP with any server. What you write to somebody whose program can open sealed messages is sealed "
		"end to end without a command; the title bar says whether it is, and whether the keys were compared.");
	puts(".PP");
	put_line("",
		"A line that begins with / is a command, any other line is said in the open conversation, and // begins a text "
		"with a /. The first start asks for an account and for a passphrase that locks the store.");
	puts(".PP");
	put_line("", "/help lists the commands, /help keys the keys, /set the settings.");
	puts(".SH OPTIONS");
	for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
		puts(".TP");
		put_line(".B ", flags[i].flag);
		put_line("", flags[i].meaning);
	}
	put_keys();
	puts(".SH FILES");
	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		puts(".TP");
		put_line(".I ", places[i].flag);
		put_line("", places[i].meaning);
	}
	puts(".SH EXIT STATUS\n0, or 1 after an error that ended the program, or 2 when the options were wrong.");
	puts(".SH SEE ALSO\n.BR sotto\\-commands (7),\n.BR sotto\\-options (5)");
}

/* ---- sotto-commands(7) ---- */

static const struct {
	unsigned need;
	const char *words;
} needs[] = {
	{ NEEDS_ONLINE, "Needs a connection." },
	{ NEEDS_CONVERSATION, "Works in a conversation." },
};

static void
print_command(const struct cmd *row)
{
	g_autofree char *usage = cmd_usage(row);

	puts(".TP");
	put_line(".B ", usage);
	put_text(row->summary);
	puts(".");
	if (row->aliases) {
		g_auto(GStrv) words = g_strsplit(row->aliases, ",", 0);
		g_autofree char *list = g_strjoinv(", /", words);

		fputs("Also: /", stdout);
		put_text(list);
		puts(".");
	}
	for (guint i = 0; i < G_N_ELEMENTS(needs); i++)
		if (row->needs & needs[i].need)
			put_line("", needs[i].words);
	put_paragraphs(row->help);
	if (!row->examples)
		return;
	puts(".IP\n.nf");
	for (guint i = 0; row->examples[i]; i++)
		put_line("", row->examples[i]);
	puts(".fi");
}

static void
print_commands(void)
{
	g_autoptr(GPtrArray) rows = sorted_rows(TABLE_CMDS);

	put_head("sotto-commands", 7, "the commands of sotto");
	puts(".SH DESCRIPTION");
	put_line("",
		"A command is a line that begins with /. In the synopsis <this> stands for a word of yours, [this] may be left "
		"out, and a|b is a choice. A word with blanks stands in \"quotes\". A contact is an address, a name of the "
		"roster, or the part before the @ where only one fits.");
	puts(".SH COMMANDS");
	for (guint i = 0; i < rows->len; i++)
		print_command(g_ptr_array_index(rows, i));
	puts(".SH SEE ALSO\n.BR sotto (1),\n.BR sotto\\-options (5)");
}

/* ---- sotto-options(5) and the sample ---- */

static void
print_options(void)
{
	g_autoptr(GPtrArray) rows = sorted_rows(TABLE_OPTIONS);

	put_head("sotto-options", 5, "the settings of sotto");
	puts(".SH DESCRIPTION");
	put_line("",
		"The file sotto.conf holds lines \"name = value\". A line that begins with # is a comment. A value that is empty, "
		"begins or ends with a blank or holds a newline stands in \"quotes\", in which \\n, \\t, \\\" and \\\\ mean what "
		"they mean in C. /set changes a setting at once, /changes lists what is unsaved, /save writes the file and keeps "
		"its comments.");
	puts(".SH SETTINGS");
	for (guint i = 0; i < rows->len; i++) {
		const struct option *row = g_ptr_array_index(rows, i);
		g_autofree char *range = settings_range(row), *line = conffile_line(row->name, row->initial);

		puts(".TP");
		put_line(".B ", line);
		put_text(row->summary);
		puts(".");
		if (row->type != OPTION_TEXT)
			put_line("Values: ", range);
		put_paragraphs(row->help);
	}
	puts(".SH SEE ALSO\n.BR sotto (1),\n.BR sotto\\-commands (7)");
}

static void
print_sample(void)
{
	g_autoptr(GPtrArray) rows = sorted_rows(TABLE_OPTIONS);

	puts("# Settings of sotto; see sotto-options(5). What stands here behind # is what holds without this file.");
	for (guint i = 0; i < rows->len; i++) {
		const struct option *row = g_ptr_array_index(rows, i);
		g_autofree char *range = settings_range(row), *line = conffile_line(row->name, row->initial);

		printf("\n# %s (%s)\n#%s\n", row->summary, range, line);
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} pages[] = {
	{ "sotto", print_program },
	{ "commands", print_commands },
	{ "options", print_options },
	{ "config", print_sample },
};

int
manual_print(const char *which)
{
	for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
		if (g_str_equal(pages[i].name, which)) {
			pages[i].print();
			return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
		}
	fprintf(stderr, "sotto: there is no manual of \"%s\": sotto, commands, options or config\n", which);
	return 2;
}
