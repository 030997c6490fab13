/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts and contacts, as plugins see them. */
#pragma once

#include "stanza.h"

typedef struct Account Account; /* lives until it is removed by the user; keep its JID, not the pointer, over time */
typedef struct Contact Contact; /* borrowed, valid until the main loop turns */

PUBLIC Account *account_find(const char *bare_jid); /* NULL if there is none */
PUBLIC Account *account_of(const Stream *stream);   /* never NULL inside hooks and answers */
PUBLIC const GPtrArray *account_list(void);         /* of Account *, in the order of their adding */
PUBLIC const char *account_jid(const Account *account);
PUBLIC Stream *account_stream(Account *account); /* never NULL; may be offline */
PUBLIC bool account_online(const Account *account);

enum subscription { SUBSCRIPTION_NONE, SUBSCRIPTION_TO, SUBSCRIPTION_FROM, SUBSCRIPTION_BOTH };

/* NULL when the bare JID is not on the roster. */
PUBLIC const Contact *contact_find(const Account *account, const char *jid);
PUBLIC const char *contact_jid(const Contact *contact);
PUBLIC const char *contact_name(const Contact *contact); /* the roster's name, else the JID; remote text */
PUBLIC enum subscription contact_subscription(const Contact *contact);
/* May this address learn that we are here? Only who sees our presence now: not strangers, the blocked, those whom we merely see,
 * and nobody while we are invisible, but whom we showed ourselves; our own devices always. */
PUBLIC bool contact_sees_us(const Account *account, const char *jid);
/* Calls visit for every contact of the roster. */
PUBLIC void contact_each(const Account *account, void (*visit)(const Contact *contact, gpointer data), gpointer data);
/* Say yes to a contact who asked to see our presence (EVENT_SUBSCRIPTION "request"). */
PUBLIC bool contact_accept(Account *account, const char *jid, GError **error);
