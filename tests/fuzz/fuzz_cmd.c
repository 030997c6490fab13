/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: no line and no position of the cursor may harm, and what is read must be whole. The rows that act are left
 * out; every row's arguments are read all the same. */
#include <string.h>

#include "base/base.h"
#include "base/table.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "conf/conffile.h"
#include "conf/settings.h"
#include "plugin/plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static bool
run_nothing(const struct cmd_call *call, GError **error)
{
	(void)error;
	for (guint i = 0; i < args_count(call->cmd); i++)
		if (call->args[i])
			reply_print(call->reply, "%s", call->args[i]);
	return true;
}

static const char *const on_off[] = { "on", "off", NULL };
static const struct arg everything[] = {
	{ "choice", ARG_CHOICE, true, on_off },
	{ "contact", ARG_CONTACT, true, NULL },
	{ "jid", ARG_JID, true, NULL },
	{ "device", ARG_DEVICE, true, NULL },
	{ "number", ARG_NUMBER, true, NULL },
	{ "file", ARG_FILE, true, NULL },
	{ "more", ARG_WORDS, true, NULL },
	{ 0 },
};
static const struct arg text[] = { { "word", ARG_WORD, false, NULL }, { "text", ARG_TEXT, true, NULL }, { 0 } };
static const struct cmd rows[] = {
	{ .name = "every thing", .aliases = "e,all,every", .args = everything, .summary = "s", .run = run_nothing },
	{ .name = "text", .args = text, .summary = "s", .run = run_nothing },
	{ 0 },
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	base_init(NULL);
	cmd_init();
	plugin_init();
	table_remove("core");
	table_add(TABLE_CMDS, cmd_set_rows, "core");
	table_add(TABLE_CMDS, rows, "test");
	return 0;
}

/* A line that the settings write must read back as the same text. */
static void
write_and_read(const char *line)
{
	g_autofree char *raw = conffile_line("alias.x", line);
	g_autoptr(GPtrArray) lines = conffile_parse(raw);
	const ConfLine *first = lines->len == 1 ? g_ptr_array_index(lines, 0) : NULL;

	g_ptr_array_unref(conffile_parse(line));
	if (g_utf8_validate(line, -1, NULL) && (!first || g_strcmp0(first->text, line) != 0))
		g_error("settings line does not read back");
}

static void
quote_and_read(const char *line)
{
	g_autofree char *quoted = args_quote(line);
	const char *at = quoted;
	g_autofree char *back = args_take_word(&at, NULL);

	if (g_strcmp0(back, line) != 0 || *at)
		g_error("quoted word does not read back");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *line = NULL;
	g_autoptr(GPtrArray) found = NULL;
	size_t start, cursor;

	if (size < 2)
		return 0;
	line = g_strndup((const char *)data + 1, size - 1);
	cursor = data[0] * (strlen(line) + 1) / 255;
	/* Settings are read and set, never written to a disk. */
	if (!strstr(line, "save") && !strstr(line, "load"))
		cmd_run(line, 1);
	if (g_utf8_validate(line, -1, NULL)) {
		found = cmd_complete(line, cursor, &start);
		if (start > strlen(line))
			g_error("completion begins behind the line");
		g_ptr_array_set_free_func(found, g_free);
	}
	write_and_read(line);
	quote_and_read(line);
	return 0;
}
