/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's first message of SCRAM (RFC 5802 §7), read by us before the library sees it. */
#pragma once

#include "api/error.h"

enum { SCRAM_MESSAGE = 4096, SCRAM_SALT = 1024 }; /* bytes, at most */

struct scram_first {
	guint8 *salt; /* the caller's, also after an error */
	size_t salt_length;
	guint iterations;
	char *offer; /* base64 of the hash of what the server offered (XEP-0474 "h"), NULL: it signs none; the caller's likewise */
};

/* own: the nonce that the answer must begin with. False with a reason when it is unfit: too few or too many iterations, a foreign
 * nonce, a strange salt, an extension that must be understood. */
bool scram_read_first(const char *base64, const char *own, struct scram_first *first, GError **error);
