/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for the facts of a call, the same on the screen and for scripts. */
#include "api/call.h"

static const char *const states[] = {
	[CALL_PROPOSED] = "proposed",
	[CALL_RINGING] = "ringing",
	[CALL_CONNECTING] = "connecting",
	[CALL_ACTIVE] = "active",
	[CALL_HELD] = "held",
	[CALL_ENDED] = "ended",
};
static const char *const keys_words[] = {
	[CALL_KEYS_NONE] = "",
	[CALL_KEYS_DTLS] = "dtls",
	[CALL_KEYS_SEALED] = "dtls+sealed",
	[CALL_KEYS_RATCHET] = "dtls+ratchet",
};
static const char *const paths[] = { [CALL_PATH_UNKNOWN] = "", [CALL_PATH_DIRECT] = "direct", [CALL_PATH_RELAY] = "relay" };

const char *
call_state_word(enum call_state state)
{
	return states[state];
}

const char *
call_keys_word(enum call_keys keys)
{
	return keys_words[keys];
}

const char *
call_path_word(enum call_path path)
{
	return paths[path];
}
