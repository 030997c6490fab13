/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The call of this process: what sotto said and what was made of it. */
#pragma once

#include "base/medialink.h"
#include "media/audioplay.h"
#include "media/audiosend.h"
#include "media/bitrate.h"
#include "media/certificate.h"
#include "media/ice.h"
#include "media/pipeline.h"
#include "media/sound.h"
#include "media/srtpkeys.h"
#include "media/transport.h"
#include "media/video.h"

enum { SESSION_CONTENTS = PIPELINE_SESSIONS, VOLUME = 100, ECHO_SOUND = 48000 }; /* half a second of sound is kept for an echo */

/* What the peer said of a content. */
struct remote {
	char *ufrag, *pwd;
	guint8 fingerprint[FINGERPRINT];
	bool client;              /* we begin the handshake */
	int opus, vp8, rtx, dtmf; /* payload types, -1 none */
	guint twcc, dtmf_clock;
	bool receives, sends;
};

typedef struct Session Session;

struct content {
	Session *session;
	char *name;
	bool video, over, opened;
	guint index; /* in the session, and of rtpbin's session when it has its own transport */
	guint stream;
	guint32 ssrc, rtx_ssrc;
	struct content *carrier; /* whose transport it uses: itself, the first one, or NULL before the peer answered */
	struct remote remote;
	/* of the carrier */
	Transport *transport;
	bool connected, flowing, open;
	guint restarting; /* so often we gave ourselves new names and wait for theirs */
	guint patience;
	struct transport_counts base; /* when the gates opened */
	gint64 refused_since;
	guint64 genuine; /* packets, at the last look */
	gint64 heard_at;
	bool quiet; /* nothing at all came for a while */
	/* of the media */
	AudioSend *send;
	AudioPlay *play;
	Video *picture;
	struct bitrate bitrate;
};

struct choices {
	char *audio_source, *audio_sink, *video_source;
	guint width, height, rate;
	int fds[MEDIA_FDS];
};

struct shown {
	guint width, height, rate;
};

struct Session {
	MediaLink *link;
	GMainLoop *loop;
	GVariant *start;
	bool begun, initiator, relay_only, loopback, bundled, answered;
	bool consent, keys_here, held, muted, video_off, over, fec;
	bool moved; /* it was told that this machine has another address */
	struct srtpkeys keys;
	struct choices choices;
	struct shown shown[2]; /* of theirs, of ours */
	char *cname;
	Secret *pem;
	guint8 fingerprint[FINGERPRINT];
	Ice *ice;
	Pipeline *pipeline;
	Echo *sound;
	Sound *tune; /* ringing and the like */
	struct content *contents[SESSION_CONTENTS];
	guint n;
	guint volume; /* percent */
	guint ticks, ticker;
	guint64 last_in, last_out;
};

/* The link's frames; false with an error ends the call. */
bool session_start(Session *session, GVariant *body, int *fds, GError **error);
bool session_remote(Session *session, GVariant *body, GError **error);
void remote_clear(struct remote *remote);
bool session_candidate(Session *session, GVariant *body, GError **error);
bool session_keys(Session *session, GVariant *body, GError **error);
bool session_consent(Session *session, GError **error);
bool session_restart(Session *session, GError **error);
bool session_add(Session *session, GVariant *body, GError **error);
bool session_remove(Session *session, GVariant *body, GError **error);

/* A sentence to sotto, and the end. */
void session_fail(Session *session, const char *word, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Something that is worth a line, while the call goes on. */
void session_report(Session *session, const char *step, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Devices are closed, keys are wiped. */
void session_end(Session *session);
void session_free(Session *session); /* after its end */

/* content.c */
struct content *content_find(Session *session, const char *name);
struct content *content_new(Session *session, const char *name, bool video, GError **error);
/* The peer answered: transport and media come into being. */
bool content_wire(struct content *content, GError **error);
void content_open(struct content *content);   /* devices, once there is consent */
void content_follow(struct content *content); /* what the peer wants to get now */
void content_show(struct content *content);   /* the pictures that were asked for */
void content_end(struct content *content);
void content_free(struct content *content); /* after its end, and that of the pipeline if it has a transport */
void content_tell(struct content *content, const char *state);
void content_local(struct content *content);   /* what of it is to be signalled */
void content_restart(struct content *content); /* ICE begins anew, over the same handshake */
/* Gates of all transports, from consent, keys and hold. */
void session_gates(Session *session);

/* control.c: SET */
/* Opens or closes the camera for a content, as it may be used now. */
bool control_camera(Session *session, struct content *content, GError **error);
bool control_set(Session *session, const char *name, const char *value, int *fds, GError **error);
/* stats.c */
void stats_begin(Session *session);
