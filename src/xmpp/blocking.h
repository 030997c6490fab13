/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocking on the wire (XEP-0191). */
#pragma once

#include "api/iq.h"

#define BLOCKING_NS "urn:xmpp:blocking"

void blocking_get(Stream *stream, iq_done done, gpointer data, GDestroyNotify data_free);
void blocking_set(Stream *stream, const char *jid, bool block, iq_done done, gpointer data, GDestroyNotify data_free);
/* The normalised JIDs of a list, block or unblock element; caller frees with g_ptr_array_unref. */
GPtrArray *blocking_read(const Element *list);
