/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts the configuration layer. Its one setting of its own is the log, which base cannot have. */
#include "conf/conf.h"

#include <string.h>

#include "api/event.h"
#include "api/option.h"
#include "base/base.h"
#include "base/files.h"
#include "base/table.h"

static const char *const levels[] = { "off", "error", "warning", "info", "debug", NULL };
static int level;

static const struct option options[] = {
	{ .name = "log.level",
		.type = OPTION_CHOICE,
		.value = &level,
		.initial = "off",
		.choices = levels,
		.summary = "What is written to sotto.log in the cache folder",
		.help = "One line for each change of state, with addresses and times; never the text of a message, a password or a "
			"key. "
			"The file is kept below 2 MiB, and the one before as sotto.log.old." },
	{ 0 },
};

void
conf_apply_log(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = level ? files_path(FOLDER_CACHE, "sotto.log", &error) : NULL;

	log_close();
	if (level && (!path || !log_open(path, level - 1, &error)))
		alert(NULL, NULL, "log", "%s", error->message);
}

static void
look(const Event *event)
{
	if (strcmp(event->option.name, "log.level") == 0)
		conf_apply_log();
}

static const struct event_watch watches[] = { { "log: its level", EVENT_OPTION, look }, { 0 } };

void
conf_init(void)
{
	table_add(TABLE_OPTIONS, options, "core");
	table_add(TABLE_EVENTS, watches, "core");
}
