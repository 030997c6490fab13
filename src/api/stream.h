/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream of one account, as far as plugins see it. */
#pragma once

#include "stanza.h"

PUBLIC const char *stream_jid(const Stream *stream);      /* the account's bare JID; never NULL */
PUBLIC const char *stream_full_jid(const Stream *stream); /* NULL before bind */
PUBLIC bool stream_online(const Stream *stream);          /* bound or resumed, stanzas flow */
