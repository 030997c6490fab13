/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Older messages of one conversation, from the server's archive, when somebody pages up past what is kept. */
#pragma once

#include "api/chat.h"

void older_go_on(const char *account); /* after a catch-up: what was asked for meanwhile */
void older_unload(void);
