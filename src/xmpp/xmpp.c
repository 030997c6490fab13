/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The xmpp layer: puts its rows into the tables. */
#include "xmpp/xmpp.h"

#include "base/table.h"
#include "xmpp/disco.h"
#include "xmpp/ping.h"

static const struct {
	enum table table;
	const void *rows;
} rows[] = {
	{ TABLE_STANZAS, disco_hooks },
	{ TABLE_STANZAS, ping_hooks },
	{ TABLE_FEATURES, disco_features },
	{ TABLE_FEATURES, ping_features },
};

void
xmpp_init(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		table_add(rows[i].table, rows[i].rows, "core");
}
