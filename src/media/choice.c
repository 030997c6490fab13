/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auto | device:ID | test | fd:N | none | echo */
#include "media/choice.h"

#include <string.h>

static const struct {
	const char *word;
	enum choice_kind kind;
} words[] = {
	{ "none", CHOICE_NONE },
	{ "auto", CHOICE_AUTO },
	{ "test", CHOICE_TEST },
	{ "echo", CHOICE_ECHO },
	{ "", CHOICE_NONE },
};

bool
choice_read(const char *text, const int *fds, guint count, struct choice *choice, GError **error)
{
	guint64 n;

	*choice = (struct choice){ .fd = -1 };
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(text, words[i].word)) {
			choice->kind = words[i].kind;
			return true;
		}
	if (g_str_has_prefix(text, "device:")) {
		choice->kind = CHOICE_DEVICE;
		choice->device = text + strlen("device:");
		return true;
	}
	if (g_str_has_prefix(text, "fd:") && g_ascii_string_to_unsigned(text + strlen("fd:"), 10, 0, count - 1, &n, NULL) &&
		fds[n] >= 0) {
		choice->kind = CHOICE_FILE;
		choice->fd = fds[n];
		return true;
	}
	return fault(error, FAULT_INPUT, "\"%s\" is no source or sink - use auto, device:ID, test, file:PATH or none", text);
}
