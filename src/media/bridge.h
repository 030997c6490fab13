/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A port of our own on loopback that leads to a relay by TLS, through a SOCKS5 proxy, or both: libnice speaks only clear TCP, and
 * would do so in silence where TLS was asked for. */
#pragma once

#include "api/error.h"

struct bridge_end {
	const char *name;    /* what a certificate must bear; the proxy is given it to resolve */
	const char *address; /* a literal; NULL or "" where the proxy resolves */
	guint16 port;
	bool tls;
	const char *authorities; /* of the account, PEM, "" none: beside those of the system */
	const char *proxy;       /* socks5://[user:password@]address:port, NULL or "" none */
};

typedef struct Bridge Bridge;
/* failed: the relay was not reached, and why; once, from the main loop. */
Bridge *bridge_new(const struct bridge_end *end, void (*failed)(gpointer owner, const GError *why), gpointer owner, GError **error);
void bridge_free(Bridge *bridge); /* what goes over it breaks off */
guint16 bridge_port(const Bridge *bridge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bridge, bridge_free)
