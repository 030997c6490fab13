/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses (RFC 7622 through the stringprep profiles of RFC 6122). Everywhere in the program a JID
 * is normalised text; these functions are the border and the scissors. */
#pragma once

#include "public.h"

/* A normalised copy, or NULL with FAULT_INPUT. Each part is at most 1023 bytes. */
PUBLIC char *jid_normalise(const char *text, GError **error);

/* The following take normalised JIDs. */
PUBLIC char *jid_bare(const char *jid);
PUBLIC char *jid_local(const char *jid); /* NULL for a domain */
PUBLIC char *jid_domain(const char *jid);
PUBLIC const char *jid_resource(const char *jid);        /* borrowed from jid, NULL if bare */
PUBLIC bool jid_same_bare(const char *a, const char *b); /* both may be bare or full */
PUBLIC bool jid_is_bare(const char *jid);
