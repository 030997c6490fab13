/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message archive queries (XEP-0313 with 0059). Results arrive as messages through the route; mam_expected() is their gate. */
#pragma once

#include "api/iq.h"

#define MAM_NS "urn:xmpp:mam:2"

struct mam_query {
	const char *with;                 /* bare JID, NULL: all */
	const char *start;                /* XEP-0082 time, NULL */
	const char *after_id, *before_id; /* RSM; before_id "" is the last page */
	guint max;
};
struct mam_page {
	const char *first_id, *last_id; /* NULL when the page is empty */
	bool complete;
	guint count;
};
typedef void (*mam_done)(Stream *stream, const struct mam_page *page, const GError *error, gpointer data);
void mam_query(Stream *stream, const struct mam_query *query, mam_done done, gpointer data, GDestroyNotify data_free);
/* True for a <result queryid> of a running query, from the archive that was asked. */
bool mam_expected(Stream *stream, const char *from, const char *queryid);
