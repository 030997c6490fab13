/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of catching up, for the files that it is made of. */
#pragma once

#include "chat/catchup.h"
#include "chat/holes.h"
#include "chat/place.h"

enum phase { PHASE_IDLE, PHASE_EXPECTED, PHASE_NEWEST, PHASE_FILL, PHASE_BACK, PHASE_AGAIN };

/* One account's way to now. */
struct catchup {
	char *account;
	enum phase phase;
	GHashTable *seen;    /* archive ids of the running page */
	GHashTable *borders; /* archive ids at which pages of this hole ended */
	guint stuck;         /* pages in a row that lead nowhere */
	gint64 page_at;      /* when the first of them was said */
	struct place place;
	bool met_known, not_opened, filled;
	bool done;      /* once in this process, and again after each connection that was not resumed */
	bool once_more; /* asked for while one was running */
	guint back_pages, lost_timer;
	guint tries, again_timer; /* in vain so far, and until the next one */
	char *lost_after;         /* what came after it could not be kept */
	GPtrArray *gaps;          /* of Gap *, those that are being filled, newest last */
	GPtrArray *held;          /* of Stanza *, the results of a page that is not whole yet */
	guint serial;             /* of the question whose answer counts */
	char *ahead;              /* that question starts here and was asked before the page in front of it was worked on */
};

struct catchup *catchup_find(const char *account);   /* NULL: nothing of it is known yet */
bool catchup_is_asking(const struct catchup *state); /* a question is with the archive */
void catchup_read_gaps(struct catchup *state);
Gap *catchup_gap(const struct catchup *state); /* the newest hole; NULL: none is left */
/* The newest page first; the holes follow by themselves. */
void catchup_ask_newest(struct catchup *state);
/* What could be had is there, and told. */
void catchup_end(struct catchup *state);
