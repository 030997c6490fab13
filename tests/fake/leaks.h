/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests with real TLS. The leak checker of gcc 12 crashes when it looks into the thread-local memory of a module that was
 * loaded late, as that of TLS is: it does not look there, and what GLib keeps there is named. To know the names it takes the slow
 * way, and not far up. */
#pragma once

#include "api/public.h"

#include <glib.h>

PUBLIC const char *__asan_default_options(void);
PUBLIC const char *__lsan_default_options(void);
PUBLIC const char *__lsan_default_suppressions(void);

const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0:malloc_context_size=8";
}

const char *
__lsan_default_options(void)
{
	return "use_tls=0:print_suppressions=0";
}

const char *
__lsan_default_suppressions(void)
{
	return "leak:g_slice_\nleak:g_thread_self\nleak:g_get_charset\nleak:g_date_time_format\n"
	       "leak:g_main_current_source\nleak:g_main_depth\nleak:g_main_loop_run\n";
}

/* What the main loop keeps there is made by a call that has a name of its own, not in the middle of a dispatch. */
static void __attribute__((constructor)) name_what_is_kept(void)
{
	g_main_depth();
}
