/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Primitives: what the ratchet library asks for, and AES-GCM for payloads, from libgcrypt. */
#include "omemo.h"

#include <gcrypt.h>
#include <string.h>

static signal_context *context;

static int
draw_random(uint8_t *data, size_t length, void *user)
{
	(void)user;
	gcry_randomize(data, length, GCRY_STRONG_RANDOM);
	return SG_SUCCESS;
}

/* ---- digests ---- */

static int
digest_update(void *digest, const uint8_t *data, size_t length, void *user)
{
	(void)user;
	gcry_md_write(digest, data, length);
	return SG_SUCCESS;
}

static int
digest_final(void *digest, int algorithm, signal_buffer **output)
{
	const guint8 *bytes = gcry_md_read(digest, algorithm);

	*output = bytes ? signal_buffer_create(bytes, gcry_md_get_algo_dlen(algorithm)) : NULL;
	return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static void
digest_free(void *digest, void *user)
{
	(void)user;
	gcry_md_close(digest);
}

static int
hmac_new(void **hmac, const uint8_t *key, size_t length, void *user)
{
	gcry_md_hd_t digest;

	(void)user;
	if (gcry_md_open(&digest, GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC))
		return SG_ERR_NOMEM;
	if (gcry_md_setkey(digest, key, length)) {
		gcry_md_close(digest);
		return SG_ERR_UNKNOWN;
	}
	*hmac = digest;
	return SG_SUCCESS;
}

static int
hmac_final(void *hmac, signal_buffer **output, void *user)
{
	(void)user;
	return digest_final(hmac, GCRY_MD_SHA256, output);
}

static int
sha512_new(void **digest, void *user)
{
	(void)user;
	return gcry_md_open((gcry_md_hd_t *)digest, GCRY_MD_SHA512, 0) ? SG_ERR_NOMEM : SG_SUCCESS;
}

static int
sha512_final(void *digest, signal_buffer **output, void *user)
{
	int result = digest_final(digest, GCRY_MD_SHA512, output);

	(void)user;
	gcry_md_reset(digest);
	return result;
}

/* ---- AES, as the ratchet wants it ---- */

static bool
cipher_new(gcry_cipher_hd_t *cipher, int kind, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length)
{
	int algorithm = key_length == 16   ? GCRY_CIPHER_AES128
			: key_length == 24 ? GCRY_CIPHER_AES192
			: key_length == 32 ? GCRY_CIPHER_AES256
					   : GCRY_CIPHER_NONE;
	bool counter = kind == SG_CIPHER_AES_CTR_NOPADDING;

	if (algorithm == GCRY_CIPHER_NONE || (!counter && kind != SG_CIPHER_AES_CBC_PKCS5) || iv_length != 16)
		return false;
	if (gcry_cipher_open(cipher, algorithm, counter ? GCRY_CIPHER_MODE_CTR : GCRY_CIPHER_MODE_CBC, 0))
		return false;
	if (!gcry_cipher_setkey(*cipher, key, key_length) &&
		!(counter ? gcry_cipher_setctr(*cipher, iv, iv_length) : gcry_cipher_setiv(*cipher, iv, iv_length)))
		return true;
	gcry_cipher_close(*cipher);
	return false;
}

static int
aes_seal(signal_buffer **output, int kind, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length,
	const uint8_t *text, size_t length, void *user)
{
	size_t padding = kind == SG_CIPHER_AES_CBC_PKCS5 ? 16 - length % 16 : 0;
	gcry_cipher_hd_t cipher;
	signal_buffer *buffer;
	guint8 *bytes;
	gcry_error_t failed;

	(void)user;
	if (length > G_MAXINT32 || !cipher_new(&cipher, kind, key, key_length, iv, iv_length))
		return SG_ERR_INVAL;
	buffer = signal_buffer_alloc(length + padding);
	if (!buffer) {
		gcry_cipher_close(cipher);
		return SG_ERR_NOMEM;
	}
	bytes = signal_buffer_data(buffer);
	memcpy(bytes, text, length);
	memset(bytes + length, (int)padding, padding);
	failed = gcry_cipher_encrypt(cipher, bytes, length + padding, NULL, 0);
	gcry_cipher_close(cipher);
	if (failed) {
		signal_buffer_bzero_free(buffer);
		return SG_ERR_UNKNOWN;
	}
	*output = buffer;
	return SG_SUCCESS;
}

/* How much padding the last block has, 0 if it is none (PKCS #7). */
static size_t
padding_of(const guint8 *bytes, size_t length)
{
	size_t padding = length ? bytes[length - 1] : 0;

	if (padding < 1 || padding > 16 || padding > length)
		return 0;
	for (size_t i = 1; i <= padding; i++)
		if (bytes[length - i] != padding)
			return 0;
	return padding;
}

static int
aes_open(signal_buffer **output, int kind, const uint8_t *key, size_t key_length, const uint8_t *iv, size_t iv_length,
	const uint8_t *sealed, size_t length, void *user)
{
	g_autofree guint8 *bytes = NULL;
	gcry_cipher_hd_t cipher;
	size_t padding = 0;
	gcry_error_t failed;

	(void)user;
	if (length > G_MAXINT32 || !cipher_new(&cipher, kind, key, key_length, iv, iv_length))
		return SG_ERR_INVAL;
	bytes = g_malloc(length + 1);
	failed = gcry_cipher_decrypt(cipher, bytes, length, sealed, length);
	gcry_cipher_close(cipher);
	if (!failed && kind == SG_CIPHER_AES_CBC_PKCS5)
		padding = padding_of(bytes, length);
	if (failed || (kind == SG_CIPHER_AES_CBC_PKCS5 && !padding))
		return SG_ERR_UNKNOWN;
	*output = signal_buffer_create(bytes, length - padding);
	secret_wipe(bytes, length);
	return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static const signal_crypto_provider provider = {
	.random_func = draw_random,
	.hmac_sha256_init_func = hmac_new,
	.hmac_sha256_update_func = digest_update,
	.hmac_sha256_final_func = hmac_final,
	.hmac_sha256_cleanup_func = digest_free,
	.sha512_digest_init_func = sha512_new,
	.sha512_digest_update_func = digest_update,
	.sha512_digest_final_func = sha512_final,
	.sha512_digest_cleanup_func = digest_free,
	.encrypt_func = aes_seal,
	.decrypt_func = aes_open,
};

/* ---- payloads ---- */

static bool
gcm_new(gcry_cipher_hd_t *cipher, const guint8 key[16], const guint8 *iv, size_t iv_length)
{
	if (gcry_cipher_open(cipher, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0))
		return false;
	if (!gcry_cipher_setkey(*cipher, key, 16) && !gcry_cipher_setiv(*cipher, iv, iv_length))
		return true;
	gcry_cipher_close(*cipher);
	return false;
}

bool
gcm_seal(const guint8 key[16], const guint8 iv[12], const void *text, size_t length, guint8 *sealed, guint8 tag[16])
{
	gcry_cipher_hd_t cipher;
	bool done;

	if (!gcm_new(&cipher, key, iv, 12))
		return false;
	done = (!length || !gcry_cipher_encrypt(cipher, sealed, length, text, length)) && !gcry_cipher_gettag(cipher, tag, 16);
	gcry_cipher_close(cipher);
	return done;
}

bool
gcm_open(const guint8 key[16], const guint8 *iv, size_t iv_length, const guint8 *sealed, size_t length, const guint8 tag[16],
	guint8 *text)
{
	gcry_cipher_hd_t cipher;
	bool done;

	if (!gcm_new(&cipher, key, iv, iv_length))
		return false;
	done = (!length || !gcry_cipher_decrypt(cipher, text, length, sealed, length)) && !gcry_cipher_checktag(cipher, tag, 16);
	gcry_cipher_close(cipher);
	if (!done)
		secret_wipe(text, length);
	return done;
}

/* ---- keys ---- */

/* Points of small order on Curve25519 and their unreduced forms: with them everybody knows the shared secret (RFC 7748
 * section 6.1), and a signature can be made without a key. */
static const guint8 weak[][32] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb,
		0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4,
		0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	{ [0] = 0xec, [1 ... 30] = 0xff, [31] = 0x7f },
	{ [0] = 0xed, [1 ... 30] = 0xff, [31] = 0x7f },
	{ [0] = 0xee, [1 ... 30] = 0xff, [31] = 0x7f },
};

bool
key_is_sound(const guint8 key[KEY_LENGTH])
{
	guint8 point[32];

	memcpy(point, key + 1, sizeof point);
	point[31] &= 0x7f;
	for (size_t i = 0; i < G_N_ELEMENTS(weak); i++)
		if (memcmp(point, weak[i], sizeof point) == 0)
			return false;
	return key[0] == 0x05;
}

/* ---- small things ---- */

bool
parse_number(const char *text, guint32 min, guint32 max, guint32 *number)
{
	guint64 value = 0;

	if (!text || !*text || strlen(text) > 10 || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (!g_ascii_isdigit(*text))
			return false;
		value = value * 10 + (guint64)(*text - '0');
	}
	*number = (guint32)value;
	return value >= min && value <= max;
}

const char *
axo_error(int code)
{
	static const struct {
		int code;
		const char *words;
	} words[] = {
		{ SG_ERR_DUPLICATE_MESSAGE, "it was read before" },
		{ SG_ERR_INVALID_KEY, "a key in it is not valid" },
		{ SG_ERR_INVALID_KEY_ID, "it uses a one-time key that is gone" },
		{ SG_ERR_INVALID_MAC, "it was changed on the way" },
		{ SG_ERR_INVALID_MESSAGE, "it does not fit the session with that device" },
		{ SG_ERR_INVALID_VERSION, "its format is unknown" },
		{ SG_ERR_LEGACY_MESSAGE, "its format is too old" },
		{ SG_ERR_NO_SESSION, "there is no session with that device" },
		{ SG_ERR_UNTRUSTED_IDENTITY, "the key of that device changed" },
		{ SG_ERR_INVALID_PROTO_BUF, "it is damaged" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (words[i].code == code)
			return words[i].words;
	return "its keys could not be read or kept here";
}

signal_context *
crypto_context(void)
{
	return context;
}

bool
crypto_start(GError **error)
{
	if (signal_context_create(&context, NULL) != SG_SUCCESS)
		return fault(error, FAULT_STORE, "the ratchet library does not start");
	signal_context_set_crypto_provider(context, &provider);
	return true;
}

void
crypto_stop(void)
{
	g_clear_pointer(&context, signal_context_destroy);
}
