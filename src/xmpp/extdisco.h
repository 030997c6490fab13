/* SPDX-License-Identifier: GPL-3.0-or-later */
/* External services (XEP-0215): the STUN and TURN servers that our own server names. The only source of them there is. */
#pragma once

#include "api/iq.h"

struct ext_service {
	char *type; /* stun stuns turn turns */
	char *host;
	guint16 port;
	char *transport;       /* udp tcp */
	char *user, *password; /* "" none */
	gint64 expires;        /* µs since the epoch, 0: not said */
};
/* services: at most 16, in the server's order; len 0 when it names none. NULL with an error. Asked each time: credentials expire.
 */
typedef void (*extdisco_done)(Stream *stream, const GArray *services, const GError *error, gpointer data);
void extdisco_ask(Stream *stream, extdisco_done done, gpointer data, GDestroyNotify data_free);
