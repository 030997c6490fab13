/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server offers for the login in its stream features: mechanisms (RFC 6120 §6.4.1) and channel bindings (XEP-0440), and the
 * hash of both that it signs (XEP-0474). */
#pragma once

#include "api/error.h"
#include "api/stanza.h"

#include <stdbool.h>

bool offer_has(const Element *features, const char *mechanism);
bool offer_tells_bindings(const Element *features); /* it announces which it has, if any */
bool offer_binds(const Element *features, const char *type);
char *offer_words(const Element *features); /* the first mechanisms, for a sentence; the caller's */

/* The text that both sides hash (XEP-0474 §5.1): sorted by bytes, joined by %x1E, the two lists by %x1F. The caller's. */
char *offer_text(const Element *features);

/* hash: base64, as the server's first message of SCRAM has it in "h". md: the libgcrypt digest of the mechanism in use. False, with
 * the reason, when the offer that arrived is not the one that was sent. */
bool offer_is_whole(const char *text, int md, const char *hash, GError **error);
