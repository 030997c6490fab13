/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a Jingle says, as lines to be compared; and a JMI as one line. Callers free. */
#pragma once

#include "xmpp/jingle.h"
#include "xmpp/jmi.h"

char *jingle_text(const Jingle *jingle);
char *jmi_text(const struct jmi *jmi);
/* The next <jingle action='ACTION'> in what a client sent, from *at on, as such lines; NULL while there is none. *at is then behind
 * it. call_ns as for jingle_read(). */
char *jingle_text_next(const char *sent, const char *action, const char *call_ns, gsize *at);
/* Writes what was read: sealed parts, which jingle_write() does not copy, are put in as they came. */
Node *jingle_rewrite(Jingle *jingle);
