/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verification: comparing the keys of both sides, deciding about them and looking back, for whichever provider seals. */
#include "verify.h"

#include <string.h>

/* ---- history ---- */

static char *
day_of(gint64 at)
{
	g_autoptr(GDateTime) utc = at ? g_date_time_new_from_unix_local(at / G_USEC_PER_SEC) : NULL;

	return utc ? g_date_time_format(utc, "%Y-%m-%d %H:%M") : g_strdup("-");
}

static bool
show_history(const struct cmd_call *call, const char *peer)
{
	g_autoptr(GPtrArray) list = e2ee_history(call->account, peer);

	if (!list->len)
		reply_print(call->reply, "no key of %s was ever seen", peer);
	for (guint i = 0; i < list->len; i++) {
		const Identity *identity = g_ptr_array_index(list, i);
		g_autofree char *blocks = show_blocks(identity->fingerprint);
		g_autofree char *first = day_of(identity->first_seen);
		g_autofree char *last = day_of(identity->last_used);

		reply_print(call->reply, "%s  device %u  %s%s  learnt from: %s, last used %s", first, identity->device,
			identity->this_device ? "this device" : trust_word(identity->trust),
			identity->active || identity->this_device ? "" : ", gone", identity->learnt ? identity->learnt : "-", last);
		reply_print_plain(call->reply, blocks);
	}
	return true;
}

/* ---- commands ---- */

static const char *
peer_of(const struct cmd_call *call, GError **error)
{
	const struct talk *talk = talk_with(account_jid(call->account), NULL);

	if (call->args[0])
		return call->args[0];
	if (call->conversation)
		return convo_peer(call->conversation);
	if (talk)
		return talk->peer;
	return fault_null(error, FAULT_INPUT, "whom? - /%s CONTACT", call->cmd->name);
}

static guint32
device_of(const struct cmd_call *call)
{
	return call->args[2] ? (guint32)g_ascii_strtoull(call->args[2], NULL, 10) : 0;
}

static bool
run_verify(const struct cmd_call *call, GError **error)
{
	const char *decision = call->args[1], *link = call->args[3];
	const char *peer = link ? NULL : peer_of(call, error);
	const struct talk *talk = peer ? talk_with(account_jid(call->account), peer) : NULL;
	guint32 device = device_of(call);

	if (link)
		return take_link(call, link, error);
	if (!peer)
		return false;
	if (!decision && talk) {
		talk_show(call->reply, talk);
		return true;
	}
	if (!decision || strcmp(decision, "keys") == 0)
		return show(call, peer, error);
	if (strcmp(decision, "history") == 0)
		return show_history(call, peer);
	if (strcmp(decision, "qr") == 0 || strcmp(decision, "code") == 0) {
		g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);

		show_codes(call->reply, peer, list, device_of(call), NULL);
		return true;
	}
	/* Voices were compared for one key; what was looked at before the call is another matter. */
	if (talk && !device)
		device = talk_meant(talk);
	return decide(&(struct decision){ call->reply, call->account, peer,
			      strcmp(decision, "yes") == 0 ? TRUST_VERIFIED : TRUST_UNTRUSTED, device },
		error);
}

static bool
run_trust(const struct cmd_call *call, GError **error)
{
	const char *peer = peer_of(call, error), *decision = call->args[1];

	if (!peer)
		return false;
	if (!decision || strcmp(decision, "list") == 0) {
		g_autoptr(GPtrArray) list = e2ee_identities(call->account, peer);

		show_keys(call->reply, account_jid(call->account), peer, list, shown_of(account_jid(call->account), peer, true));
		return true;
	}
	return decide(&(struct decision){ call->reply, call->account, peer,
			      strcmp(decision, "yes") == 0 ? TRUST_TRUSTED : TRUST_UNTRUSTED, device_of(call) },
		error);
}

static const char *const verify_choices[] = { "yes", "no", "keys", "qr", "code", "history", NULL };
static const struct arg verify_args[] = {
	{ .name = "contact", .type = ARG_CONTACT, .optional = true },
	{ .name = "decision", .type = ARG_CHOICE, .optional = true, .choices = verify_choices },
	{ .name = "device", .type = ARG_DEVICE, .optional = true },
	{ .name = "link", .type = ARG_WORD, .optional = true },
	{ NULL },
};
static const char *const verify_examples[] = { "/verify bob", "/verify bob yes", "/verify bob no 1969941428", "/verify bob history",
	NULL };

static const char *const trust_choices[] = { "yes", "no", "list", NULL };
static const struct arg trust_args[] = {
	{ .name = "contact", .type = ARG_CONTACT, .optional = true },
	{ .name = "decision", .type = ARG_CHOICE, .optional = true, .choices = trust_choices },
	{ .name = "device", .type = ARG_DEVICE, .optional = true },
	{ NULL },
};
static const char *const trust_examples[] = { "/trust bob", "/trust bob yes 1969941428", NULL };

static void
complete_device(
	const struct cmd_call *call, int arg, const char *prefix, void (*add)(const char *word, gpointer data), gpointer data)
{
	const char *peer = call->args[0] ? call->args[0] : call->conversation ? convo_peer(call->conversation) : NULL;
	g_autoptr(GPtrArray) list = arg == 2 && peer && call->account ? e2ee_identities(call->account, peer) : NULL;

	(void)prefix;
	for (guint i = 0; list && i < list->len; i++) {
		g_autofree char *device = g_strdup_printf("%u", ((const Identity *)g_ptr_array_index(list, i))->device);

		add(device, data);
	}
}

static const struct cmd cmds[] = {
	{ .name = "verify",
		.args = verify_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "Compare keys with a contact, to find out whether somebody is in between",
		.help = "Shows the keys of both sides as hex blocks, as words to read aloud and as pictures for a camera. With yes "
			"or no you say what the comparison gave; without a device all that were shown are meant. In a terminal a "
			"yes "
			"to a key that was never shown asks once more. After the first yes, new devices of that contact get "
			"nothing "
			"until you decide. A link from another client (xmpp:JID?...) is compared for you. qr draws the picture of "
			"one "
			"device, of your own with your own address. history shows every key ever seen. During a call with them: "
			"four words that both of you see, in place of the keys (keys shows those); a yes is about the device of "
			"the call.",
		.examples = verify_examples,
		.run = run_verify,
		.complete = complete_device },
	{ .name = "trust",
		.args = trust_args,
		.needs = NEEDS_ACCOUNT,
		.summary = "List the devices of a contact, or say which may read what you write",
		.help = "yes lets a device read without the key having been compared, no shuts it out. To say that you compared "
			"it, use /verify.",
		.examples = trust_examples,
		.run = run_trust,
		.complete = complete_device },
	{ NULL },
};

static void
stop(void)
{
	decide_stop();
	shown_forget();
	talks_forget();
}

PLUGIN = {
	PLUGIN_HEAD,
	.flags = PLUGIN_DEFAULT,
	.name = "verify",
	.summary = "Compare keys in words, blocks and pictures, and decide whom to trust",
	.stop = stop,
	.cmds = cmds,
	.events = talks_watches,
};
