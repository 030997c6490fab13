/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault file. Its last line is a checksum: damage can then be told from a wrong passphrase. */
#include "store/vault-private.h"

#include "api/error.h"

#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

/* RFC 9106 section 4, the second recommended choice: 64 MiB, about 0.1 s on two cores. */
enum { MEMORY = 65536, PASSES = 3, LANES = 4 };
/* What a file may ask for: no less than is safe, no more than a machine has. */
enum { MEMORY_MIN = 8192, MEMORY_MAX = 1048576, PASSES_MAX = 64, LANES_MAX = 16 };

void
vault_file_new(struct vault_file *file)
{
	*file = (struct vault_file){ .memory = MEMORY, .passes = PASSES, .lanes = LANES };
	random_bytes(file->salt, sizeof file->salt);
	random_bytes(file->nonce, sizeof file->nonce);
}

/* ---- text ---- */

static void
append_hex(GString *text, const char *name, const guint8 *bytes, size_t length)
{
	g_string_append_printf(text, "%s ", name);
	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	g_string_append_c(text, '\n');
}

/* What the seal also covers: nobody can weaken the derivation without being noticed. */
static char *
parameters(const struct vault_file *file)
{
	GString *text = g_string_new("sotto vault 1\n");
	g_string_append_printf(text, "argon2id %u %u %u\n", file->memory, file->passes, file->lanes);
	append_hex(text, "salt", file->salt, sizeof file->salt);
	return g_string_free(text, FALSE);
}

char *
vault_file_text(const struct vault_file *file)
{
	g_autofree char *head = parameters(file);
	GString *text = g_string_new(head);
	append_hex(text, "nonce", file->nonce, sizeof file->nonce);
	append_hex(text, "key", file->sealed, sizeof file->sealed);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
	g_string_append_printf(text, "sum %s\n", sum);
	return g_string_free(text, FALSE);
}

static bool
parse_hex(const char *line, const char *name, guint8 *bytes, size_t length)
{
	size_t skip = strlen(name);
	if (strncmp(line, name, skip) != 0 || line[skip] != ' ' || strlen(line + skip + 1) != 2 * length)
		return false;
	line += skip + 1;
	for (size_t i = 0; i < length; i++) {
		int high = g_ascii_xdigit_value(line[2 * i]), low = g_ascii_xdigit_value(line[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (guint8)(high << 4 | low);
	}
	return true;
}

static bool
parse_lines(struct vault_file *file, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 8);
	return g_strv_length(lines) == 7 && strcmp(lines[0], "sotto vault 1") == 0 &&
	       sscanf(lines[1], "argon2id %9u %9u %9u", &file->memory, &file->passes, &file->lanes) == 3 &&
	       parse_hex(lines[2], "salt", file->salt, sizeof file->salt) &&
	       parse_hex(lines[3], "nonce", file->nonce, sizeof file->nonce) &&
	       parse_hex(lines[4], "key", file->sealed, sizeof file->sealed);
}

/* What is written again from what was read must be the same text: that covers the checksum and every stray character. */
bool
vault_file_parse(struct vault_file *file, const char *text, GError **error)
{
	*file = (struct vault_file){ 0 };
	bool whole = parse_lines(file, text);
	g_autofree char *again = vault_file_text(file);
	if (!whole || strcmp(text, again) != 0)
		return fault(error, FAULT_STORE,
			"the vault file is damaged - restore it from a backup, without it the store stays locked");
	if (file->memory < MEMORY_MIN || file->memory > MEMORY_MAX || !file->passes || file->passes > PASSES_MAX || !file->lanes ||
		file->lanes > LANES_MAX)
		return fault(error, FAULT_STORE, "the vault file asks for a derivation that this program does not do");
	return true;
}

/* ---- arithmetic ---- */

static bool
fault_gcrypt(GError **error, gcry_error_t status)
{
	return fault(error, FAULT_STORE, "cannot use the vault: %s", gcry_strerror(status));
}

/* One thread for each lane of a slice: the person waits for this. */
struct lanes {
	GThread *threads[LANES_MAX];
	guint count;
};

struct lane {
	gcry_kdf_job_fn_t fill;
	void *job;
};

static void *
run_lane(void *data)
{
	g_autofree struct lane *lane = data;
	lane->fill(lane->job);
	return NULL;
}

static int
start_lane(void *data, gcry_kdf_job_fn_t fill, void *job)
{
	struct lanes *lanes = data;
	struct lane *lane = g_new(struct lane, 1);
	*lane = (struct lane){ .fill = fill, .job = job };
	GThread *thread = lanes->count < LANES_MAX ? g_thread_try_new("lane", run_lane, lane, NULL) : NULL;
	if (thread)
		lanes->threads[lanes->count++] = thread;
	else
		run_lane(lane);
	return 0;
}

static int
wait_lanes(void *data)
{
	struct lanes *lanes = data;
	while (lanes->count)
		g_thread_join(lanes->threads[--lanes->count]);
	return 0;
}

Secret *
vault_derive(const struct vault_file *file, const Secret *passphrase, GError **error)
{
	const unsigned long parameter[] = { VAULT_KEY, file->passes, file->memory, file->lanes };
	g_autoptr(Secret) derived = secret_new(VAULT_KEY);
	struct lanes lanes = { 0 };
	const gcry_kdf_thread_ops_t threads = { .jobs_context = &lanes, .dispatch_job = start_lane, .wait_all_jobs = wait_lanes };
	gcry_kdf_hd_t kdf = NULL;
	gcry_error_t status = gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, parameter, G_N_ELEMENTS(parameter),
		secret_bytes(passphrase), secret_length(passphrase), file->salt, sizeof file->salt, NULL, 0, NULL, 0);
	if (!status)
		status = gcry_kdf_compute(kdf, &threads);
	if (!status)
		status = gcry_kdf_final(kdf, VAULT_KEY, secret_fill(derived));
	if (kdf)
		gcry_kdf_close(kdf);
	if (status) {
		fault_gcrypt(error, status);
		return NULL;
	}
	return g_steal_pointer(&derived);
}

static gcry_error_t
start_cipher(gcry_cipher_hd_t *cipher, const struct vault_file *file, const Secret *derived)
{
	g_autofree char *head = parameters(file);
	gcry_error_t status = gcry_cipher_open(cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, GCRY_CIPHER_SECURE);
	if (!status)
		status = gcry_cipher_setkey(*cipher, secret_bytes(derived), secret_length(derived));
	if (!status)
		status = gcry_cipher_setiv(*cipher, file->nonce, sizeof file->nonce);
	if (!status)
		status = gcry_cipher_authenticate(*cipher, head, strlen(head));
	return status;
}

bool
vault_seal(struct vault_file *file, const Secret *derived, const Secret *key, GError **error)
{
	gcry_cipher_hd_t cipher = NULL;
	gcry_error_t status = start_cipher(&cipher, file, derived);
	if (!status)
		status = gcry_cipher_encrypt(cipher, file->sealed, VAULT_KEY, secret_bytes(key), VAULT_KEY);
	if (!status)
		status = gcry_cipher_gettag(cipher, file->sealed + VAULT_KEY, VAULT_TAG);
	gcry_cipher_close(cipher);
	return !status || fault_gcrypt(error, status);
}

Secret *
vault_open(const struct vault_file *file, const Secret *derived, GError **error)
{
	g_autoptr(Secret) key = secret_new(VAULT_KEY);
	gcry_cipher_hd_t cipher = NULL;
	gcry_error_t status = start_cipher(&cipher, file, derived);
	if (!status)
		status = gcry_cipher_decrypt(cipher, secret_fill(key), VAULT_KEY, file->sealed, VAULT_KEY);
	if (!status)
		status = gcry_cipher_checktag(cipher, file->sealed + VAULT_KEY, VAULT_TAG);
	gcry_cipher_close(cipher);
	if (!status)
		return g_steal_pointer(&key);
	if (gcry_err_code(status) == GPG_ERR_CHECKSUM)
		fault(error, FAULT_TRUST, "the passphrase is wrong");
	else
		fault_gcrypt(error, status);
	return NULL;
}
