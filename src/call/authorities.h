/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authorities that an account trusts beside those of the system, as sotto-media is told of them. */
#pragma once

#include "account/account.h"

/* What ca_file of the account holds, certificates only, as PEM; "" where there is none, or account is NULL. */
char *authorities_read(const Account *account);
/* Of a file: "" with a line in the log where it cannot be used. */
char *authorities_text(const char *file);
