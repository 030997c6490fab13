/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates of DTLS: ours, made for one call, and the fingerprint of anybody's. */
#pragma once

#include "api/error.h"
#include "api/secret.h"

enum { FINGERPRINT = 32 }; /* SHA-256 */

/* A fresh P-256 key and a certificate that signs itself under a random name, PEM, certificate first; its fingerprint. NULL: no. */
Secret *certificate_new(guint8 fingerprint[FINGERPRINT], GError **error);
/* Of the first certificate in a PEM text. */
bool certificate_fingerprint(const char *pem, guint8 fingerprint[FINGERPRINT]);
