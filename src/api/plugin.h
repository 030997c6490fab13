/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plugin is one exported constant. The host reads its tables; the plugin registers nothing. Every list ends with
 * an empty row; what you do not offer you leave out. See doc/plugins.md. */
#pragma once

#include "ask.h"
#include "cmd.h"
#include "error.h"
#include "event.h"
#include "iq.h"
#include "jid.h"
#include "log.h"
#include "option.h"
#include "pubsub.h"
#include "secret.h"
#include "store.h"
#include "stream.h"
#include "text.h"
#include "timer.h"
#include "window.h"

#define PLUGIN_ABI 1

struct plugin {
	unsigned abi;
	unsigned size;                 /* of this struct when the plugin was built: a missing tail reads as zero */
	const char *name;              /* lower case, also the prefix of its options and tables */
	const char *summary;           /* one line */
	bool (*start)(GError **error); /* after the rows are in place; when it fails all rows are taken out again */
	void (*stop)(void);            /* after the rows are gone */

	const struct option *options;
	const struct cmd *cmds;
	const struct binding *bindings;
	const struct stanza_hook *stanzas;
	const struct feature *features;
	const struct event_watch *events;
	const struct filter *filters;
	const struct e2ee_provider *e2ee; /* one provider, not a list */
	const struct window_kind *windows;
	const struct timer *timers;
	const struct migration *migrations;
	unsigned flags;
};

enum plugin_flags {
	PLUGIN_DEFAULT = 1 << 0, /* loaded at start unless plugin.load names others */
};

#define PLUGIN                                          \
	PUBLIC extern const struct plugin sotto_plugin; \
	PUBLIC const struct plugin sotto_plugin
#define PLUGIN_HEAD .abi = PLUGIN_ABI, .size = sizeof(struct plugin)
