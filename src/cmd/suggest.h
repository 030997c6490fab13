/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What might have been meant by an unknown command. */
#pragma once

#include "api/cmd.h"

bool suggest_fault(const char *words, GError **error); /* always false */
