/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a line to the row that it names. */
#pragma once

#include "api/cmd.h"

/* "/..." runs a command, "//x" and other text is said in the open conversation. Output and the end come as events with seq. */
void cmd_run(const char *line, guint64 seq);
/* Candidates for the word at cursor (byte offset): whole words of char *, *start is where the word begins. */
GPtrArray *cmd_complete(const char *line, size_t cursor, size_t *start);
const struct cmd *cmd_find(const char *words, const char **rest); /* the longest name or alias that fits */
char *cmd_usage(const struct cmd *cmd);                           /* "/verify <contact> yes|no" */
