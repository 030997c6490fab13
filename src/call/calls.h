/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls for those above: all there are, and what a person can do with one. A call is named by its small id; what happens to it
 * comes as EVENT_CALL, EVENT_CALL_STATS and EVENT_CALL_FRAME. Every verb answers with an error in words when the call is in
 * no state for it. */
#pragma once

#include "api/call.h"

void call_init(void); /* the rows of this layer */
/* Before the program ends, locks or loses its terminal; at once. What only rings here is missed, and rings on elsewhere. */
void calls_end_all(const char *reason_code);

/* Ring peer (bare JID, or one full JID of it). Returns the id, 0 with an error. Who may be told an address is asked first when
 * call.address says so. */
guint calls_dial(Account *account, const char *peer, bool video, GError **error);

bool call_answer(guint id, bool video, GError **error); /* video false: with sound only */
bool call_reject(guint id, GError **error);
bool call_hang_up(guint id, GError **error);
bool call_hold(guint id, bool hold, GError **error);
bool call_mute(guint id, bool mute, GError **error);
/* Adds pictures to a running call (the peer says yes to it), sends ours in one that has some, or stops them. */
bool call_video(guint id, bool on, GError **error);
bool call_dtmf(guint id, const char *digits, GError **error);
bool call_volume(guint id, int percent, GError **error);
/* Live, "audio-source" | "audio-sink" | "video-source" to what the options take: device:ID, test, none, ... */
bool call_device(guint id, const char *what, const char *value, GError **error);

/* Facts of one call, NULL when there is none (ended ones are kept for a minute). */
const struct call_facts *call_facts(guint id);
/* The call that a command without id means: the one that rings here, else the active one, else the newest. 0: none. */
guint call_current(void);
guint call_ringing(void); /* that rings here and waits for an answer, 0 */
/* Ids of those that are not over, oldest first. Borrowed. */
const GArray *calls_running(void);

/* A line for each stranger who called since the start: nothing rang and nothing was answered. Caller frees with g_strfreev. */
char **calls_strangers(void);

/* Pictures of this size, so often a second, from now on as EVENT_CALL_FRAME; width 0: no more. */
void call_picture(guint id, bool own, guint width, guint height, guint rate);

/* ---- devices and tests, without a call ---- */

struct call_device {
	const char *what, *id, *name; /* what: audio-source, audio-sink, video-source; remote text of the system */
	bool is_default;
};
/* Asked of sotto-media; devices is NULL with an error. Later, once. */
void call_devices(void (*done)(const struct call_device *devices, guint n, const GError *error, gpointer data), gpointer data);
/* /calltest: hear yourself for some seconds; line is called for each sentence and with NULL at the end. */
bool call_test(int seconds, void (*line)(const char *text, bool good, gpointer data), gpointer data, GError **error);
/* /calldoctor: walks the ways that a call of this account could take. Same. */
bool call_doctor(Account *account, void (*line)(const char *text, bool good, gpointer data), gpointer data, GError **error);

/* The settings of this layer. */
extern struct call_settings {
	char *audio_source, *audio_sink, *video_source;
	int answer;  /* enum call_answering */
	int address; /* enum call_address */
	int trust;   /* enum call_trust */
	bool sounds, fec;
	char *media_socket;
} call_settings;
enum call_answering { CALL_ANSWER_ASK, CALL_ANSWER_CONTACTS };
enum call_address { CALL_ADDRESS_RELAY, CALL_ADDRESS_ASK, CALL_ADDRESS_DIRECT };
enum call_trust { CALL_TRUST_ANY, CALL_TRUST_TRUSTED, CALL_TRUST_VERIFIED };
/* Per contact: is a call without a seal refused, since there once was one with? A person says that it is or is not, and a line in
 * the chat keeps that. */
bool call_sealing(Account *account, const char *peer);
void call_set_sealing(Account *account, const char *peer, bool on);
/* Per contact: call.address. NULL: as the option says. */
bool call_set_address(Account *account, const char *peer, const char *word, GError **error);
enum call_address call_address_for(Account *account, const char *peer);
