/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The xmpp layer: puts its rows into the tables. */
#include "xmpp/xmpp.h"

#include "base/table.h"
#include "xmpp/disco.h"
#include "xmpp/ping.h"

#include <gio/gio.h>

static const struct table_rows rows[] = {
	{ TABLE_STANZAS, disco_hooks },
	{ TABLE_STANZAS, ping_hooks },
	{ TABLE_FEATURES, disco_features },
	{ TABLE_FEATURES, ping_features },
};

/* GIO would bring in the desktop: proxies and settings by D-Bus and in threads of their own. Nothing of that is wanted, only an
 * account's own proxy counts, and it takes memory. Set before the first thread. */
static const struct {
	const char *name, *value;
} surroundings[] = {
	{ "GIO_USE_PROXY_RESOLVER", "dummy" },
	{ "GIO_USE_NETWORK_MONITOR", "netlink" },
	{ "GIO_USE_VFS", "local" },
	{ "GSETTINGS_BACKEND", "memory" },
};

void
xmpp_init(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(surroundings); i++)
		g_setenv(surroundings[i].name, surroundings[i].value, TRUE);
	table_add_all(rows, G_N_ELEMENTS(rows), "core");
}

/* GIO unloads a module whose classes nobody holds, and would load it a second time for the connection. */
void
xmpp_warm_up(void)
{
	static gpointer held;
	g_network_monitor_get_default();
	if (!held)
		held = g_type_class_ref(g_tls_backend_get_client_connection_type(g_tls_backend_get_default()));
}
