/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of an account and of a contact, for the files of this folder only. */
#pragma once

#include "account/account.h"
#include "account/contact.h"
#include "account/features.h"
#include "xmpp/roster.h"
#include "xmpp/stream.h"

struct Account {
	char *jid;
	GHashTable *options; /* name -> value */
	Stream *stream;

	enum connection_state state;
	char *reason;
	bool was_online; /* in this process */

	Secret *password; /* of this run: typed, or from the command */
	enum password_step {
		PASSWORD_IDLE,
		PASSWORD_RUNNING, /* the command runs, or a person is asked */
		PASSWORD_AGAIN,   /* a person is asked since the server refused the last one */
	} password_step;
	bool password_given;     /* to the stream, and no login came of it yet */
	bool password_typed;     /* by a person, and not kept yet */
	bool password_keep;      /* as soon as the server took it */
	bool password_refused;   /* the server did not take the last one */
	guint password_question; /* keep it? */

	char *show, *status; /* what the user wants to be seen as */
	bool announced;      /* presence is out: contacts know that we are here */
	bool presence_due;   /* changed while the stream was away */
	GHashTable *shown;   /* set of JIDs that alone were told that we are here, in this session */

	GHashTable *contacts; /* bare JID -> Contact, owned */
	GHashTable *blocked;  /* set of JIDs */
	GHashTable *allowed;  /* set of JIDs that we added: when they ask, the answer is yes */
	GPtrArray *requests;  /* of char * */
	guint generation;     /* of the last whole roster */
	GPtrArray *unkept;    /* JIDs whose rows are not as their contacts are; NULL: none */
	char *version_due;    /* of the roster, when all of them are kept */
	guint keep_timer;
	guint burst; /* requests since the timer was set */
	guint burst_timer;
};

struct resource {
	struct resource *next; /* the less good ones */
	const char *show;      /* a word of ours */
	char *status;          /* NULL: none */
	struct capset *caps;   /* a reference; NULL: none known */
	int priority;
	char full[]; /* JID */
};

struct Contact {
	Account *account;
	char *name;                 /* NULL: none */
	char **groups;              /* NULL: none */
	struct resource *resources; /* best first */
	guint generation;
	guint8 subscription; /* enum subscription */
	bool pending_out;
	char jid[];
};

/* account.c, options.c, memory.c */
extern const struct stream_memory account_memory;
void account_apply_options(Account *account, const char *changed);

/* password.c: what the stream asks for */
void password_wanted(Stream *stream);
void password_taken(Account *account);
void password_failed(Account *account); /* the connection did */
void password_forget(Account *account);

/* contact.c: the table of contacts */
Contact *contact_lookup(const Account *account, const char *bare_jid);
Contact *contact_make(Account *account, const char *jid);
bool contact_keep(const Contact *contact, GError **error);                    /* its row */
bool contact_forget(const Account *account, const char *jid, GError **error); /* no row any more */
void contact_free(gpointer contact);
void contacts_load(Account *account);
void contacts_free(Account *account);
void contact_tell(const Contact *contact, bool removed); /* EVENT_ROSTER */

/* book.c: the roster between server and store */
extern const struct stanza_hook book_hooks[];
void book_fetch(Account *account, void (*then)(Account *account));
void book_finish(Account *account); /* what waits to be kept is kept now */
void book_drop(Account *account);   /* it is not kept at all */

/* subscription.c */
void requests_load(Account *account);
bool subscription_allow(Account *account, const char *jid, GError **error);
bool subscription_disallow(Account *account, const char *jid, GError **error);
bool subscription_take(Account *account, const char *type, const char *bare_jid);

/* blocked.c */
extern const struct stanza_hook blocked_hooks[];
void blocked_load(Account *account);
void blocked_fetch(Account *account);

/* presence.c */
extern const struct stanza_hook presence_hooks[];
void presence_init(void);
void presence_announce(Account *account);
void presence_leave(Account *account);  /* before the stream ends */
void presence_recall(Account *account); /* the session goes on, but this process has not seen it */
void presence_clear(Account *account);  /* a new session: nobody is known to be there */
void contact_clear_resources(Contact *contact);

/* session.c */
extern const struct event_watch online_watches[];
