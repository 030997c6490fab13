/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Catching up with the archive of our own server, and the holes that are left until it is done. */
#pragma once

#include "api/chat.h"

/* A new session has begun: catchup_start() follows when its presence is sent, and until then catching up counts as running. */
void catchup_expect(Account *account);
/* Ask for what came since; told by EVENT_CAUGHT_UP, also when the archive fails: then it is asked again later, and later still.
 * After a resumption only what was left undone. */
void catchup_start(Account *account, bool resumed);
/* Ask for what is still missing, after the archive failed to tell; false if nothing is. */
bool catchup_again(Account *account);
/* Keep a result of the running query back until its page is whole: the next page is asked for before this one is worked on. False:
 * take it now.
 */
bool catchup_hold(Stream *stream, const Element *stanza);
/* When a result of the running query was said: its stamp, or where the archive's order puts it (chat/place.h). */
gint64 catchup_said_at(const char *account, gint64 stamp);
/* The inbox saw this archive id of a running query, and has it at sent_at; known: we had it before. */
void catchup_met(const char *account, const char *stanza_id, gint64 sent_at, bool known);
/* Something from the archive could not be opened yet: its page is asked for once more at the end. */
void catchup_not_opened(const char *account);
/* A message could not be kept (the disk is full): ask for it again when there is room. */
void catchup_lost(Account *account);
bool catchup_is_running(const char *account);
const GPtrArray *catchup_gaps(const char *account); /* of Gap *, those that will be filled; NULL before the first catch-up */
void catchup_unload(const char *account);           /* NULL: all */
