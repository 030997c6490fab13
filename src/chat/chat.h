/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chat layer: its rows and its settings. */
#pragma once

#include "api/public.h"

void chat_init(void);

extern struct chat_settings {
	bool receipts, markers, markers_sealed, states, states_sealed;
} chat_settings;
