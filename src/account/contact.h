/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts: the roster as a user sees it, with presence. */
#pragma once

#include "api/account.h"

const char *const *contact_groups(const Contact *contact); /* NULL-terminated */
const char *contact_presence(const Contact *contact);      /* offline, online, away, xa, dnd, chat: of its best resource */
const char *contact_status(const Contact *contact);        /* remote text, "" */
bool contact_pending_out(const Contact *contact);          /* we asked, they have not answered */
const char *contact_best_resource(const Contact *contact); /* full JID, NULL when offline */
guint contact_count(const Account *account);
bool contact_blocked(const Account *account, const char *jid);
/* Best resource first. */
void contact_each_resource(const Contact *contact,
	void (*visit)(const char *full_jid, const char *show, const char *status, int priority, gpointer data), gpointer data);

/* The server's answer to a change: error is NULL when it is done. Called once, unless the function returned false. May be NULL. */
typedef void (*contact_done)(const GError *error, gpointer data);
/* On the roster, we ask to see them, and their asking back is granted by itself. */
bool contact_add(
	Account *account, const char *jid, const char *name, const char *group, contact_done done, gpointer data, GError **error);
bool contact_remove(Account *account, const char *jid, contact_done done, gpointer data, GError **error);
bool contact_rename(Account *account, const char *jid, const char *name, contact_done done, gpointer data, GError **error);
/* In exactly these groups from now on, NULL-terminated. */
bool
contact_set_groups(Account *account, const char *jid, const char *const *groups, contact_done done, gpointer data, GError **error);
bool contact_block(Account *account, const char *jid, bool block, contact_done done, gpointer data, GError **error);
GPtrArray *contact_blocked_list(const Account *account); /* of char *, sorted; caller frees with g_ptr_array_unref */

bool contact_refuse(Account *account, const char *jid, GError **error); /* their request, or what was granted before */
/* JIDs that asked to see our presence and wait for an answer, oldest first. */
const GPtrArray *contact_requests(const Account *account);

/* Our own presence. show: online, away, xa, dnd, chat, invisible. Offline it counts from the next login on. */
bool presence_set(Account *account, const char *show, const char *status, GError **error);
/* While invisible, or to somebody who may not see us: this one address sees us until we leave or it is taken back. */
bool presence_show_to(Account *account, const char *jid, bool on, GError **error);
const char *presence_show(const Account *account);
const char *presence_status(const Account *account); /* "" */
/* Does any online resource of the contact (or this one, for a full JID) announce this feature (by verified caps)? */
bool contact_has_feature(const Account *account, const char *jid, const char *feature);
