/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for microphones, loudspeakers and cameras, and for trying them and
 * the network before a call. */
#include <string.h>

#include "account/account.h"
#include "account/contact.h"
#include "api/error.h"
#include "api/option.h"
#include "base/table.h"
#include "call/calls.h"
#include "cmd/cmd.h"

enum { TEST_SECONDS = 8, TEST_SECONDS_MAX = 60 };

/* ---- devices and tests ---- */

static void
print_devices(const struct call_device *devices, guint n, const GError *error, gpointer data)
{
	static const struct {
		const char *what, *heading;
	} kinds[] = { { "audio-source", "microphones" }, { "audio-sink", "loudspeakers" }, { "video-source", "cameras" } };
	Reply *reply = data;

	if (error)
		reply_fail(reply, error);
	for (guint kind = 0; !error && kind < G_N_ELEMENTS(kinds); kind++) {
		guint found = 0;

		for (guint i = 0; i < n; i++) {
			if (strcmp(devices[i].what, kinds[kind].what))
				continue;
			if (!found++)
				reply_print(reply, "%s (%s):", kinds[kind].heading, kinds[kind].what);
			reply_print(reply, "  device:%s  %s%s", devices[i].id, devices[i].name,
				devices[i].is_default ? "  (default)" : "");
		}
		if (!found)
			reply_print(reply, "no %s (%s)", kinds[kind].heading, kinds[kind].what);
	}
	reply_unref(reply);
}

static bool
run_devices(const struct cmd_call *call, GError **error)
{
	(void)error;
	call_devices(print_devices, reply_ref(call->reply));
	return true;
}

/* What an option of the same kind takes. */
static bool
fits_option(const char *option, const char *value, GError **error)
{
	const struct option *row = table_find(TABLE_OPTIONS, option);

	return !row || !row->check || row->check(value, error);
}

static bool
switch_device(const struct cmd_call *call, const char *what, const char *option, const char *name, GError **error)
{
	const char *value = call->args[0];
	guint id = call_current();

	if (!fits_option(option, value, error))
		return false;
	if (!id)
		return fault(error, FAULT_GONE, "there is no call: /set %s %s chooses for all to come", option, value);
	if (!call_device(id, what, value, error))
		return false;
	reply_print(call->reply, "%s: %s", name, value);
	return true;
}

static bool
run_audio_source(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "audio-source", "call.audio_source", "microphone", error);
}

static bool
run_audio_sink(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "audio-sink", "call.audio_sink", "loudspeaker", error);
}

static bool
run_video_source(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "video-source", "call.video_source", "camera", error);
}

static void
print_step(const char *text, bool good, gpointer data)
{
	Reply *reply = data;

	if (text)
		reply_print(reply, "%s %s", good ? "ok:" : "failed:", text);
	else
		reply_unref(reply);
}

static bool
run_calltest(const struct cmd_call *call, GError **error)
{
	gint64 seconds = call->args[0] ? g_ascii_strtoll(call->args[0], NULL, 10) : TEST_SECONDS;
	Reply *reply;

	if (seconds < 1 || seconds > TEST_SECONDS_MAX)
		return fault(error, FAULT_INPUT, "a test takes 1 to %d seconds", TEST_SECONDS_MAX);
	reply = reply_ref(call->reply);
	if (call_test((int)seconds, print_step, reply, error))
		return true;
	reply_unref(reply);
	return false;
}

/* Who names a contact means the account that it is called from. */
static Account *
account_of_contact(const struct cmd_call *call, const char *peer, GError **error)
{
	if (!contact_find(call->account, peer))
		return fault_null(error, FAULT_GONE, "/calldoctor takes one of your accounts or contacts: %s is neither", peer);
	reply_print(call->reply, "calls with %s go from %s:", peer, account_jid(call->account));
	return call->account;
}

static bool
run_calldoctor(const struct cmd_call *call, GError **error)
{
	Account *account = call->args[0] ? account_find(call->args[0]) : call->account;
	Reply *reply;

	if (call->args[1])
		account = account_of_contact(call, call->args[1], error);
	if (!account)
		return false;
	reply = reply_ref(call->reply);
	if (call_doctor(account, print_step, reply, error))
		return true;
	reply_unref(reply);
	return false;
}

/* ---- rows ---- */

static const struct arg device_args[] = { { "device", ARG_TEXT, false, NULL }, { 0 } };

const struct cmd cmd_device_rows[] = {
	{ .name = "devices",
		.aliases = "lsdev",
		.needs = NEEDS_STORE,
		.summary = "List microphones, loudspeakers and cameras",
		.help = "/set call.audio_source device:ID chooses one for all calls, "
			"/devices audio-source device:ID for the running one.",
		.examples = (const char *const[]){ "/devices", NULL },
		.run = run_devices },
	{ .name = "devices audio-source",
		.aliases = "sdev",
		.args = device_args,
		.needs = NEEDS_STORE,
		.summary = "Change the microphone of the running call",
		.run = run_audio_source },
	{ .name = "devices audio-sink",
		.args = device_args,
		.needs = NEEDS_STORE,
		.summary = "Change the loudspeaker of the running call",
		.run = run_audio_sink },
	{ .name = "devices video-source",
		.aliases = "svdev",
		.args = device_args,
		.needs = NEEDS_STORE,
		.summary = "Change the camera of the running call",
		.run = run_video_source },
	{ .name = "calltest",
		.args = (const struct arg[]){ { "seconds", ARG_NUMBER, true, NULL }, { 0 } },
		.needs = NEEDS_STORE,
		.summary = "Hear yourself for some seconds, before anybody else does",
		.run = run_calltest },
	{ .name = "calldoctor",
		.args = (const struct arg[]){ { "account", ARG_ACCOUNT, true, NULL }, { "contact", ARG_CONTACT, true, NULL },
			{ 0 } },
		.needs = NEEDS_ACCOUNT | NEEDS_ONLINE,
		.summary = "Try the ways that calls could take, and say what fails",
		.help = "It is about an account: the current one, the one that you name, or the one that a contact is called from.",
		.run = run_calldoctor },
	{ 0 },
};
