/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filters over every text on its way. */
#pragma once

#include "api/chat.h"

/* Runs message->body through all rows; false with the sentence of the one that refused it. */
bool filter_text(Message *message, GError **error);
