/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One STUN or TURN server, asked once: by UDP, TCP or TLS. */
#pragma once

#include "api/public.h"

#include <gio/gio.h>

typedef struct StunAsker StunAsker;
/* Once, unless it was freed before. */
typedef void (*stunasker_done)(gpointer owner, const StunAsker *asker, bool well, const char *sentence);

/* server: (ssqsss) of START. proxy, authorities: as there. */
StunAsker *stunasker_new(GVariant *server, const char *proxy, const char *authorities, stunasker_done done, gpointer owner);
void stunasker_free(StunAsker *asker);
void stunasker_begin(StunAsker *asker);
const char *stunasker_step(const StunAsker *asker); /* "stun", "turn udp", "turn tcp", "turn tls" */
bool stunasker_is_relay(const StunAsker *asker);
