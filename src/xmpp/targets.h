/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where to knock for a domain: SRV of both kinds mixed by priority and weight (XEP-0368 §5), or what is configured. */
#pragma once

#include "xmpp/stream.h"

#include <gio/gio.h>

struct target {
	char *host;
	guint16 port;
	bool direct; /* TLS at once */
};

/* targets: of struct target *, freed by the array, in the order to try; NULL with an error; nothing when cancelled. */
typedef void (*targets_done)(GPtrArray *targets, const GError *error, gpointer data);
/* domain: in ASCII. With a proxy nothing is looked up here: names are the proxy's business. */
void
targets_find(const struct stream_config *config, const char *domain, GCancellable *cancellable, targets_done done, gpointer data);
