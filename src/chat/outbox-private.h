/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the outbox, for its own files only: lanes, jobs and the stages they go through. */
#pragma once

#include "api/error.h"
#include "chat/convo.h"
#include "chat/message.h"
#include "chat/outbox.h"

enum lane_state {
	LANE_FREE,
	LANE_PREPARING, /* the provider looks for keys */
	LANE_ASKING,    /* a person is asked: never times out */
	LANE_STUCK,     /* until outbox_retry() */
	LANE_RETRY,     /* a timer runs */
};

/* The messages of one conversation that wait for their turn. */
struct lane {
	Conversation *conv;
	enum lane_state state;
	GQueue jobs;
	bool pumping;
	guint timer, delay, question;
	const struct e2ee_provider *asked; /* while PREPARING */
	guint serial;                      /* of that question */
};

/* What an answer of prepare() belongs to; the provider may be gone meanwhile. */
struct ticket {
	guint64 job;
	guint serial;
};

enum how { HOW_OPEN, HOW_SEALED, HOW_READABLE };

/* One message on its way. */
struct job {
	guint64 id;
	gint64 row; /* in the outbox table */
	Message *message;
	struct lane *lane;
	guint stage;
	bool answered; /* by prepare */
	enum e2ee_readiness readiness;
	char *sentence;
	enum how how;
	char *stanza; /* final */
	guint64 sequence;
	char *session;
	const char *sealed_by; /* what the stanza really is, to be told after it is written */
	enum trust sealed_trust;
	bool untold;
	bool inherited; /* an earlier process may have written it */
	bool doubtful;  /* written in a session that is gone: the archive will tell */
};

enum step { STEP_NEXT, STEP_WAIT, STEP_FAILED };
enum { STAGE_ENCODE = 2, STAGE_SEND = 5, STAGES }; /* in the array of stages */

/* outbox.c */
struct lane *lane_of(Conversation *conv);
GPtrArray *lanes_of(const char *account, const char *peer); /* a list of their own: pumping may add one */
void lane_free_up(struct lane *lane);                       /* whatever it waits for is tried again */
void lane_pump(struct lane *lane);
GQueue *unacked_of(const char *account);
struct job *job_new(Message *message, struct lane *lane); /* takes message */
void job_know(struct job *job);                           /* by its wire id */
struct job *job_find(guint64 id);                         /* NULL when it is gone */
struct job *job_of_wire_id(const char *account, const char *wire_id);
Stream *job_stream(const struct job *job);                                     /* NULL while offline */
void job_close(struct job *job, enum message_state state, const char *reason); /* out of the outbox, for good */
void job_fail(struct job *job, const GError *reason);

/* waiting.c */
enum step wait_in(struct lane *lane, enum lane_state state);
enum step wait_and_retry(struct job *job, const char *reason);
void ask_provider(struct job *job, const struct e2ee_provider *provider); /* job->answered, now or later */

/* stages.c: filter, keep (both at once), encode, prepare, seal, send */
extern enum step (*const outbox_stages[STAGES])(struct job *job, GError **error);
