/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: one domain and one sentence. */
#include "api/error.h"

G_DEFINE_QUARK(sotto_fault, fault)

static const char *const words[] = {
	[FAULT_INPUT] = "input",
	[FAULT_OFFLINE] = "offline",
	[FAULT_NETWORK] = "network",
	[FAULT_PEER] = "peer",
	[FAULT_TRUST] = "trust",
	[FAULT_STORE] = "store",
	[FAULT_BUSY] = "busy",
	[FAULT_GONE] = "gone",
};

bool
fault(GError **error, enum fault code, const char *format, ...)
{
	va_list list;

	/* The first reason is the one that counts. */
	if (!error || *error)
		return false;
	va_start(list, format);
	*error = g_error_new_valist(FAULT, code, format, list);
	va_end(list);
	return false;
}

const char *
fault_word(const GError *error)
{
	if (!error || error->domain != FAULT || error->code < 0 || error->code >= (int)G_N_ELEMENTS(words))
		return "other";
	return words[error->code];
}
