/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands for microphones, loudspeakers and cameras, and for trying them and
 * the network before a call. */
#include <string.h>

#include "account/account.h"
#include "api/error.h"
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
			reply_print(
				reply, "  %s  %s%s", devices[i].id, devices[i].name, devices[i].is_default ? "  (default)" : "");
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

static bool
switch_device(const struct cmd_call *call, const char *what, GError **error)
{
	static const char *const words[] = { "auto", "test", "none", NULL };
	const char *value = call->args[0];
	g_autofree char *device = NULL;
	guint id = call_current();

	if (!id)
		return fault(error, FAULT_GONE,
			"there is no call - /set call.audio_source device:ID and its "
			"sisters choose for all to come");
	if (!g_strv_contains(words, value) && !g_str_has_prefix(value, "device:") && !g_str_has_prefix(value, "file:"))
		device = g_strconcat("device:", value, NULL);
	return call_device(id, what, device ? device : value, error);
}

static bool
run_audio_source(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "audio-source", error);
}

static bool
run_audio_sink(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "audio-sink", error);
}

static bool
run_video_source(const struct cmd_call *call, GError **error)
{
	return switch_device(call, "video-source", error);
}

static void
print_step(const char *text, bool good, gpointer data)
{
	Reply *reply = data;

	if (text)
		reply_print(reply, "%s %s", good ? "+" : "-", text);
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

static bool
run_calldoctor(const struct cmd_call *call, GError **error)
{
	Account *account = call->args[0] ? account_find(call->args[0]) : call->account;
	Reply *reply;

	if (!account)
		return fault(error, FAULT_GONE, "there is no account %s: /account list names them", call->args[0]);
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
			"/devices audio-source ID for the running one.",
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
		.args = (const struct arg[]){ { "account", ARG_ACCOUNT, true, NULL }, { 0 } },
		.needs = NEEDS_ACCOUNT | NEEDS_ONLINE,
		.summary = "Try the ways that calls could take, and say what fails",
		.run = run_calldoctor },
	{ 0 },
};
