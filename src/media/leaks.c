/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For builds with sanitizers: what the leak checker is told. When more names are in use than GLib's first table of them holds, and
 * GStreamer brings as many, it makes a larger one and leaves the first, made while the library was loaded, to itself: other
 * threads may read it. */
#ifdef __SANITIZE_ADDRESS__
#include "api/public.h"

PUBLIC const char *__asan_default_options(void);
PUBLIC const char *__lsan_default_suppressions(void);

/* The loader is seen only from the slow way up the stack. */
const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0:malloc_context_size=10";
}

const char *
__lsan_default_suppressions(void)
{
	return "leak:ld-linux\n";
}
#else
typedef int leaks_are_not_looked_for;
#endif
