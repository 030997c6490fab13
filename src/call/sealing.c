/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Must calls with a contact be sealed? One that was says yes; a person may say otherwise, and a line in the chat keeps that. */
#include "account/account.h"
#include "api/chat.h"
#include "call/keys-private.h"

bool
call_sealing(Account *account, const char *peer)
{
	g_autofree char *what = protection_sealed_key(peer), *value = memory_get(account_jid(account), what);

	return value != NULL;
}

void
call_set_sealing(Account *account, const char *peer, bool on)
{
	g_autofree char *what = protection_sealed_key(peer);
	Conversation *conv = convo_get(account, peer);

	if (call_sealing(account, peer) == on)
		return;
	memory_put(account_jid(account), what, on ? "yes" : NULL);
	if (conv)
		convo_note(conv, on ? "calls must be sealed from here on"
				    : "calls may come without a seal from here on, until one is sealed again: anyone between could "
				      "listen to those");
}
