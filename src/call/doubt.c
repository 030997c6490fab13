/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A doubt about the keys of a call, which a person may lift for this one. */
#include "api/ask.h"
#include "call/call.h"

#include <string.h>

static const char *const choices_out[] = { "cancel", "call", NULL };
static const char *const choices_in[] = { "refuse", "take", NULL };

static void
on_choice(const char *choice, gpointer data)
{
	Call *call = call_by_id(GPOINTER_TO_UINT(data));

	if (!call || !call->keys_due || call->state == STATE_ENDED)
		return;
	call->question = 0;
	call->keys_due = false;
	if (g_strcmp0(choice, call->incoming ? choices_in[1] : choices_out[1]) != 0 || !keys_allow(call->keys)) {
		call_fail(call, call->state == STATE_PREPARING ? "cancel" : "security-error", "the call was not %s",
			call->incoming ? "taken" : "made");
		call_step(call, INPUT_FAIL, NULL);
		return;
	}
	call_step(call, INPUT_KEYS, NULL);
}

void
doubt_ask(Call *call, const GError *why)
{
	g_autofree char *text = g_strdup_printf("%s: %s anyway?", why->message, call->incoming ? "take the call" : "call");

	call->keys_due = true;
	call->question = ask(call->account, call->peer, text, call->incoming ? choices_in : choices_out, on_choice,
		GUINT_TO_POINTER(call->id), NULL);
}
