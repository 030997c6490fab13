/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the words behind a command's name to its typed arguments. */
#pragma once

#include "api/cmd.h"

/* The next word at *at, which moves on behind it; "quoted words" with \" and \\ inside. NULL at the end, or with an error when
 * quotes are not closed. Caller frees. */
char *args_take_word(const char **at, GError **error);
const char *args_skip_blanks(const char *at);

/* One element per row of cmd->args, NULL where an optional one is absent, and a NULL behind the last. A contact that only another
 * of our accounts knows moves *account there. NULL with a reason. Free with args_free(). */
char **args_parse(const struct cmd *cmd, const char *text, Account **account, GError **error);
void args_free(const struct cmd *cmd, char **args);
guint args_count(const struct cmd *cmd);
/* Quotes around it where args_take_word() would not read it back as one word. */
char *args_quote(const char *word);
