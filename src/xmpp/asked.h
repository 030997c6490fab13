/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others asked us, and what we said: counted by asker and kind, in memory only, and no more than the newest. */
#pragma once

#include "api/stream.h"

/* A question was answered, or refused. Those of our own account are its business. */
void asked_note(const Stream *stream, const Element *iq, bool answered);
/* Lines for /privacy answers, the oldest first; empty when nobody asked. Caller frees with g_strfreev. */
char **asked_lines(const Stream *stream);
void asked_forget(const Stream *stream); /* its account goes */
