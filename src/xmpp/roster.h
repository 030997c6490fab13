/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster on the wire (RFC 6121 §2): reading its items, asking for it, changing it. */
#pragma once

#include "api/account.h"
#include "api/iq.h"

#define ROSTER_NS "jabber:iq:roster"

enum { ROSTER_GROUPS_MAX = 32 };

/* One item, read strictly; text is borrowed from the stanza except for jid and what was cut. */
typedef struct RosterItem {
	char *jid;  /* bare, normalised */
	char *name; /* NULL if there is none */
	enum subscription subscription;
	bool removed;
	bool pending_out;                          /* ask='subscribe' */
	const char *groups[ROSTER_GROUPS_MAX + 1]; /* NULL-terminated, sorted, none twice */
	guint group_count;
} RosterItem;

/* False when it is no item of a bare JID. */
bool roster_item_read(const Element *element, RosterItem *item);
void roster_item_clear(RosterItem *item);

/* version: of the roster that we keep, NULL if we keep none or the server knows no versions. The result has no query when what
 * we keep is still right. */
void roster_get(Stream *stream, const char *version, iq_done done, gpointer data, GDestroyNotify data_free);
bool roster_has_versions(const Stream *stream);
void roster_set(Stream *stream, const char *jid, const char *name, const char *const *groups, iq_done done, gpointer data,
	GDestroyNotify data_free);
void roster_remove(Stream *stream, const char *jid, iq_done done, gpointer data, GDestroyNotify data_free);
const char *subscription_word(enum subscription subscription);
/* False for a word that is none. */
bool subscription_parse(const char *word, enum subscription *subscription);
