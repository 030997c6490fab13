/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Service discovery (XEP-0030): asking others, answering those who see us, and what our own account and server can do. */
#pragma once

#include "api/iq.h"

#define DISCO_INFO_NS "http://jabber.org/protocol/disco#info"
#define DISCO_ITEMS_NS "http://jabber.org/protocol/disco#items"

extern const struct stanza_hook disco_hooks[];
extern const struct feature disco_features[];

/* query: the disco#info element, NULL on error. node may be NULL. */
typedef void (*disco_done)(Stream *stream, const Element *query, const GError *error, gpointer data);
void disco_info(Stream *stream, const char *jid, const char *node, disco_done done, gpointer data, GDestroyNotify data_free);
/* The features of an answer, sorted, none twice, at most 1024 of them; caller frees with g_strfreev. */
char **disco_read_features(const Element *query);

/* What was learnt of our own side; the owner of the stream asks, keeps it and tells it here. */
enum disco_side { DISCO_ACCOUNT, DISCO_SERVER, DISCO_SIDES };
void disco_know(Stream *stream, enum disco_side side, const char *const *features);
void disco_forget(Stream *stream);
bool disco_is_known(const Stream *stream, enum disco_side side);
bool disco_has(const Stream *stream, enum disco_side side, const char *feature);
