/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The holes in what is kept of an account's archive. A hole is a row in the store until it is filled, so a killed process goes on
 * where it was. */
#pragma once

#include "store/archive.h"

/* Those that are to be filled, newest last; never NULL. One that is open at its old end is what the account had before us: it is
 * fetched when somebody looks for it. */
GPtrArray *holes_read(const char *account); /* of Gap * */
/* One that goes on to now: what is missing is not known yet. NULL if there is none. */
Gap *holes_open(const GPtrArray *gaps);
/* In place of old, now; either may be NULL. Part of the batch that holds the messages of its page: neither is ever there without
 * the other. False: it is not kept, and logged. */
bool holes_change(const char *account, const Gap *old, const Gap *now);
/* From here on something may be missing, whatever happens to this process. lost_after: behind this archive id, too; NULL. */
bool holes_mark(const char *account, const char *lost_after);

/* The newest archive id that is known, NULL if none; caller frees. */
char *holes_known_up_to(const char *account);
/* Keep how far the archive is known, before messages are forgotten or the program ends. */
void holes_remember(const char *account);
