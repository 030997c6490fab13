/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes over the wire, told as EVENT_WIRE while somebody watches: without passwords, tokens and login messages (K03). */
#pragma once

#include "api/stream.h"

void wire_sent(const Stream *stream, const char *xml);
void wire_got(const Stream *stream, const Stanza *stanza, const char *skipped); /* skipped: why it has no tree, NULL */
