/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the outbox: what is on its way and must survive the process. */
#pragma once

#include "api/message.h"

typedef struct OutboxRow {
	gint64 row;
	gint64 message;   /* its archive row */
	char *stanza;     /* final XML when sealed or encoded; NULL: restart at encode */
	guint64 sequence; /* XEP-0198 count of the stanza; 0: never written */
	char *session;    /* the 0198 session it was written in */
} OutboxRow;
void outbox_row_free(OutboxRow *row);

gint64 outbox_table_add(const char *account, gint64 message, GError **error);
bool outbox_table_set_stanza(gint64 row, const char *stanza, guint64 sequence, const char *session, GError **error);
GPtrArray *outbox_table_list(const char *account, GError **error); /* in order of adding */
bool outbox_table_remove(gint64 row, GError **error);
