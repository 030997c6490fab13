/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GLib's locks are futexes that ThreadSanitizer does not know: in builds with SAN=thread it is told of each. What GLib and
 * GStreamer do inside themselves it does not look at (ignore_noninstrumented_modules), and memory must be malloc's
 * (G_SLICE=always-malloc). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#undef g_mutex_lock
#undef g_mutex_unlock
#undef g_mutex_trylock

#define SHOWN __attribute__((visibility("default"), no_sanitize_thread))
/* Found once; twice does no harm. */
#define REAL(result, name, ...)             \
	static result (*real)(__VA_ARGS__); \
	if (!real)                          \
	real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define TAKES(type, lock)                  \
	SHOWN void lock(type *it);         \
	SHOWN void lock(type *it)          \
	{                                  \
		REAL(void, #lock, type *); \
		real(it);                  \
		__tsan_acquire(it);        \
	}
#define GIVES(type, unlock)                  \
	SHOWN void unlock(type *it);         \
	SHOWN void unlock(type *it)          \
	{                                    \
		REAL(void, #unlock, type *); \
		__tsan_release(it);          \
		real(it);                    \
	}
#define TRIES(type, lock)                      \
	SHOWN gboolean lock(type *it);         \
	SHOWN gboolean lock(type *it)          \
	{                                      \
		REAL(gboolean, #lock, type *); \
		gboolean got = real(it);       \
		if (got)                       \
			__tsan_acquire(it);    \
		return got;                    \
	}

TAKES(GMutex, g_mutex_lock)
TRIES(GMutex, g_mutex_trylock)
GIVES(GMutex, g_mutex_unlock)
TAKES(GRecMutex, g_rec_mutex_lock)
TRIES(GRecMutex, g_rec_mutex_trylock)
GIVES(GRecMutex, g_rec_mutex_unlock)
TAKES(GRWLock, g_rw_lock_writer_lock)
GIVES(GRWLock, g_rw_lock_writer_unlock)
TAKES(GRWLock, g_rw_lock_reader_lock)
GIVES(GRWLock, g_rw_lock_reader_unlock)

SHOWN void
g_cond_wait(GCond *cond, GMutex *mutex)
{
	REAL(void, "g_cond_wait", GCond *, GMutex *);

	__tsan_release(mutex);
	real(cond, mutex);
	__tsan_acquire(mutex);
}

SHOWN gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
	REAL(gboolean, "g_cond_wait_until", GCond *, GMutex *, gint64);

	__tsan_release(mutex);
	gboolean well = real(cond, mutex, end);
	__tsan_acquire(mutex);
	return well;
}

/* A letter is written before it is read: the main loop's own lock is inside GLib. */
struct letter {
	GSourceFunc read;
	gpointer data;
	GDestroyNotify burn;
};

static __attribute__((no_sanitize_thread)) gboolean
read_letter(gpointer data)
{
	struct letter *letter = data;

	__tsan_acquire(letter);
	return letter->read(letter->data);
}

static __attribute__((no_sanitize_thread)) void
burn_letter(gpointer data)
{
	struct letter *letter = data;

	__tsan_acquire(letter);
	if (letter->burn)
		letter->burn(letter->data);
	g_free(letter);
}

SHOWN guint
g_idle_add_full(gint priority, GSourceFunc read, gpointer data, GDestroyNotify burn)
{
	REAL(guint, "g_idle_add_full", gint, GSourceFunc, gpointer, GDestroyNotify);
	struct letter *letter = g_new0(struct letter, 1);

	*letter = (struct letter){ read, data, burn };
	__tsan_release(letter);
	return real(priority, read_letter, letter, burn_letter);
}
