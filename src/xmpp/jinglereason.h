/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a session ends (XEP-0166 §7.4), in a session and in a message alike. */
#pragma once

#include "api/stanza.h"

/* word: one of the XEP's, general-error for one of others; text: remote words, NULL when there are none. Frees what was there. */
void jinglereason_read(const Element *reason, char **word, char **text);
const char *jinglereason_word(const Element *reason); /* the same word, of static storage */
Node *jinglereason_write(const char *word, const char *text);
