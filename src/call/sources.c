/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of sources and sinks, as options and commands take them. */
#include "api/error.h"
#include "call/call.h"

#include <string.h>

bool
call_check_source(const char *text, GError **error)
{
	static const char *const words[] = { "auto", "test", "none", "echo", NULL };

	if (g_strv_contains(words, text) || (g_str_has_prefix(text, "device:") && text[strlen("device:")]))
		return true;
	if (g_str_has_prefix(text, "file:") && g_path_is_absolute(text + strlen("file:")))
		return true;
	return fault(error, FAULT_INPUT, "a source is one of auto, device:ID, test, echo, none, or file: and a full path");
}
