/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates in words: why one is refused, what one says, and whether it is the one we know. */
#pragma once

#include "xmpp/stream.h"

#include <gio/gio.h>

char *cert_fingerprint(GTlsCertificate *certificate); /* SHA-256 of it all, hex in pairs: "ab:cd:..." */
char *cert_key_hash(GTlsCertificate *certificate);    /* SHA-256 of the public key with its algorithm, hex; NULL if it is none */
/* Does a typed fingerprint (any case, with or without colons and spaces) name it? */
bool cert_is(GTlsCertificate *certificate, const char *typed);
bool cert_is_for_servers(GTlsCertificate *certificate); /* by its extended key usage, if it has one */
/* The sentence for a person: which name, which issuer, which date. */
char *cert_reason(GTlsCertificate *certificate, GTlsCertificateFlags flags, const char *domain);
/* Lines for /tls. */
void cert_describe(GTlsCertificate *certificate, GPtrArray *lines);

/* Compares with what the account saw before and remembers it; alerts when both the key and its issuer are new. Returns when the key
 * was seen first, as text; caller frees. */
char *cert_remember(GTlsCertificate *certificate, const char *account, const struct stream_memory *memory);
/* Who issued the key before this one, if somebody else did; caller frees. */
char *cert_issuer_before(const char *account, const struct stream_memory *memory);
