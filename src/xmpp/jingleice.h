/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <transport/> of a content: ICE-UDP (XEP-0176) with the fingerprint of DTLS, in clear (0320) or sealed. */
#pragma once

#include "xmpp/jingle.h"

/* Fills the part of content that says how to connect. False with FAULT_PEER. */
bool jingleice_read(const Element *transport, const char *call_ns, JingleContent *content, GError **error);
/* Takes content->seal. */
void jingleice_write(Node *parent, JingleContent *content);
