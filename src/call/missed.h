/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that nobody took: a line in the chat for those of contacts, one quiet line for those of strangers. */
#pragma once

#include "api/account.h"

/* It was proposed while nobody was here; what settles it may still come, until missed_tell(). */
void missed_proposed(const char *account, const char *peer, const char *sid, gint64 at);
void missed_settled(const char *account, const char *sid); /* another device of ours took or refused it */
void missed_tell(const char *account);
void missed_tell_soon(const char *account); /* it came late, and no catch-up follows that would tell it */
void missed_wait(const char *account);      /* one follows */
/* At once: it rang here. Once for each sid, whatever says so again. */
void missed_note(Account *account, const char *peer, const char *sid, bool video, gint64 at);
void missed_stranger(const char *account, const char *peer, gint64 at);
