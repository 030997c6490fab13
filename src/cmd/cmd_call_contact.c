/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for all calls with one contact: who learns which address, and whether a seal is a must. */
#include "account/account.h"
#include "api/ask.h"
#include "api/error.h"
#include "api/jid.h"
#include "call/calls.h"
#include "chat/convo.h"
#include "cmd/cmd.h"

static bool
run_address(const struct cmd_call *call, GError **error)
{
	static const char *const words[] = {
		[CALL_ADDRESS_RELAY] = "calls with %s go through a relay: they do not learn your address",
		[CALL_ADDRESS_ASK] = "before a call with %s tells them your address, you are asked",
		[CALL_ADDRESS_DIRECT] = "calls with %s go the direct way: each side learns the other's address",
	};
	const char *peer = call->args[0];

	if (call->args[1] && !call_set_address(call->account, peer, call->args[1], error))
		return false;
	reply_print(call->reply, words[call_address_for(call->account, peer)], peer);
	return true;
}

/* ---- must it be sealed ---- */

static void
switched_off(const char *choice, gpointer data)
{
	char **names = data;
	Account *account = account_find(names[0]);

	if (!g_strcmp0(choice, "yes") && account)
		call_set_sealing(account, names[1], false);
}

static void
ask_to_switch_off(const char *account, const char *peer)
{
	static const char *const choices[] = { "no", "yes", NULL };
	const char *names[] = { account, peer, NULL };
	g_autofree char *text =
		g_strdup_printf("forget that %s sealed calls before? Somebody in between can then take the seal of a "
				"call away and listen; only its second line would say so",
			peer);

	ask(account, peer, text, choices, switched_off, g_strdupv((char **)names), (GDestroyNotify)g_strfreev);
}

static bool
run_encrypt(const struct cmd_call *call, GError **error)
{
	const char *peer = call->args[1];
	Account *account = call->account;

	if (!peer && !call->conversation)
		return fault(error, FAULT_INPUT, "name whose calls are meant, or open the chat first");
	if (!peer) {
		peer = convo_peer(call->conversation);
		account = convo_account(call->conversation);
	}
	g_autofree char *bare = jid_bare(peer);
	bool sealed = call_sealing(account, bare);
	if (!g_strcmp0(call->args[0], "off") && sealed) {
		ask_to_switch_off(account_jid(account), bare);
		return true;
	}
	if (!g_strcmp0(call->args[0], "on"))
		call_set_sealing(account, bare, sealed = true);
	reply_print(call->reply,
		sealed ? "calls with %s must be sealed: one without is refused"
		       : "calls with %s are sealed as soon as they have keys",
		bare);
	return true;
}

/* ---- rows ---- */

static const char *const on_off[] = { "on", "off", NULL };
static const char *const addresses[] = { "relay", "ask", "direct", NULL };

const struct cmd cmd_call_contact_rows[] = {
	{ .name = "call address",
		.args = (const struct arg[]){ { "contact", ARG_CONTACT, false, NULL },
			{ "relay|ask|direct", ARG_CHOICE, true, addresses }, { 0 } },
		.needs = NEEDS_ACCOUNT,
		.summary = "Say whether a contact may learn your network address by a call",
		.help = "relay: never, calls go through the relay of your server. direct: yes, which is the shortest way. ask: you "
			"are asked each time. Without a word it tells what is so; call.address holds for all others.",
		.examples = (const char *const[]){ "/call address bob direct", NULL },
		.run = run_address },
	{ .name = "call encrypt",
		.args = (const struct arg[]){ { "on|off", ARG_CHOICE, true, on_off }, { "contact", ARG_CONTACT, true, NULL },
			{ 0 } },
		.needs = NEEDS_ACCOUNT,
		.summary = "Show or say whether calls with a contact must be sealed",
		.help = "Who sealed a call once cannot come without a seal any more: somebody in between could have taken it away. "
			"off "
			"is for a contact who has no keys any more; it asks once and leaves a line in the chat. The next sealed "
			"call "
			"switches it on again.",
		.examples = (const char *const[]){ "/call encrypt", "/call encrypt off bob", NULL },
		.run = run_encrypt },
	{ 0 },
};
