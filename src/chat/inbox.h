/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inbox: the one way of a message in, live, by carbon or from the archive. */
#pragma once

#include "api/chat.h"

bool inbox_take(Stream *stream, const Element *stanza, enum message_origin origin);
void inbox_catch_up(Account *account); /* archive since the last known id; at EVENT_CONNECTION online, not resumed */
