/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Personal eventing (XEP-0060, XEP-0163). News arrive by a stanza_hook with .node; ask for them with a
 * feature row "NODE+notify". */
#pragma once

#include "iq.h"

enum pubsub_access { PUBSUB_PRESENCE, PUBSUB_OPEN, PUBSUB_WHITELIST };

/* items: the <items> element of the answer (newest item first or last as the server likes), NULL on error. */
typedef void (*pubsub_done)(Stream *stream, const Element *items, const GError *error, gpointer data);

/* owner NULL: our own. */
PUBLIC void
pubsub_fetch(Stream *stream, const char *owner, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free);
/* Publish with publish-options (access, persisted); when the server says precondition-not-met or knows no
 * publish-options, publish plainly and set the access model by configuring the node. Takes payload. items is NULL in done. */
PUBLIC void pubsub_publish(Stream *stream, const char *node, const char *item_id, enum pubsub_access access, Node *payload,
	pubsub_done done, gpointer data, GDestroyNotify data_free);
PUBLIC void
pubsub_retract(Stream *stream, const char *node, const char *item_id, pubsub_done done, gpointer data, GDestroyNotify data_free);
PUBLIC void pubsub_delete_node(Stream *stream, const char *node, pubsub_done done, gpointer data, GDestroyNotify data_free);
PUBLIC void pubsub_set_access(
	Stream *stream, const char *node, enum pubsub_access access, pubsub_done done, gpointer data, GDestroyNotify data_free);
/* access_model: "open", "presence", ...; NULL on error. */
typedef void (*pubsub_access_done)(Stream *stream, const char *access_model, const GError *error, gpointer data);
PUBLIC void pubsub_get_access(Stream *stream, const char *node, pubsub_access_done done, gpointer data, GDestroyNotify data_free);
