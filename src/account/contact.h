/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts: the roster as a user sees it, with presence. */
#pragma once

#include "api/account.h"

const char *const *contact_groups(const Contact *contact);
const char *contact_presence(const Contact *contact);      /* offline, online, away, xa, dnd, chat: of its best resource */
const char *contact_status(const Contact *contact);        /* remote text, "" */
bool contact_pending_out(const Contact *contact);          /* we asked, they have not answered */
const char *contact_best_resource(const Contact *contact); /* full JID, NULL when offline */
guint contact_count(const Account *account);
bool contact_blocked(const Account *account, const char *jid);

bool contact_add(Account *account, const char *jid, const char *name, const char *group, GError **error);
bool contact_remove(Account *account, const char *jid, GError **error);
bool contact_refuse(Account *account, const char *jid, GError **error);
bool contact_block(Account *account, const char *jid, bool block, GError **error);
/* JIDs that asked to see our presence and wait for an answer. */
const GPtrArray *contact_requests(const Account *account);
/* Our own presence. show: online, away, xa, dnd, chat, invisible. */
bool presence_set(Account *account, const char *show, const char *status, GError **error);
const char *presence_show(const Account *account);
/* Does any online resource of the contact announce this feature (by verified caps)? */
bool contact_has_feature(const Account *account, const char *jid, const char *feature);
