/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle for RTP sessions on the wire: XEP-0166, 0167, 0176, 0293, 0294, 0320, 0338, 0339 and the sealed fingerprints of today's
 * clients. One shape for both directions: jingle_read() fills it from a stanza and is strict, jingle_write() makes the
 * element. What we do not use (SDES, RED, other codecs) is counted over, never an error; what is malformed is one. */
#pragma once

#include "api/stanza.h"

#define JINGLE_NS "urn:xmpp:jingle:1"
#define JINGLE_RTP_NS "urn:xmpp:jingle:apps:rtp:1"
#define JINGLE_RTP_INFO_NS "urn:xmpp:jingle:apps:rtp:info:1"
#define JINGLE_ICE_NS "urn:xmpp:jingle:transports:ice-udp:1"
#define JINGLE_DTLS_NS "urn:xmpp:jingle:apps:dtls:0"
#define MEDIA_SECRET_NS "urn:sotto:media-secret:1"

enum jingle_action {
	JINGLE_UNKNOWN, /* read as such, to be refused in words */
	JINGLE_SESSION_INITIATE,
	JINGLE_SESSION_ACCEPT,
	JINGLE_SESSION_TERMINATE,
	JINGLE_SESSION_INFO,
	JINGLE_TRANSPORT_INFO,
	JINGLE_CONTENT_ADD,
	JINGLE_CONTENT_ACCEPT,
	JINGLE_CONTENT_REJECT,
	JINGLE_CONTENT_REMOVE,
	JINGLE_CONTENT_MODIFY,
	JINGLE_ACTIONS,
};
/* NONE: a ping, to be answered with a result. UNKNOWN: to be answered with unsupported-info. */
enum jingle_info {
	JINGLE_INFO_NONE,
	JINGLE_RINGING,
	JINGLE_HOLD,
	JINGLE_UNHOLD,
	JINGLE_ACTIVE,
	JINGLE_MUTE,
	JINGLE_UNMUTE,
	JINGLE_INFO_UNKNOWN,
};
enum jingle_setup { JINGLE_SETUP_NONE, JINGLE_SETUP_ACTPASS, JINGLE_SETUP_ACTIVE, JINGLE_SETUP_PASSIVE };

enum { JINGLE_CONTENTS_MAX = 4, JINGLE_CANDIDATES_MAX = 100, JINGLE_SID_MAX = 256 };

struct jingle_candidate {
	char *foundation, *ip, *type, *rel_addr; /* type: host srflx prflx relay; rel_addr NULL: none */
	guint8 component;
	guint32 priority, generation;
	guint16 port, rel_port;
	char *protocol; /* "udp"; others are read and not used */
};

typedef struct JingleContent {
	char *name;
	bool by_responder; /* creator */
	char *senders;     /* both initiator responder none */
	/* description; media NULL: none */
	char *media;              /* audio, video */
	int opus, vp8, rtx, dtmf; /* payload types, -1: not offered */
	int dtmf_narrow;          /* telephone-event on a clock of 8000; with one on that of Opus, -1 */
	bool rtcp_mux;
	bool has_sdes;              /* <crypto> was there: named in the refusal when nothing else is */
	guint twcc_ext, mid_ext;    /* XEP-0294 ids, 0: none */
	bool nack, pli, fir, twcc;  /* XEP-0293, of VP8 (twcc: of any) */
	guint32 source, rtx_source; /* XEP-0339, 0: none */
	char *cname;
	/* transport; has_transport false: none, or one that we do not speak (foreign_transport) */
	bool has_transport, foreign_transport, gathering_complete;
	char *ufrag, *pwd;    /* NULL: not said */
	bool has_fingerprint; /* sha-256 in clear (XEP-0320) */
	guint8 fingerprint[32];
	enum jingle_setup setup; /* of whichever fingerprint is there */
	const Element *sealed;   /* reading: the provider's sealed element, borrowed from the stanza */
	char *sealed_ns;         /* namespace of its <fingerprint>, the provider's call_namespace */
	Node *seal;              /* writing: the sealed element in place of a clear one; taken by jingle_write() */
	GArray *candidates;      /* of struct jingle_candidate; NULL: none */
} JingleContent;

typedef struct Jingle {
	enum jingle_action action;
	char *sid, *initiator, *responder; /* the last two NULL: not said */
	GPtrArray *contents;               /* of JingleContent *, in order; names are unique */
	char **bundle;                     /* names of the BUNDLE group, NULL: none */
	enum jingle_info info;
	char *info_name;            /* of mute: the content, NULL: all */
	char *reason, *reason_text; /* machine word of XEP-0166 §7.4; remote text */
	const Element *secret;      /* reading: <encrypted> within <media-secret>, borrowed */
	Node *secret_seal;          /* writing: taken by jingle_write() */
} Jingle;

/* NULL with FAULT_PEER and a sentence. call_ns: the provider's namespace of sealed fingerprints, NULL: none. The result borrows
 * from the stanza of element. */
Jingle *jingle_read(const Element *element, const char *call_ns, GError **error);
/* The <jingle> element; consumes seal and secret_seal. Others are narrower than the standard: a transport-info or content-* of more
 * than one content is refused by Dino (as are senders none), and a browser takes no candidate that comes in one stanza with
 * gathering_complete. */
Node *jingle_write(Jingle *jingle);
Jingle *jingle_new(enum jingle_action action, const char *sid);
JingleContent *jingle_add(Jingle *jingle, const char *name); /* owned by jingle; payloads -1 */
JingleContent *jingle_content(const Jingle *jingle, const char *name);
/* One candidate of a content, copied. */
void jingle_add_candidate(JingleContent *content, const struct jingle_candidate *candidate);
/* The one description that we offer to everybody, with the numbers of base/medialink.h; media is audio or video. */
void jingle_offer(JingleContent *content, const char *media);
/* The description of our answer to a content of theirs: what both speak, under their numbers. */
void jingle_mirror(JingleContent *answer, const JingleContent *offer);
void jingle_free(Jingle *jingle);
void jingle_candidate_clear(gpointer candidate);
GArray *jingle_candidates_new(void); /* of struct jingle_candidate, cleared when they go */
const char *jingle_action_word(enum jingle_action action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Jingle, jingle_free)

/* "47:31:..." to 32 bytes and back, as both kinds of fingerprints write it; false unless it is exactly one sha-256. */
bool jingle_fingerprint_read(const char *text, guint8 fingerprint[32]);
char *jingle_fingerprint_text(const guint8 fingerprint[32]); /* upper case, 95 characters */
