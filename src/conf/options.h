/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One option row: its variable, read from text and written as text. */
#pragma once

#include "api/error.h"
#include "api/option.h"

bool option_set(const struct option *row, const char *text, GError **error); /* nothing changes when it does not fit */
char *option_text(const struct option *row);                                 /* as the user would type it; caller frees */
bool option_fits(const struct option *row, const char *text);
/* Would text give the variable the value that it has now? */
bool option_says(const struct option *row, const char *text);
char *option_range(const struct option *row);
