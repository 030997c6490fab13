/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions and answers (RFC 6120 §8.2.3). An answer counts only if id and sender are those of the question. */
#pragma once

#include "stanza.h"

/* result: the <iq type='result'>; NULL with an error otherwise. The error's sentence names what the
 * peer said; iq_condition() gives the machine word. Called exactly once, also on time-out (60 s),
 * loss of the stream (FAULT_OFFLINE) and when asked while offline; never before iq_get/iq_set return. */
typedef void (*iq_done)(Stream *stream, const Element *result, const GError *error, gpointer data);

/* to NULL means our own account. Takes payload. data is freed by data_free (may be NULL) after done. */
PUBLIC void iq_get(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free);
PUBLIC void iq_set(Stream *stream, const char *to, Node *payload, iq_done done, gpointer data, GDestroyNotify data_free);

/* Inside a hook of an iq: answer it. payload may be NULL (taken). */
PUBLIC void iq_result(Stream *stream, const Element *iq, Node *payload);
PUBLIC void iq_error(Stream *stream, const Element *iq, const char *type, const char *condition);
/* The same with an application-specific condition beside it (RFC 6120 §8.3.4). */
PUBLIC void
iq_error_detail(Stream *stream, const Element *iq, const char *type, const char *condition, const char *detail, const char *ns);

/* The stanza error condition behind an error given to iq_done ("item-not-found"), or NULL. Valid until done returns. */
PUBLIC const char *iq_condition(const GError *error);
/* The application-specific condition beside it ("precondition-not-met"), or NULL; same life. */
PUBLIC const char *iq_condition_detail(const GError *error);
