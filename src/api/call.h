/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls as everybody above sees them: facts for a screen, a script or a plugin. */
#pragma once

#include "account.h"
#include "e2ee.h"

enum call_state {
	CALL_PROPOSED,   /* we asked, nobody rang yet */
	CALL_RINGING,    /* at the other end; or here */
	CALL_CONNECTING, /* a yes was said; the way and the keys are being found */
	CALL_ACTIVE,
	CALL_HELD,
	CALL_ENDED,
	CALL_STATES,
};
PUBLIC const char *call_state_word(enum call_state state);

/* Where the keys of the media come from, weakest first. */
enum call_keys { CALL_KEYS_NONE, CALL_KEYS_DTLS, CALL_KEYS_SEALED, CALL_KEYS_RATCHET };
PUBLIC const char *call_keys_word(enum call_keys keys); /* "", dtls, dtls+sealed, dtls+ratchet */

enum call_path { CALL_PATH_UNKNOWN, CALL_PATH_DIRECT, CALL_PATH_RELAY };
PUBLIC const char *call_path_word(enum call_path path); /* "", direct, relay */

/* Borrowed until the main loop turns. */
struct call_facts {
	guint id;            /* small, of this run: what commands take */
	const char *account; /* bare JID */
	const char *peer;    /* bare JID */
	bool incoming;
	enum call_state state;
	bool video;                  /* pictures are part of it */
	bool our_video, their_video; /* who sends some now */
	bool muted, held, peer_muted, peer_held;
	enum call_keys keys; /* NONE before both sides have said theirs */
	enum trust trust;    /* of the device that sealed */
	enum call_path path;
	const char *device_name; /* which key, for the security line: "bob's key 1a2b3c4d"; NULL */
	guint32 device;          /* that sealed, and its identity key (64 digits of hex); 0 and NULL: nothing is sealed */
	const char *device_key;
	const char *words;       /* four words to compare by voice, NULL while there are none */
	const char *reason;      /* ENDED: a sentence */
	const char *reason_code; /* ENDED: success, busy, decline, cancel, timeout, ... ; else NULL */
	gint64 since;            /* µs since the epoch: of the call, */
	gint64 active_since;     /* and of its first sound; 0: there was none yet */
};

struct call_stats {
	guint id;
	double rtt_ms, jitter_ms, loss; /* -1: unknown */
	guint bitrate_in, bitrate_out;  /* bit/s */
	double level_in, level_out;     /* dBFS, -100: silence */
	guint64 audio_frames_in, video_frames_in, audio_frames_out, video_frames_out;
};

/* A picture of a call, RGB 24 bit without padding, borrowed for the time of the event. */
struct call_frame {
	guint id;
	bool own;
	guint width, height;
	const guint8 *rgb;
};
