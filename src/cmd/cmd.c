/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the core's commands into the tables. */
#include "cmd/cmd.h"

#include "base/table.h"

static const struct cmd *const lists[] = {
	cmd_core_rows,
	cmd_set_rows,
	cmd_privacy_rows,
	cmd_account_rows,
	cmd_roster_rows,
	cmd_chat_rows,
	cmd_window_rows,
};

void
cmd_init(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		table_add(TABLE_CMDS, lists[i], "core");
}
