/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: passwords and keys in locked memory that is wiped when freed, compared in constant time
 * and cannot be printed by accident. */
#pragma once

#include "public.h"

typedef struct Secret Secret;

PUBLIC Secret *secret_new(size_t length); /* zeroed */
PUBLIC Secret *secret_copy(const void *bytes, size_t length);
PUBLIC Secret *secret_random(size_t length);
/* Takes the text, wipes and frees the original (g_free memory). */
PUBLIC Secret *secret_take_text(char *text);
PUBLIC Secret *secret_ref(Secret *secret);
PUBLIC void secret_free(Secret *secret); /* drops one reference; NULL is fine */

/* The bytes are followed by a NUL that is not part of the length, so a password can be read as text. */
PUBLIC const void *secret_bytes(const Secret *secret);
PUBLIC void *secret_fill(Secret *secret); /* the same bytes, to be written */
PUBLIC size_t secret_length(const Secret *secret);
PUBLIC bool secret_equal(const Secret *a, const Secret *b);
/* Wipe a plain buffer in a way that the compiler keeps. */
PUBLIC void secret_wipe(void *bytes, size_t length);
/* Unpredictable bytes that need not be kept secret (ids, nonces). */
PUBLIC void random_bytes(void *bytes, size_t length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)
