/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of RTP in a description (XEP-0339): which one is it, and which one repeats it. */
#pragma once

#include "xmpp/jingle.h"

/* Looks at one child of a description: others are passed over. False with FAULT_PEER. */
bool jinglesource_read(const Element *child, JingleContent *content, GError **error);
void jinglesource_write(Node *description, const JingleContent *content);
