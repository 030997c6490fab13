/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate authority for one test, with one certificate, made by openssl in a directory that goes with it. */
#pragma once

#include <gio/gio.h>

typedef struct Authority Authority;

Authority *authority_new(const char *domain);
Authority *authority_new_named(const char *domain, const char *name);
void authority_renew(Authority *authority); /* another certificate, with a key of its own */
/* A certificate that it should not have: a shell script writes leaf.crt, for leaf.key and leaf.csr, in a folder with ca.crt, ca.key
 * and sign, which takes the file of extensions, the first and the last day (YYMMDDHHMMSSZ) and more words for openssl. */
void authority_forge(Authority *authority, const char *script);
void authority_free(Authority *authority);
const char *authority_file(const Authority *authority);             /* what to trust */
GTlsCertificate *authority_certificate(const Authority *authority); /* with its key, for a server; the caller's */
char *authority_key_hash(const Authority *authority);               /* SHA-256 of the public key by openssl, hex */
