/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Built before the struct had its tail: what lies behind must not be read. */
#include "plugin.h"

static const struct feature features[] = { { "urn:test:older" }, { 0 } };

PLUGIN = {
	.abi = PLUGIN_ABI,
	.size = offsetof(struct plugin, events),
	.name = "older",
	.summary = "x",
	.features = features,
	.events = (const void *)8,
	.migrations = (const void *)8,
	.flags = PLUGIN_DEFAULT,
};
