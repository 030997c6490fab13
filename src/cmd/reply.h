/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to one line, as the runner makes it. */
#pragma once

#include "api/cmd.h"

Reply *reply_new(guint64 seq);
void reply_set_command(Reply *reply, const char *name);
/* The usual end of a run: an error is shown and freed. */
void reply_take_error(Reply *reply, GError *error);
