/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside this folder: START for what is no call, and a call with oneself. The public functions are in calls.h. */
#pragma once

#include "call/medialink.h"

/* The ways of an account to its relays. */
struct media_ways {
	bool loopback;
	GVariant *relays;                /* a(ssqsss), floating or not, or NULL */
	const char *proxy, *authorities; /* as in START; NULL none */
};
/* contents: a(ss) floating, or NULL for a question; then the sources of the settings count. ways: NULL none. */
GVariant *media_question_start(bool initiator, GVariant *contents, const struct media_ways *ways);

/* A call between two sotto-media of ours through the relay: pairs, DTLS and sound, each a line. line(NULL) at the end. */
typedef struct Rehearsal Rehearsal;
Rehearsal *rehearsal_new(const struct media_ways *ways, void (*line)(const char *text, bool good, gpointer data), gpointer data);
void rehearsal_free(Rehearsal *rehearsal); /* within line(NULL), too; NULL is fine */
