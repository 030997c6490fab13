/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: one domain, a code only where a caller branches, one sentence for a person. */
#pragma once

#include "public.h"

#define FAULT fault_quark()

enum fault {
	FAULT_INPUT,   /* what the user, a file or a script gave us is wrong */
	FAULT_OFFLINE, /* needs a connection */
	FAULT_NETWORK, /* the connection or a name failed */
	FAULT_PEER,    /* the other side or the server refused, or broke the protocol */
	FAULT_TRUST,   /* a certificate, key or device is not trusted */
	FAULT_STORE,   /* disk or database */
	FAULT_BUSY,    /* not now: something is under way, or a limit is reached */
	FAULT_GONE,    /* what was named does not exist (any more) */
};

PUBLIC GQuark fault_quark(void);

/* Set *error (which may be NULL) to a sentence without full stop. Always returns false, so that
 * "return fault(error, ...)" reads well; functions that return pointers use fault_null(). */
PUBLIC bool fault(GError **error, enum fault code, const char *format, ...) G_GNUC_PRINTF(3, 4);
#define fault_null(...) (fault(__VA_ARGS__), NULL)

/* The stable word for scripts: "input", "offline", ...; "other" for errors of another domain. */
PUBLIC const char *fault_word(const GError *error);
