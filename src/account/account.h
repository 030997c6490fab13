/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: configuration, stream and roster of each of our addresses. */
#pragma once

#include "api/account.h"
#include "api/error.h"
#include "api/event.h"
#include "api/secret.h"

void account_init(void); /* the rows of this layer, and what the layers below ask of it */

bool accounts_load(GError **error); /* from the store; connects none */
void accounts_unload(void);         /* disconnects and frees all */
void accounts_autoconnect(void);
void accounts_set_active(bool active); /* is a person looking? (XEP-0352) */

/* This, account_set() and account_remove() are on the disk when they succeed. */
Account *account_add(const char *jid, GError **error);
bool account_remove(Account *account, GError **error);
/* The options of /account set: the rows of account_options. */
extern const struct account_option {
	const char *name, *summary;
	const char *const *choices; /* NULL: free text */
	/* A value as it is kept, or NULL with an error; NULL: any text. Caller frees. */
	char *(*check)(const char *value, GError **error);
} account_options[];
/* value NULL or "" takes the option back. */
bool account_set(Account *account, const char *option, const char *value, GError **error);
const char *account_get(const Account *account, const char *option); /* NULL if unset */
void account_connect(Account *account);
void account_disconnect(Account *account);
Account *account_default(void); /* the only one, else the first that is online; NULL */

/* How its connection is, and the sentence that came with it ("" if none). */
enum connection_state account_state(const Account *account);
const char *account_reason(const Account *account);
char **account_tls(const Account *account);   /* lines for /tls; caller frees with g_strfreev */
char **account_asked(const Account *account); /* what others asked, and what we said; caller frees with g_strfreev */
void account_reset_auth(Account *account);    /* forget the remembered strength of its login */
/* Does our own account or our server announce this feature? Known from a little after the first login on. */
bool account_has_feature(const Account *account, const char *feature);

/* Set once by who can ask a person: ask for the password unseen and answer with account_give_password(). refused: the server did
 * not take the last one. */
void account_on_password(void (*asker)(Account *account, bool refused));
/* Answer to a password question, NULL gives up; keep stores it as soon as the server has taken it. Without keep the person is
 * asked then. */
void account_give_password(Account *account, const Secret *password, bool keep);

/* Small things remembered per account in the store (struct stream_memory is built on them). */
char *memory_get(const char *account, const char *key);
void memory_put(const char *account, const char *key, const char *value);
