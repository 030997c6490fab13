/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS with a relay, whose certificate must be good for its name by the account's own authorities or by those of the system. */
#pragma once

#include "api/error.h"

#include <gio/gio.h>

/* Over base, for the relay called name. authorities: the account's own as PEM, "" none. done is called once, unless the error says
 * that there is no TLS here at all; then this is NULL. */
GIOStream *relaytls_shake(GIOStream *base, const char *name, const char *authorities, GCancellable *cancellable,
	GAsyncReadyCallback done, gpointer data);
/* What done asks: false with a sentence that ends what is said of the relay; one of G_IO_ERROR_CANCELLED as it is. */
bool relaytls_finish(GObject *tls, GAsyncResult *result, GError **error);
