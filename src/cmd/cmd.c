/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the core's commands into the tables. */
#include "cmd/cmd.h"

#include "api/event.h"
#include "api/option.h"
#include "base/table.h"
#include "cmd/alias.h"
#include "cmd/candidates.h"
#include "cmd/privacy.h"

bool cmd_slash_guard;

static const struct option options[] = {
	{ .name = "input.slash_guard",
		.type = OPTION_BOOL,
		.value = &cmd_slash_guard,
		.initial = "on",
		.summary = "Refuse to send a line that begins with blanks and a /",
		.help = "Such a line is nearly always a command with a blank in front of it. /say sends it all the same." },
	{ 0 },
};

static void
take_up_keys(const Event *event)
{
	(void)event;
	alias_update_bindings();
}

static const struct event_watch watches[] = {
	{ "keys of the user", EVENT_READY, take_up_keys },
	{ 0 },
};

static const struct cmd *const lists[] = {
	cmd_core_rows,
	cmd_set_rows,
	cmd_alias_rows,
	cmd_privacy_rows,
	cmd_account_rows,
	cmd_connect_rows,
	cmd_presence_rows,
	cmd_roster_rows,
	cmd_chat_rows,
	cmd_call_rows,
	cmd_call_contact_rows,
	cmd_device_rows,
	cmd_window_rows,
};

void
cmd_init(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		table_add(TABLE_CMDS, lists[i], "core");
	table_add(TABLE_OPTIONS, options, "core");
	table_add(TABLE_EVENTS, watches, "core");
	table_add(TABLE_EVENTS, candidates_watch_rows, "core");
	table_add(TABLE_EVENTS, cmd_privacy_watches, "core");
	cmd_connect_init();
}
