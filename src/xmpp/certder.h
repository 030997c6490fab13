/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GIO does not tell of a certificate, read from its DER (RFC 5280): of any bytes, since servers send them. */
#pragma once

#include "api/public.h"

/* The public key with its algorithm, borrowed from the bytes; false if there is none where one should be. */
bool certder_key(const guint8 *bytes, size_t length, const guint8 **key, size_t *key_length);
/* §4.2.1.12, which GIO does not look at: what is made for clients or for signing code is no server's. */
bool certder_is_for_servers(const guint8 *bytes, size_t length);
