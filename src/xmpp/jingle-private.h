/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of Jingle know of each other: jingle.c is the value, jingleread.c and jinglewrite.c take it from a <jingle/> and
 * back, with jinglertp.c for descriptions, jinglesource.c for sources in them, jingleice.c for transports. */
#pragma once

#include "xmpp/jingle.h"

#define JINGLE_GROUP_NS "urn:xmpp:jingle:apps:grouping:0"

extern const char *const jingle_actions[JINGLE_ACTIONS];
extern const char *const jingle_infos[JINGLE_INFO_UNKNOWN]; /* none has no word */
