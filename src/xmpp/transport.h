/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes to and from the server: names, proxy, TCP, TLS. Nothing blocks, nothing polls, nothing goes around the proxy. */
#pragma once

#include "xmpp/stream.h"

#include <gio/gio.h>

typedef struct Transport Transport;

/* What is known of the link; all unset until it is secure. */
struct transport_facts {
	bool secure, direct, proxied;
	char *address;             /* "host port 5222" that answered */
	char *ip;                  /* the same as a literal; NULL behind a proxy */
	char *tls, *cipher;        /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
	GBytes *exporter, *unique; /* channel bindings tls-exporter (RFC 9266), tls-unique (RFC 5929, TLS 1.2 only) */
	GTlsCertificate *certificate;
};

/* None is called before transport_open() returns, and none after transport_free(). Inside any of them the transport may be freed.
 */
struct transport_hooks {
	void (*connected)(gpointer data, bool secure); /* secure: TLS came first (XEP-0368) */
	void (*secured)(gpointer data);                /* the answer to transport_secure() */
	void (*received)(gpointer data, const char *bytes, size_t length);
	void (*lost)(gpointer data, const GError *error); /* NULL: the other side closed; once, and the last call */
};

/* config is borrowed for the call. */
Transport *
transport_open(const struct stream_config *config, const char *domain, const struct transport_hooks *hooks, gpointer data);
void transport_secure(Transport *transport); /* STARTTLS was agreed: no byte is read before the handshake */
/* False when so much waits already that the server has stopped reading. */
bool transport_write(Transport *transport, const char *bytes, size_t length);
void transport_hold(Transport *transport, bool hold); /* stop reading for now */
void transport_finish(Transport *transport);          /* what waits is written, then our side is closed */
/* False: the address that it speaks from left this machine, so nothing comes through any more. */
bool transport_stands(const Transport *transport);
const struct transport_facts *transport_facts(const Transport *transport);
void transport_free(Transport *transport); /* cuts at once; NULL is fine */
/* The same, but what was written still leaves, for two seconds at most. */
void transport_bye(Transport *transport);

/* The wire seam: with a factory no socket is opened. It returns the stream and may fill in facts; secure decides what
 * connected() says. transport_secure() then takes TLS as done. */
typedef GIOStream *(*transport_factory)(const struct stream_config *config, struct transport_facts *facts);
void transport_set_factory(transport_factory factory);
