/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stream management (XEP-0198): who has what, counted by us, and what a later process needs to resume. */
#pragma once

#include "xmpp/stream.h"

struct sm {
	char *id;   /* of the session, NULL without one */
	char *full; /* our full JID in it */
	bool resumable;
	bool fresh;      /* of an earlier process: what was sent then is not known here */
	guint64 saved;   /* handled, as it was given to the memory last */
	guint64 durable; /* and as it surely is there */
	guint64 handled; /* stanzas of the server */
	guint64 sent;    /* stanzas of ours */
	guint64 acknowledged;
	GQueue unacknowledged; /* of struct sm_kept *, oldest first; empty after a restart of the program */
	gsize bytes;           /* of them */
	bool counting;         /* between <enable/> or <resumed/> and the loss of the stream */
	bool resuming;         /* <resume/> was sent, and nothing came yet */
	bool asked;            /* our <r/> is open */
	bool lost;             /* what was handled was not kept: nothing counts until the link is cut */
	bool owing;            /* their <r/> is open: <a/> leaves when what was handled is durable */
};
struct sm_kept {
	guint64 sequence;
	char *xml;
};

void sm_forget(struct sm *sm, const char *account, const struct stream_memory *memory); /* no session any more */
void sm_clear(struct sm *sm);                                                           /* frees, and leaves the memory alone */
void sm_load(struct sm *sm, const char *account, const struct stream_memory *memory);
void sm_save(struct sm *sm, const char *account, const struct stream_memory *memory);
/* False when too much waits for an acknowledgement. */
bool sm_sent(struct sm *sm, const char *xml);
/* The link is gone, the session may be taken up again. */
void sm_pause(struct sm *sm);
/* The server's h, modulo 2^32; false when it claims what we never sent. */
bool sm_acknowledge(struct sm *sm, const char *h);
