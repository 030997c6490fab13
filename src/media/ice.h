/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICE: addresses that may be told, checks of the peer's, the way that was found. One stream per content. */
#pragma once

#include "api/error.h"

#include <gio/gio.h>
#include <nice/agent.h>

enum { ICE_CANDIDATES = 100 }; /* of the peer, per content; more are dropped */

enum ice_state { ICE_CHECKING, ICE_CONNECTED, ICE_LOST };

/* All of them run in the main loop. */
struct ice_hooks {
	void (*candidate)(gpointer owner, guint stream, const NiceCandidate *candidate);
	void (*gathered)(gpointer owner, guint stream, guint candidates);
	void (*state)(gpointer owner, guint stream, enum ice_state state);
};

struct ice_setup {
	bool initiator, relay_only, loopback;
	const char *toward;      /* our host candidate is what the kernel would use towards it; "" the world */
	GVariant *servers;       /* a(ssqsss) as in START */
	const char *authorities; /* of the account, for relays by TLS, as PEM; "" none */
	const char *proxy;       /* socks5://..., "" none: with one, only relays by TCP and TLS are used, through it */
};

typedef struct Ice Ice;
Ice *ice_new(const struct ice_setup *setup, const struct ice_hooks *hooks, gpointer owner);
void ice_free(Ice *ice);
NiceAgent *ice_agent(Ice *ice); /* for the elements */

/* A stream that gathers at once; 0: no. */
guint ice_add(Ice *ice);
void ice_remove(Ice *ice, guint stream);
void ice_credentials(Ice *ice, guint stream, char **ufrag, char **pwd);
/* The peer's; with those that came before their candidates are tried now. */
void ice_remote(Ice *ice, guint stream, const char *ufrag, const char *pwd);
void ice_candidate(Ice *ice, guint stream, const NiceCandidate *candidate);
/* This machine has another address towards the world than the one that our sockets are bound to. */
bool ice_moved(Ice *ice);
/* An agent with new sockets takes the place of the old one. All streams are gone: add them anew. */
void ice_renew(Ice *ice);
/* New names; the candidates stay. */
void ice_restart(Ice *ice, guint stream);
/* All candidates that were told already come once more. */
void ice_repeat(Ice *ice, guint stream);
/* Why a relay was not reached, before all what is wrong with its certificate; NULL: nothing is known of one. */
const char *ice_trouble(const Ice *ice);
/* "relay" when either end of the pair in use is one, "direct", "" none yet. */
const char *ice_path(Ice *ice, guint stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ice, ice_free)
