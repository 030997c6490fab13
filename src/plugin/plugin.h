/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin layer: its commands and its settings. Loading is in plugin/registry.h. */
#pragma once

void plugin_init(void);
