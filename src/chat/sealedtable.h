/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that no loaded provider could open, as they came, until one can. */
#pragma once

#include "api/stanza.h"
#include "api/store.h"

extern const struct migration sealed_table_migrations[];

bool sealed_table_add(gint64 message, const Element *stanza, GError **error);
bool sealed_table_remove(gint64 message, GError **error);
void sealed_table_each(void (*visit)(gint64 message, const char *xml));
