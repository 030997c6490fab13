/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of sotto.conf: lines "name = value", comments, and whatever else a person wrote there. */
#pragma once

#include "api/public.h"

typedef struct ConfLine {
	char *raw;         /* as it stands in the file, without the newline */
	char *name, *text; /* NULL when it is a comment, empty or cannot be read */
	bool bad;          /* meant to be a setting, but cannot be read */
} ConfLine;

GPtrArray *conffile_parse(const char *text); /* of ConfLine *, freed with the array */
/* The line that reads back as exactly these: any text, newlines and quotes included. Caller frees. */
char *conffile_line(const char *name, const char *text);
