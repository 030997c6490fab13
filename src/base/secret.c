/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: bytes in libgcrypt's locked memory, which wipes what is freed. */
#include "api/secret.h"

#include <errno.h>
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "api/error.h"
#include "base/base.h"
#include "base/mailbox.h"

/* Keys of a session and a handful of passwords; it grows by itself when that is not enough. */
enum { POOL = 256 * 1024 };
/* What is larger than this is asked for in huge pages. */
enum { HUGE_PAGE = 2 << 20, LARGE = 4 * HUGE_PAGE };

struct Secret {
	guint refs;
	size_t length;
	guint8 bytes[];
};

/* The library would tell the terminal that pages could not be locked; the log is the place. */
static void
say(void *data, int level, const char *format, va_list list)
{
	(void)data;
	(void)level;
	(void)format;
	(void)list;
}

/* As far as we may, so that locking the pool succeeds where the soft limit is the only obstacle. */
static void
raise_lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &limit);
	}
}

struct share {
	volatile guint8 *from;
	size_t size;
};

static void
touch_share(gpointer data)
{
	const struct share *share = data;

	for (size_t at = 0; at < share->size; at += HUGE_PAGE)
		share->from[at] = 0;
}

/* The kernel clears a page when it is first written to, and Argon2 begins with one thread: here all processors do it. On a
 * virtual machine that must ask its host for the memory this took longer than the derivation (measured 150 ms of 290). */
static void
touch(guint8 *block, size_t size)
{
	struct share shares[MAILBOX_TOGETHER];
	gpointer parts[MAILBOX_TOGETHER];
	guint count = CLAMP(g_get_num_processors(), 1, MAILBOX_TOGETHER);
	size_t each = (size / HUGE_PAGE / count + 1) * HUGE_PAGE;

	for (guint i = 0; i < count; i++) {
		size_t from = MIN(i * each, size);
		shares[i] = (struct share){ block + from, MIN(each, size - from) };
		parts[i] = &shares[i];
	}
	mailbox_together(touch_share, parts, count);
}

/* Argon2 walks 64 MiB at random: on pages of 4 KiB two thirds of its time are page faults (measured 330 ms against 130). */
static void *
allocate(size_t size)
{
	void *block = NULL;

	if (size < LARGE)
		return malloc(size);
	if (posix_memalign(&block, HUGE_PAGE, size) != 0)
		return NULL;
	madvise(block, size, MADV_HUGEPAGE);
	touch(block, size);
	return block;
}

bool
secret_init(GError **error)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return true;
	if (!gcry_check_version("1.9.0"))
		return fault(error, FAULT_GONE, "libgcrypt %s is too old: 1.9.0 is needed", gcry_check_version(NULL));
	raise_lock_limit();
	gcry_set_log_handler(say, NULL);
	gcry_set_allocation_handler(allocate, NULL, NULL, NULL, NULL);
	gcry_control(GCRYCTL_DISABLE_SECMEM_WARN, 0);
	gcry_control(GCRYCTL_AUTO_EXPAND_SECMEM, POOL);
	gcry_control(GCRYCTL_INIT_SECMEM, POOL, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return true;
}

Secret *
secret_new(size_t length)
{
	Secret *secret;

	secret_init(NULL);
	if (length > G_MAXSIZE / 2)
		g_error("secret of %zu bytes", length);
	secret = gcry_xcalloc_secure(1, sizeof *secret + length + 1);
	secret->refs = 1;
	secret->length = length;
	return secret;
}

Secret *
secret_copy(const void *bytes, size_t length)
{
	Secret *secret = secret_new(length);

	if (length)
		memcpy(secret->bytes, bytes, length);
	return secret;
}

Secret *
secret_random(size_t length)
{
	Secret *secret = secret_new(length);

	gcry_randomize(secret->bytes, length, GCRY_STRONG_RANDOM);
	return secret;
}

Secret *
secret_take_text(char *text)
{
	size_t length = text ? strlen(text) : 0;
	Secret *secret = secret_copy(text, length);

	secret_wipe(text, length);
	g_free(text);
	return secret;
}

Secret *
secret_ref(Secret *secret)
{
	if (secret)
		secret->refs++;
	return secret;
}

void
secret_free(Secret *secret)
{
	if (!secret || --secret->refs > 0)
		return;
	secret_wipe(secret->bytes, secret->length);
	gcry_free(secret);
}

const void *
secret_bytes(const Secret *secret)
{
	return secret->bytes;
}

void *
secret_fill(Secret *secret)
{
	return secret->bytes;
}

size_t
secret_length(const Secret *secret)
{
	return secret->length;
}

bool
secret_equal(const Secret *a, const Secret *b)
{
	guint8 difference = 0;

	/* The length is no secret: keys have known ones, and a password is never compared by its length alone. */
	if (a->length != b->length)
		return false;
	for (size_t i = 0; i < a->length; i++)
		difference |= a->bytes[i] ^ b->bytes[i];
	return difference == 0;
}

void
secret_wipe(void *bytes, size_t length)
{
	if (bytes && length)
		explicit_bzero(bytes, length);
}

void
random_bytes(void *bytes, size_t length)
{
	guint8 *at = bytes;

	while (length) {
		ssize_t got = getrandom(at, length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* Guessable ids would open the provenance gate: better no program than that. */
		if (got <= 0)
			g_error("no random numbers from the system: %s", g_strerror(errno));
		at += got;
		length -= (size_t)got;
	}
}
