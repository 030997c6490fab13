/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chat layer: its rows and its settings. */
#pragma once

#include "api/public.h"

void chat_init(void);
/* A provider of encryption was loaded or unloaded: what waits for it is tried again. */
void chat_provider_changed(void);

extern struct chat_settings {
	bool receipts, markers, markers_sealed, states, states_sealed;
} chat_settings;
