/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The route of a received stanza: the provenance gate, answers to our questions, then the first hook row that takes it. */
#pragma once

#include "api/stream.h"

void route_stanza(Stream *stream, Stanza *stanza);
/* The gate asks the owner whether a bare JID is on the roster (FROM_CONTACT); set once by account. */
void route_set_contact_check(bool (*is_contact)(Stream *stream, const char *bare_jid));
/* A stanza that the admission parser skipped (too deep, too large): name, its from and id where known. Set once by chat. */
void route_set_skipped(void (*skipped)(Stream *stream, const char *kind, const char *from, const char *id, const char *why));
void route_stanza_skipped(Stream *stream, const Element *root, const char *why);
