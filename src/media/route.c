/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A datagram socket that is connected and never used has the address that the kernel chose (RFC 8828, mode 2): one address,
 * and no list of our interfaces. */
#include "media/route.h"

#include <gio/gio.h>

/* An address for documentation (RFC 5737): the way to it is the way to the world. */
static const char world[] = "192.0.2.1";
enum { ANY_PORT = 9 };

char *
route_from(const char *toward)
{
	g_autoptr(GSocketAddress) there = g_inet_socket_address_new_from_string(*toward ? toward : world, ANY_PORT);
	if (!there)
		return NULL;
	g_autoptr(GSocket) probe =
		g_socket_new(g_socket_address_get_family(there), G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
	if (!probe || !g_socket_connect(probe, there, NULL, NULL))
		return NULL;
	g_autoptr(GSocketAddress) here = g_socket_get_local_address(probe, NULL);
	if (!here)
		return NULL;
	return g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(here)));
}
