/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The open questions, as the stream and the route see them; api/iq.h is for everybody. */
#pragma once

#include "api/iq.h"

/* A result or error arrived: false when nobody asked that of this sender. */
bool iq_answered(Stream *stream, const Element *iq);
/* For the parser: answers of our own server may be large. */
bool iq_may_be_large(gpointer stream, const char *from, const char *id);
/* The session is gone, and the answers with it. */
void iq_lost(Stream *stream);
