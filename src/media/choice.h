/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where sound and picture come from and go to, as the options say it. */
#pragma once

#include "api/error.h"

enum choice_kind { CHOICE_NONE, CHOICE_AUTO, CHOICE_DEVICE, CHOICE_TEST, CHOICE_FILE, CHOICE_ECHO };

struct choice {
	enum choice_kind kind;
	const char *device; /* CHOICE_DEVICE; borrowed from the text */
	int fd;             /* CHOICE_FILE: borrowed, else -1 */
};

/* fds: count descriptors that came along, "fd:N" is one of them. */
bool choice_read(const char *text, const int *fds, guint count, struct choice *choice, GError **error);
