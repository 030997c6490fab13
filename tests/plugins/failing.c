/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plugin with a row in many tables that does not start. */
#include "plugin.h"

static char *value;
static const struct option options[] = { { "failing.x", OPTION_TEXT, &value, "x", .summary = "x" }, { 0 } };
static const struct feature features[] = { { "urn:test:failing" }, { 0 } };

static bool
run(const struct cmd_call *call, GError **error)
{
	(void)call;
	(void)error;
	return true;
}

static const struct cmd cmds[] = { { .name = "failing", .summary = "x", .run = run }, { 0 } };

static void
look(const Event *event)
{
	(void)event;
}

static const struct event_watch events[] = { { "failing", EVENT_READY, look }, { 0 } };

static bool
start(GError **error)
{
	return fault(error, FAULT_BUSY, "not today");
}

PLUGIN = {
	PLUGIN_HEAD,
	.name = "failing",
	.summary = "Does not start",
	.start = start,
	.options = options,
	.features = features,
	.cmds = cmds,
	.events = events,
};
