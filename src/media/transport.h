/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way to the peer: ICE stream, DTLS handshake, SRTP in both directions, and the gates that keep packets back. */
#pragma once

#include "api/error.h"
#include "media/certificate.h"
#include "media/srtpkeys.h"

#include <gst/gst.h>
#include <nice/agent.h>

struct transport_setup {
	GstBin *bin;
	GstElement *rtpbin;
	guint session; /* of rtpbin */
	NiceAgent *agent;
	guint stream;
	const char *pem;            /* our certificate with its key */
	guint8 theirs[FINGERPRINT]; /* the fingerprint that counts */
	bool client;                /* we begin the handshake */
};

/* All of them run in the main loop. */
struct transport_hooks {
	void (*exported)(gpointer owner); /* the handshake is done and their certificate is the right one */
	void (*impostor)(gpointer owner); /* it is another one: nothing was and will be sent */
	void (*flowing)(gpointer owner);  /* the first packet of theirs that is genuine */
};

struct transport_counts {
	guint64 in, out;        /* bytes of SRTP's payloads */
	guint64 heard, refused; /* packets that SRTP got, and of them those that it did not believe */
};

typedef struct Transport Transport;
Transport *transport_new(const struct transport_setup *setup, const struct transport_hooks *hooks, gpointer owner, GError **error);
/* The elements leave the pipeline; the rest is kept until the process ends, since letters may be on their way. */
void transport_close(Transport *transport);
void transport_free(Transport *transport);

/* Packets go through this stream from now on; keys, handshake and counters stay. */
void transport_move(Transport *transport, NiceAgent *agent, guint stream);
/* ICE has found a way: the client says hello. */
void transport_connected(Transport *transport);
/* Once per transport: one key is set on one element, ever. False: there is nothing exported, or it was done. */
bool transport_key(Transport *transport, const struct srtpkeys *keys, bool we_initiated);
bool transport_keyed(const Transport *transport);
/* What may pass: anything; media in both directions, too. Closed at first; without keys nothing passes. */
void transport_open(Transport *transport, bool open, bool media);
void transport_count(Transport *transport, struct transport_counts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transport, transport_free)
