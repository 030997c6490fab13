/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Older messages of one conversation, from the server's archive, when somebody pages up past what is kept. */
#pragma once

#include "api/chat.h"

void older_go_on(const char *account); /* after a catch-up: what was asked for meanwhile */
/* When a result of the running question was said: its stamp, or where the archive's order puts it (chat/place.h). */
gint64 older_said_at(const char *account, const char *peer, gint64 stamp);
void older_unload(void);
