/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link between sotto and sotto-media: what the two programs say to each other over one Unix stream socket.
 *
 * A frame is 8 bytes of head (big-endian: u32 length of the body, u16 kind, u16 zero), then the body: a GVariant of the
 * type that the table of kinds gives, little-endian. A frame of an unknown kind, longer than its kind allows, in the wrong
 * direction or not in normal form ends the link: the two ends are built together and never guess. The first frame each way
 * is HELLO: an end says it by itself when it is made, and checks the other's. Descriptors travel (SCM_RIGHTS) with START and SET
 * only, at most MEDIA_FDS of them, and only where the link is a socket pair: "fd:0" in a text names the first of them. */
#pragma once

#include "api/public.h"

#include <gio/gio.h>

enum { MEDIA_LINK_VERSION = 2, MEDIA_FDS = 3, MEDIA_LINK_FD = 3 /* where sotto-media finds it when sotto started it */ };

enum media_kind {
	MEDIA_NONE,
	/* both ways */
	MEDIA_HELLO,     /* (us) version of the link, version of the program */
	MEDIA_CANDIDATE, /* MEDIA_CANDIDATE_TYPE: ours to be signalled, theirs to be tried */
	/* sotto -> media */
	MEDIA_START,   /* MEDIA_START_TYPE: make the pipeline, gather. Nothing is opened, nothing but STUN and TURN is sent */
	MEDIA_REMOTE,  /* MEDIA_REMOTE_TYPE: what the peer signalled; again when contents come or a restart changed ufrag */
	MEDIA_KEYS,    /* (bayayay) mixed, context (32), S of the initiator (32), S of the responder (32); not mixed: all empty.
			* Nothing is sent or played before it is here. */
	MEDIA_CONSENT, /* () a person said yes here: devices may be opened and media may flow */
	MEDIA_SET,     /* (ss) a control and its value, see the table of controls */
	MEDIA_PICTURE, /* (suuu) "remote" or "own", width, height, frames a second; width 0: no more of them */
	MEDIA_RESTART, /* () new ufrag and pwd (ICE restart): LOCAL follows */
	MEDIA_ADD,     /* (ss) name, "audio" or "video": one more content, LOCAL follows */
	MEDIA_REMOVE,  /* (s) name: that content is over */
	MEDIA_ASK,     /* (s) "devices": DEVICES follows; "levels", "loopback": a test, STATS follow until the link ends;
			* "doctor": REPORT lines follow, the last has step "done". All but the first after a START without
			* contents, whose sources, sinks and relays are taken */
	/* media -> sotto */
	MEDIA_LOCAL,    /* MEDIA_LOCAL_TYPE: one content of ours is ready to be signalled */
	MEDIA_GATHERED, /* (s) name: no more candidates of this content will come */
	MEDIA_STATE,    /* (sss) name, "checking" | "connected" | "secured" | "flowing" | "lost" | "moved" (this machine has another
			 * address: RESTART finds another way), "direct" | "relay" | "" */
	MEDIA_FAILED,   /* (ss) machine word, sentence; the link ends */
	MEDIA_STATS,    /* MEDIA_STATS_TYPE, once a second while flowing */
	MEDIA_FRAME,    /* (suuay) "remote" or "own", width, height, RGB of 24 bit without padding */
	MEDIA_DEVICES,  /* a(sssb) "audio-source" | "audio-sink" | "video-source", id for device:ID, name, is it the default */
	MEDIA_REPORT,   /* (sbs) step, went well, sentence */
	MEDIA_KINDS,
};

/* content, foundation, component, protocol, priority, ip, port, type (host srflx prflx relay), rel-addr, rel-port; a
 * rel-addr is "" and its port 0 where it must not be told. */
#define MEDIA_CANDIDATE_TYPE "(ssysusqssq)"

/* initiator; contents as (name, "audio" | "video"); policy "relay" | "direct"; loopback candidates too (tests, demo);
 * the address that the host candidate's route leads to ("" none); relays and STUN servers as (type "turn" | "turns" | "stun",
 * host, port, transport "udp" | "tcp", user, password), host being an address, or "name/address" where a certificate must bear
 * the name, or a name alone where the proxy resolves it; proxy ("" or socks5://...); audio source, audio sink, video source as
 * the options say ("file:" as "fd:N" where descriptors came); video width, height, frames a second; certificates of the account's
 * own authorities as PEM ("" none), for relays by TLS beside those of the system; is lost sound mended (FEC): what is said carries
 * more, what is heard waits for it. */
#define MEDIA_START_TYPE "(ba(ss)sbsa(ssqsss)ssssuuusb)"
enum { MEDIA_AUTHORITIES_MAX = 32 * 1024 };

/* bundled: all contents on the transport of the first. Contents as (name, ufrag, pwd, the 32 bytes of the SHA-256 fingerprint
 * in force, setup of theirs "active" | "passive" | "actpass", payload types of opus, vp8, its rtx and
 * telephone-event (-1: none), clock rate of the last, header extension ids of transport-cc and mid (0: none), do they receive, do
 * they send). A content of ours that is not in it is over, but for one that was added and is not answered yet. */
#define MEDIA_REMOTE_TYPE "(ba(sssaysiiiiuuubb))"

/* name, media, ufrag, pwd, the 32 bytes of our fingerprint (sha-256), RTP source, RTP source of rtx (0: none), cname. Payload types
 * and extension ids of our offer are fixed: enum media_numbers. */
#define MEDIA_LOCAL_TYPE "(ssssayuus)"
enum media_numbers {
	MEDIA_PT_OPUS = 111,
	MEDIA_PT_DTMF = 101,
	MEDIA_PT_VP8 = 96,
	MEDIA_PT_RTX = 97,
	MEDIA_EXT_TWCC = 3,
	MEDIA_EXT_MID = 4,
};

/* round trip ms, jitter ms, loss 0..1; bit/s in, bit/s out; level in, level out (dBFS); audio frames in, video frames in,
 * audio frames out, video frames out (since the start); packets refused by SRTP. -1 or NaN: not known. */
#define MEDIA_STATS_TYPE "(ddduuddttttt)"

/* The controls of SET: "mute" on|off, "hold" on|off (nothing is sent, nothing is played), "video" on|off (our picture), "volume"
 * 0..150, "audio-source", "audio-sink", "video-source" as in START, "dtmf" 0-9*#A-D, "sound" ringing|waiting|hangup|off. */

/* One end of a link: frames in and out on the main loop. */
typedef struct MediaLink MediaLink;
struct media_link_hooks {
	/* A frame arrived: kind and body are checked, HELLO too; keys and fingerprints have their lengths, a picture is 1 to 4096
	 * wide and high and has all its bytes. fds: MEDIA_FDS of them, -1 where none came; take one by setting it to -1, the
	 * rest is closed afterwards. */
	void (*frame)(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS]);
	/* The other end is gone (error says why; FAULT_GONE for a plain end) or broke the rules (FAULT_PEER). Once. */
	void (*ended)(gpointer owner, const GError *error);
};
/* Takes fd, a connected stream socket. to_media: this is sotto's end, it may send and get what the table allows it. */
MediaLink *media_link_new(int fd, bool to_media, const struct media_link_hooks *hooks, gpointer owner);
void media_link_free(MediaLink *link); /* NULL is fine; within a hook too: no further hook is called */
/* Takes a floating body; wiped where the kind holds secrets (so no variant over memory of somebody else). fds: n of them, stay the
 * caller's. False when the link is over, or body is not of the kind's type, or too long, or a thing that the other end would
 * refuse. No hook is called from here: ended follows from the main loop. */
bool media_link_send(MediaLink *link, enum media_kind kind, GVariant *body);
bool media_link_send_fds(MediaLink *link, enum media_kind kind, GVariant *body, const int *fds, guint n);
/* For a body with secrets that is not sent after all. */
void media_link_wipe(GVariant *body);
/* Bytes that wait to be written: who sends pictures drops one while there are any. */
size_t media_link_waiting(const MediaLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MediaLink, media_link_free)

/* The rules themselves, for tests: NULL-free name, type, longest body, may it go to or come from media. */
struct media_kind_row {
	const char *name, *type;
	guint32 max;
	bool to_media, from_media, secret;
};
extern const struct media_kind_row media_kinds[MEDIA_KINDS];
