/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the transport know of each other: transport.c opens and ends it, transport-tls.c secures it, transport-flow.c
 * reads and writes. */
#pragma once

#include "xmpp/transport.h"

enum { READ_SIZE = 16 * 1024 };

struct Transport {
	gint refs;
	bool closed, finishing, reading, held, shaking;
	bool leaving; /* the owner is gone, what was written still goes */
	const struct transport_hooks *hooks;
	gpointer data;
	char *domain, *proxy, *ca_file, *fingerprint;
	GCancellable *cancellable;
	guint timer;
	GPtrArray *targets;
	guint next_target;
	GError *last_error; /* why the latest target failed */
	GIOStream *stream;  /* TCP, then TLS over it */
	int fd;             /* of the TCP; -1 before */
	bool made;          /* by the factory */
	char *refused;      /* why the certificate was refused */
	struct transport_facts facts;
	GByteArray *out;
	gsize written; /* of out */
	bool writing;
	char in[READ_SIZE];
};

Transport *transport_ref(Transport *transport); /* for the time of an asynchronous call */
void transport_unref(Transport *transport);
void transport_lose(Transport *transport, const GError *error); /* ends it and tells its owner, once */
void transport_try_next(Transport *transport);                  /* the next address, or the end */
void transport_shake(Transport *transport);                     /* TLS over what there is */
/* On with it, unless it is under way or must wait. */
void transport_read_on(Transport *transport);
void transport_write_on(Transport *transport);
