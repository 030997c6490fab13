/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a Jingle says, as lines to be compared; and a JMI as one line. Callers free. */
#pragma once

#include "xmpp/jingle.h"
#include "xmpp/jmi.h"

char *jingle_text(const Jingle *jingle);
char *jmi_text(const struct jmi *jmi);
/* Writes what was read: sealed parts, which jingle_write() does not copy, are put in as they came. */
Node *jingle_rewrite(Jingle *jingle);
