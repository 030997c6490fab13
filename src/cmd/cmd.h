/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's commands. To add a file: src/cmd/cmd_x.c defines "const struct cmd cmd_x_rows[]", ended by an empty row;
 * declare it below and put it in the list in cmd.c. Everything else (help, completion, manual) follows from the rows. */
#pragma once

#include "api/cmd.h"

extern const struct cmd cmd_core_rows[];         /* help quit lock version yes no answer-ask */
extern const struct cmd cmd_set_rows[];          /* set reset changes save reload */
extern const struct cmd cmd_privacy_rows[];      /* privacy */
extern const struct cmd cmd_account_rows[];      /* account ... */
extern const struct cmd cmd_connect_rows[];      /* connect disconnect tls ... */
extern const struct cmd cmd_presence_rows[];     /* status away back ... */
extern const struct cmd cmd_roster_rows[];       /* add remove accept-contact block ... */
extern const struct cmd cmd_chat_rows[];         /* msg say me correct encrypt search ... */
extern const struct cmd cmd_call_rows[];         /* call vcall answer hangup ... */
extern const struct cmd cmd_call_contact_rows[]; /* call address, call encrypt */
extern const struct cmd cmd_device_rows[];       /* devices calltest calldoctor */
extern const struct cmd cmd_window_rows[];       /* window clear ... */

/* Connects the accounts' question for a password to the front end. */
void cmd_connect_init(void);

void cmd_init(void);
extern bool cmd_slash_guard; /* option input.slash_guard */

/* What only app can do: given once by app before the first line is run. */
struct cmd_app {
	bool (*lock)(GError **error);
	void (*quit)(int status);
};
void cmd_set_app(const struct cmd_app *app);

/* The manual of "sotto", "commands", "options" as roff, or "config" as a sample file, on stdout. The exit status. */
int manual_print(const char *which);
