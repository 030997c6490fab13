/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt at one address: TCP, through the proxy if there is one and then no other way, alive by the kernel's own means; and
 * what is known of the TLS on it. */
#pragma once

#include "xmpp/transport.h"

/* connection is the receiver's; else error. Always called, later, also when cancelled. */
typedef void (*link_done)(GSocketConnection *connection, const GError *error, gpointer data);
void link_open(const char *host, guint16 port, const char *proxy, GCancellable *cancellable, link_done done, gpointer data);

/* Tells the other side at once that what was read arrived. Servers that gather small writes (Prosody does) hold the last one of an
 * answer back until they know, and the kernel would wait 40 ms with it: for each page of an archive, and each iq. */
void link_acknowledge(int fd);

/* Is the address that this socket speaks from still one of this machine? */
bool link_stands(int fd);

/* False when the version of TLS is too old for us. */
bool facts_take(struct transport_facts *facts, GTlsConnection *connection);
void facts_clear(struct transport_facts *facts);
