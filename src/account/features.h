/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the clients of contacts can do: sets of features by verified hash (XEP-0115), kept in the store, shared by all who
 * announce the same hash. */
#pragma once

#include "api/stream.h"

struct capset;

/* A reference to the set that this hash names; asked for from this address if it is not known yet and asking gives nothing
 * away. NULL when the hash is none. */
struct capset *capset_get(Stream *stream, const char *full_jid, const char *node, const char *hash);
struct capset *capset_ref(struct capset *set);
void capset_unref(struct capset *set);
const char *capset_hash(const struct capset *set);
bool capset_has(const struct capset *set, const char *feature); /* false while it is not known */
