/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a person means: names and beginnings of addresses to addresses. */
#pragma once

#include "api/account.h"

/* A JID, a roster name or the part before the @, where only one contact fits: its bare JID. Looked for on *account first, then
 * on the others; *account becomes the one that knows it. Caller frees. */
char *names_contact(const char *word, Account **account, GError **error);
Account *names_account(const char *word, GError **error);
/* The account that is named, else the one that is seen, else the only or default one, also while it is offline. */
Account *names_account_or_default(const char *jid, Account *seen, GError **error);
/* What its state is called. */
const char *names_state(const Account *account);
