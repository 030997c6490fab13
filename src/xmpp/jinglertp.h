/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The <description/> of a content: XEP-0167 with feedback (0293), header extensions (0294) and sources (0339). */
#pragma once

#include "xmpp/jingle.h"

/* Fills the part of content that describes media. False with FAULT_PEER. */
bool jinglertp_read(const Element *description, JingleContent *content, GError **error);
void jinglertp_write(Node *parent, const JingleContent *content);
