/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: configuration, stream and roster of each of our addresses. */
#pragma once

#include "api/account.h"
#include "api/error.h"
#include "api/secret.h"

bool accounts_load(GError **error); /* from the store; connects none */
void accounts_unload(void);         /* disconnects and frees all */
void accounts_autoconnect(void);

Account *account_add(const char *jid, GError **error);
bool account_remove(Account *account, GError **error);
/* The options of /account set: the rows of account_options. */
extern const struct account_option {
	const char *name, *summary;
	const char *const *choices; /* NULL: free text */
} account_options[];
bool account_set(Account *account, const char *option, const char *value, GError **error);
const char *account_get(const Account *account, const char *option); /* NULL if unset */
void account_connect(Account *account);
void account_disconnect(Account *account);
/* Answer to a password question; keep stores it. */
void account_give_password(Account *account, const Secret *password, bool keep);
Account *account_default(void); /* the only one, else the first that is online; NULL */

/* Small things remembered per account in the store (struct stream_memory is built on them). */
char *memory_get(const char *account, const char *key);
void memory_put(const char *account, const char *key, const char *value);
