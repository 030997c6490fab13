/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media --fence: tries from inside what the fence must refuse, and says what happened. */
#pragma once

#include "api/public.h"

/* Inside. A line for each thing that was tried, "name: refused" or "name: possible", with " - wrong" where it must not be so. word,
 * or NULL: "reach:PATH" (a socket) and "read:PATH" are tried as well; "exec", "ptrace" and "keyctl" must not return. The status to
 * leave with. */
int probe_run(const char *word);
