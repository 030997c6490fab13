/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations, as the core uses them beyond api/chat.h. */
#pragma once

#include "api/chat.h"

void convos_load(void); /* after the accounts */
void convos_unload(void);
void convos_forget_account(const char *account); /* it was removed */
const GPtrArray *convo_list(void);               /* of Conversation *, newest first at load time, then in order of making */

const char *convo_title(const Conversation *conv);                             /* the contact's name or JID; remote text */
bool convo_set_seal(Conversation *conv, enum convo_seal seal, GError **error); /* /encrypt on|off */
/* The weakest trust among the devices that will read the next message; TRUST_NONE when readable. */
enum trust convo_trust(const Conversation *conv);
const char *convo_provider(const Conversation *conv); /* the name of who seals it, NULL if nobody did yet */
const char *convo_draft(const Conversation *conv);    /* "" */
void convo_set_draft(Conversation *conv, const char *draft);
/* The user has seen it up to now: unread becomes 0, a displayed marker goes out if it may. */
void convo_seen(Conversation *conv);
gint64 convo_read_line(const Conversation *conv);       /* sent_at up to which it was read when the window was last left */
void convo_left(Conversation *conv);                    /* the window was left: the read line moves to what was seen */
void convo_typing(Conversation *conv, bool typing);     /* chat states (XEP-0085) */
const char *convo_peer_state(const Conversation *conv); /* "composing", ... NULL */

/* Lines for a window: messages (of Message *), oldest first. before NULL: the newest. */
GPtrArray *convo_page(Conversation *conv, const Message *before, guint limit);
GPtrArray *convo_page_after(Conversation *conv, const Message *after, guint limit);
/* Ask the server's archive for older ones (page-up past the top); EVENT_CONVERSATION when it is done. False: nothing more there. */
bool convo_fetch_older(Conversation *conv);
/* True while a hole in what we know lies right before this message (the gap line). */
bool convo_gap_before(const Conversation *conv, const Message *message);
/* The message of ours that /correct means: that of this id, or the last one (NULL). */
Message *convo_correctable(Conversation *conv, const char *id, GError **error);
/* Say the text of a failed message again, sealed anew: that of this id, or the last one of the conversation that was not said again
 * yet. conv may be NULL with an id.
 */
const Message *convo_resend(Conversation *conv, const char *id, GError **error);
/* What a message said before it was corrected, oldest first (of char *). */
GPtrArray *convo_old_bodies(const char *id, GError **error);
GPtrArray *convo_search(Conversation *conv, const char *words, guint limit); /* conv NULL: all */
bool convo_forget(Conversation *conv, GError **error);

/* ---- for chat itself ---- */

gint64 convo_row(const Conversation *conv); /* in the archive */
const char *convo_account_jid(const Conversation *conv);
/* Inside the transaction of the first sealed message; convo_was_sealed() tells it when that is committed. */
bool convo_keep_sealed(Conversation *conv, const char *provider, GError **error);
void convo_was_sealed(Conversation *conv, const char *provider);
gint64 convo_comes_after(const Conversation *conv, gint64 at); /* at, or what is later than all that was heard and read */
/* A message of the peer was kept: it counts as unread, and is what a displayed marker would name. */
void convo_received(Conversation *conv, const Message *message);
void convo_read_elsewhere(Conversation *conv, gint64 up_to); /* another device of ours displayed it */
void convos_were_read(const char *account);                  /* what a first login fetched was read elsewhere, long ago */
void convo_set_peer_state(Conversation *conv, const char *state);
/* Alert once for this word until convo_calm(): the same trouble is not told with every message. True the first time. */
bool convo_first_time(Conversation *conv, const char *word);
void convo_calm(Conversation *conv, const char *word);
void convo_changed(Conversation *conv); /* EVENT_CONVERSATION */
