/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: a row names the variable that it sets, so code reads a typed variable and cannot misspell it. */
#pragma once

#include "public.h"

enum option_type {
	OPTION_BOOL,   /* bool */
	OPTION_INT,    /* int, between min and max */
	OPTION_CHOICE, /* int: index into choices */
	OPTION_TEXT,   /* char *, never NULL once loaded; owned by the settings */
};

struct option {
	const char *name; /* "chat.receipts" */
	enum option_type type;
	void *value;         /* the variable */
	const char *initial; /* as the user would type it */
	int min, max;
	const char *const *choices; /* NULL-terminated */
	const char *summary;        /* one line */
	const char *help;           /* paragraphs for the manual; NULL */
	/* Refuses, with a reason, a text that would do nothing good. NULL: takes any. */
	bool (*check)(const char *text, GError **error);
};
