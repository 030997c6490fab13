/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entity capabilities (XEP-0115): our own hash over the rows of TABLE_FEATURES, and the check of another's. */
#pragma once

#include "api/stream.h"

#define CAPS_NS "http://jabber.org/protocol/caps"
#define CAPS_NODE "urn:sotto"

/* The hash of a disco#info answer, NULL when it is ill-formed (§5.4). Caller frees. */
char *caps_hash(const Element *query);
/* Our own, of the rows as they are now. Borrowed until the rows change. */
const char *caps_own(void);
void caps_add(Node *presence);
/* Our identity and features, each once and sorted, into a disco#info query. */
void caps_describe(Node *query);
