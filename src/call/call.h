/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a call, for the files of this folder only: its states, inputs and rules. call_step() is the only writer of the
 * state; what has no row is refused. */
#pragma once

#include "api/error.h"
#include "api/event.h"
#include "api/timer.h"
#include "call/calls.h"
#include "call/farpicture.h"
#include "call/keys.h"
#include "call/medialink.h"
#include "xmpp/extdisco.h"
#include "xmpp/jingle.h"
#include "xmpp/jmi.h"

enum state {
	STATE_NEW,
	/* we call */
	STATE_WAY_OUT,  /* relays are asked for, and a person whether an address may be told */
	STATE_PROPOSED, /* nobody said anything yet */
	STATE_RINGING_THERE,
	STATE_PREPARING, /* they said yes; our side of the session is being made */
	STATE_OFFERED,   /* session-initiate is out */
	/* they call */
	STATE_RINGING,
	STATE_WAY_IN,
	STATE_PROCEEDED, /* we said yes; session-initiate is due */
	STATE_ANSWERING, /* session-initiate is here; our side is being made */
	/* both */
	STATE_LINKING, /* the session stands; a way and keys are being agreed upon */
	STATE_ACTIVE,
	STATE_HELD,
	STATE_ENDED,
	STATES,
	STATE_ANY = STATES, /* all but ENDED that have no row of their own */
};

enum input {
	INPUT_NONE,
	/* a person here */
	INPUT_DIAL,
	INPUT_ANSWER,
	INPUT_REJECT,
	INPUT_HANG_UP,
	INPUT_HOLD,
	INPUT_RESUME,
	/* message initiation: the peer, or another device of ours */
	INPUT_PROPOSE,
	INPUT_RINGS,
	INPUT_PROCEED,
	INPUT_DECLINED,
	INPUT_RETRACTED,
	INPUT_FINISHED,
	INPUT_ELSEWHERE,          /* answered on another device of ours */
	INPUT_DECLINED_ELSEWHERE, /* declined there */
	/* Jingle */
	INPUT_INITIATE,
	INPUT_ACCEPT,
	INPUT_TERMINATE,
	INPUT_TRANSPORT,
	INPUT_INFO,
	INPUT_CONTENT_ADD,
	INPUT_CONTENT_ACCEPT,
	INPUT_CONTENT_REJECT,
	INPUT_CONTENT_REMOVE,
	INPUT_CONTENT_MODIFY,
	/* sotto-media */
	INPUT_LOCAL, /* one more content of ours is ready to be signalled */
	INPUT_FLOWING,
	INPUT_LOST,  /* the way broke */
	INPUT_MOVED, /* the address at this end of it is gone */
	/* what an action or a timer found out */
	INPUT_WAY,    /* a way is agreed upon */
	INPUT_KEYS,   /* the provider is ready */
	INPUT_READY,  /* all of our side is there */
	INPUT_DIRECT, /* the session-initiate is here already: no message initiation */
	INPUT_FAIL,   /* call->end says why */
	INPUT_LATE,   /* the time of the state is over */
	INPUT_STREAM, /* the XMPP session ended: nobody can reach us under the address that the peer knows */
	INPUTS,
};

struct Call;
typedef struct Call Call;

/* Returns what follows from it, INPUT_NONE if nothing does. jingle is set for inputs of Jingle, jmi for those of message
 * initiation. The state is next already. */
struct call_input {
	const Jingle *jingle;
	const struct jmi *jmi;
	const char *from; /* full JID, of both */
	Stanza *stanza;   /* that jingle was read from; borrowed */
	gint64 sent_at;
};
typedef enum input (*call_action)(Call *call, const struct call_input *in);

struct call_rule {
	enum state state;
	enum input input;
	call_action action; /* may be NULL */
	enum state next;
};
extern const struct call_rule call_rules[];
extern const guint call_rules_count;
extern const char *const call_state_names[STATES];
extern const char *const call_input_names[INPUTS];
const struct call_rule *call_rule(enum state state, enum input input); /* NULL: refused */
enum call_state call_state_shown(enum state state);
guint call_state_patience(enum state state); /* ms; 0: for ever */

/* A content of the session: what is signalled, and how far it is. */
struct content {
	char *name;
	bool video;
	bool by_responder;
	bool local; /* ours is ready: the fields below are set */
	bool fresh; /* and not told to the peer yet */
	char *ufrag, *pwd, *cname;
	guint8 fingerprint[32];
	guint32 source, rtx_source;
	bool remote;            /* theirs is known */
	JingleContent *theirs;  /* belongs to one of the call's papers */
	bool told;              /* their transport is known to media */
	GPtrArray *candidates;  /* theirs, of GVariant *, that came before that */
	GArray *own_candidates; /* of struct jingle_candidate, that may not be told yet */
	bool asked;             /* it was added by the peer, and a person did not say yes yet: media knows nothing of it */
	bool answer_due;        /* it was agreed to: content-accept goes out when ours is ready */
	bool adding;            /* it was added by us: content-add goes out when ours is ready */
};

enum { CALLS_AT_ONCE = 2 }; /* one that is talked to, one that knocks */

struct Call {
	gint refs;
	guint id;
	char *account, *peer; /* bare JIDs */
	char *full;           /* the one resource that we talk to; NULL before it is known */
	char *sid;
	bool incoming, video, with_jmi;
	enum state state;
	bool stepping;
	GQueue pending; /* inputs that came while stepping */
	guint timer;    /* of the state */

	/* the end */
	const char *reason_code; /* of XEP-0166 §7.4, or one of ours */
	char *reason;
	bool quiet_end; /* say nothing to the peer */

	/* the way */
	GVariant *relays; /* as MEDIA_START_TYPE has them; NULL: none */
	bool has_relay;
	bool relay;     /* relay candidates only */
	guint question; /* ask() id */
	guint epoch;    /* grows when an answer that is still due would come too late */

	/* the session */
	GPtrArray *contents; /* of struct content * */
	bool initiated;      /* session-initiate went out or came in */
	bool accepted;       /* session-accept did */
	bool bundled;
	GPtrArray *papers; /* stanzas that are kept, and what was read from them */
	Jingle *offer;     /* of the peer; in one of the papers */
	CallKeys *keys;
	bool keys_due; /* the provider is still asking */
	Media *media;
	struct far_picture far[2]; /* theirs, ours; by media.socket */
	bool started;              /* START is out */
	bool connected;            /* REMOTE and the keys are out */
	guint restart_timer;       /* another way is being looked for, so long; 0: none is */
	bool restart_due;          /* it is to be begun by us, as soon as the peer can be told */
	bool answer_video;         /* a person said yes to pictures, too */
	bool agreed;               /* a person said yes before it came, by calling at the same time: it does not ring */
	bool proposed, rings_there;
	GString *keys_to_press; /* of a telephone */
	guint key_timer;

	/* facts */
	bool muted, video_on, peer_muted, peer_held;
	enum call_path path;
	gint64 began, active_at, ended_at;
	struct call_facts facts;
	char *device_name, *words;
	char *told; /* the facts as they were told last */
};

/* ---- calls.c ---- */

Call *call_new(const char *account, const char *peer, bool incoming);
Call *call_hold_ref(Call *call);
void call_release(Call *call);
Call *call_by_id(guint id);
Call *call_by_sid(const char *account, const char *sid);
Call *call_with(const char *account, const char *peer, bool incoming); /* one that is not over */
const GPtrArray *call_list(void);                                      /* of Call *, oldest first, ended ones too */
void call_tell(Call *call);                                            /* EVENT_CALL */
Account *call_account(const Call *call);                               /* NULL when it was removed */
bool call_is_busy(void);                                               /* one is past its ringing */
bool call_may_knock(const char *account, const char *peer);            /* counts; false: too often */
void call_forget_later(Call *call);
bool call_check_source(const char *text, GError **error);
const char *call_ns(void); /* of sealed fingerprints, NULL: nothing seals */

/* ---- rules.c ---- */

void call_step(Call *call, enum input input, const struct call_input *in); /* in NULL: nothing came with it */
/* It ends: code for the peer, a sentence for us. */
enum input call_fail(Call *call, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ---- initiation.c: the messages before a session ---- */

bool initiation_send(Call *call, enum jmi_kind kind, const char *to, const char *reason, GError **error);
extern const struct event_watch initiation_watches[];

/* ---- glare.c: both ends call at once ---- */

Call *glare_find(const char *account, const char *peer); /* ours, that they have not taken yet; NULL */
/* Theirs came: does ours go on, and theirs not? */
bool glare_is_ours(Account *account, const Call *ours, const struct call_input *in);
void glare_give_way(Account *account, Call *ours, const struct call_input *in); /* ours ends for theirs */

/* ---- talk.c: the Jingle session on the wire ---- */

extern const struct stanza_hook talk_hooks[];
void talk_send(Call *call, Jingle *jingle); /* takes it */
void talk_terminate(Call *call);
void talk_ring(Call *call);

/* ---- adding.c: pictures that come and go ---- */

void talk_add_video(Call *call);
void talk_not_added(Call *call, const char *name);     /* the peer did not take what we added */
void talk_remove(Call *call, struct content *content); /* and the peer is told */
void talk_modify(Call *call, struct content *content); /* who sends pictures changed here */

/* ---- contents.c: what is in it ---- */

struct content *call_content(const Call *call, const char *name);
struct content *call_add_content(Call *call, const char *name, bool video);
struct content *call_video_content(const Call *call); /* NULL: none */
void content_free(gpointer content);
void paper_free(gpointer paper);
/* What was read from the stanza, for as long as the call lives; NULL when it cannot be. */
Jingle *talk_keep(Call *call, const struct call_input *in);
bool talk_take_offer(Call *call, const Jingle *jingle, GError **error);
bool talk_take_added(Call *call, const Jingle *jingle, GError **error); /* content-add */
bool talk_take_answer(Call *call, const Jingle *jingle, GError **error);
void talk_directions(const Call *call, const struct content *content, bool *they_receive, bool *they_send);
/* Our contents, keys sealed in: an offer or an answer. */
Jingle *talk_describe(Call *call, enum jingle_action action, GError **error);
JingleContent *talk_describe_content(Call *call, Jingle *jingle, struct content *content, bool is_answer);
bool call_sides_ready(const Call *call);

/* ---- transports.c ---- */

void talk_candidate(Call *call, struct content *content, struct jingle_candidate *candidate); /* ours; takes what is in it */
void talk_restarted(Call *call, struct content *content); /* ours has new credentials: the peer is told */
void talk_resumed(Call *call);                            /* the peer can be told again */
void talk_send_waiting(Call *call);                       /* candidates that may go now */
void talk_keep_candidates(Call *call, struct content *content, const JingleContent *theirs);

/* ---- heard.c: what comes from sotto-media ---- */

extern const struct media_link_hooks engine_hooks;

/* ---- engine.c: what goes to it ---- */

bool engine_load(Call *call, GError **error);  /* the program, while it rings */
bool engine_begin(Call *call, GError **error); /* START with the contents of the call */
void engine_speak(Call *call);                 /* the words of the call, soon */
void engine_connect(Call *call);               /* REMOTE, KEYS, CONSENT, candidates that waited */
void engine_candidate(Call *call, struct content *content, const struct jingle_candidate *candidate);
bool engine_set(Call *call, const char *name, const char *value, GError **error);
void engine_sound(Call *call, const char *which); /* ringing, waiting, off: if call.sounds lets it */
void engine_restarted(Call *call);                /* the peer's credentials changed */
void engine_restart(Call *call);
void engine_add(Call *call, const struct content *content);
void engine_remove(Call *call, const char *name);
void engine_picture(Call *call, bool own, guint width, guint height, guint rate);
void engine_end(Call *call);

/* ---- ending.c ---- */

void call_over(Call *call); /* what every end does */
/* A person leaves; what only rings is missed. */
void call_leave(Call *call, const char *code, const char *sentence);

/* ---- way.c: which addresses may be told ---- */

extern const char *const call_address_words[];
enum input way_find(Call *call, const struct call_input *in); /* INPUT_WAY or INPUT_FAIL follow */
void way_forget(Call *call);

/* ---- doubt.c ---- */

void doubt_ask(Call *call, const GError *why); /* keys_may_allow(): INPUT_KEYS or INPUT_FAIL follow, and keys_due until then */

/* ---- the actions of the rules ---- */

/* Somebody there speaks message initiation, or nobody of them is known: a proposal wakes telephones as well. */
bool call_takes_proposals(Account *account, const char *jid);
enum input out_propose(Call *call, const struct call_input *in);
enum input out_prepare(Call *call, const struct call_input *in);
enum input out_check(Call *call, const struct call_input *in);
enum input out_offer(Call *call, const struct call_input *in);
enum input out_rings(Call *call, const struct call_input *in);
enum input out_connect(Call *call, const struct call_input *in);
enum input out_accepted(Call *call, const struct call_input *in);
enum input out_declined(Call *call, const struct call_input *in);
enum input out_unanswered(Call *call, const struct call_input *in);

enum input in_ring(Call *call, const struct call_input *in);
enum input in_ring_direct(Call *call, const struct call_input *in);
enum input in_proceed(Call *call, const struct call_input *in);
enum input in_take_offer(Call *call, const struct call_input *in);
enum input in_begin(Call *call, const struct call_input *in);
enum input in_check(Call *call, const struct call_input *in);
enum input in_accept(Call *call, const struct call_input *in);
enum input in_reject(Call *call, const struct call_input *in);
enum input in_missed(Call *call, const struct call_input *in);
enum input in_elsewhere(Call *call, const struct call_input *in);
enum input in_raced(Call *call, const struct call_input *in);
enum input in_declined_elsewhere(Call *call, const struct call_input *in);

enum input talk_candidates(Call *call, const struct call_input *in);
enum input talk_info(Call *call, const struct call_input *in);
enum input talk_content_add(Call *call, const struct call_input *in);
enum input talk_content_accept(Call *call, const struct call_input *in);
enum input talk_content_reject(Call *call, const struct call_input *in);
enum input talk_content_modify(Call *call, const struct call_input *in);
enum input talk_content_remove(Call *call, const struct call_input *in);
enum input talk_local(Call *call, const struct call_input *in); /* of a content that was added later */
enum input talk_lost(Call *call, const struct call_input *in);
enum input talk_moved(Call *call, const struct call_input *in);
enum input talk_flowing(Call *call, const struct call_input *in);
enum input talk_hold(Call *call, const struct call_input *in);
enum input talk_resume(Call *call, const struct call_input *in);

enum input end_here(Call *call, const struct call_input *in);
enum input end_there(Call *call, const struct call_input *in);
enum input end_failed(Call *call, const struct call_input *in);
enum input end_late(Call *call, const struct call_input *in);
enum input end_lost(Call *call, const struct call_input *in);
enum input end_unreachable(Call *call, const struct call_input *in);
