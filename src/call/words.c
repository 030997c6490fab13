/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Four words for a call: both ends read them aloud. Whoever stands in between would have to find a certificate that gives the same
 * words while the call is set up; the slow derivation is what makes that hopeless (doc/security.md). */
#include "api/secret.h"
#include "api/text.h"
#include "call/keys-private.h"

#include <gcrypt.h>

enum { WORDS = 4, MEMORY = 64 * 1024, PASSES = 3, LANES = 1 }; /* KiB */

static const char salt[] = "sotto call words 1";

bool
keys_words_bytes(const guint8 context[32], guint8 bytes[4])
{
	const unsigned long parameter[] = { WORDS, PASSES, MEMORY, LANES };
	gcry_kdf_hd_t kdf = NULL;
	gcry_error_t status = gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, parameter, G_N_ELEMENTS(parameter), context,
		PRINT, salt, sizeof salt - 1, NULL, 0, NULL, 0);

	if (!status)
		status = gcry_kdf_compute(kdf, NULL);
	if (!status)
		status = gcry_kdf_final(kdf, WORDS, bytes);
	if (kdf)
		gcry_kdf_close(kdf);
	return !status;
}

char *
words_text(const guint8 bytes[4])
{
	return g_strdup_printf("%s %s %s %s", text_word(bytes[0]), text_word(bytes[1]), text_word(bytes[2]), text_word(bytes[3]));
}
