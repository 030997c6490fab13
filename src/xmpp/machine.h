/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a Stream: its states, inputs and rules. machine_step() is the only writer of the state. */
#pragma once

#include "xmpp/parser.h"
#include "xmpp/sasl.h"
#include "xmpp/sm.h"
#include "xmpp/stream.h"
#include "xmpp/transport.h"

enum state {
	STATE_OFFLINE,    /* and nothing is tried */
	STATE_WAITING,    /* for the next attempt */
	STATE_ASKING,     /* a person for the password */
	STATE_CONNECTING, /* names, TCP, direct TLS */
	STATE_PLAIN,      /* our header is out in clear, nothing else may follow but STARTTLS */
	STATE_STARTTLS,   /* asked for */
	STATE_SHAKING,    /* TLS handshake */
	STATE_SECURE,     /* header out, features awaited */
	STATE_PROVING,    /* login messages go to and fro */
	STATE_DERIVING,   /* the key is being computed */
	STATE_PROVEN,     /* logged in, header out again */
	STATE_SESSION,    /* features are here: resume or bind? */
	STATE_RESUMING,
	STATE_BINDING,
	STATE_BOUND, /* enable stream management? */
	STATE_ENABLING,
	STATE_ONLINE,
	STATE_LEAVING, /* our end tag is out */
	STATE_LOST,    /* try again or not? */
	STATES,
	STATE_ANY = STATES,
};

enum input {
	INPUT_NONE,
	/* from above */
	INPUT_CONNECT,
	INPUT_LEAVE,
	INPUT_CUT, /* leave at once, and keep the server's session */
	INPUT_PASSWORD,
	INPUT_NO_PASSWORD,
	/* from the transport and the clock */
	INPUT_LINK,
	INPUT_SECURE_LINK,
	INPUT_SECURED,
	INPUT_LOST, /* by itself, or because we refused something: stream->why says */
	INPUT_LATE,
	INPUT_DERIVED,
	/* from the server */
	INPUT_HEADER,
	INPUT_FEATURES,
	INPUT_PROCEED,
	INPUT_TLS_FAILURE,
	INPUT_CHALLENGE,
	INPUT_SUCCESS,
	INPUT_FAILURE,
	INPUT_BIND_ANSWER,
	INPUT_RESUMED,
	INPUT_FAILED,
	INPUT_ENABLED,
	INPUT_ACK,
	INPUT_ACK_WANTED,
	INPUT_STANZA,
	INPUT_SKIPPED,
	INPUT_STREAM_ERROR,
	INPUT_END,
	INPUT_UNKNOWN,
	/* what an action found out */
	INPUT_RESUME,
	INPUT_BIND,
	INPUT_ENABLE,
	INPUT_READY,
	INPUT_DERIVE,
	INPUT_WAIT,
	INPUT_STOP,
	INPUTS,
};

/* Returns what follows from it, INPUT_NONE if nothing does. element: what arrived, NULL for other inputs. The state is next
 * already. */
typedef enum input (*machine_action)(Stream *stream, const Element *element);

struct rule {
	enum state state;
	enum input input;
	machine_action action; /* may be NULL */
	enum state next;
};
extern const struct rule machine_rules[];
extern const guint machine_rules_count;
extern const char *const machine_state_names[STATES];
const struct rule *machine_rule(enum state state, enum input input); /* NULL: refused */

struct Stream {
	gint refs;
	struct stream_config config; /* its strings are ours */
	char *domain, *local;
	struct stream_memory memory;
	stream_ask_password ask_password;
	gpointer owner;

	enum state state;
	bool stepping;
	GQueue pending;       /* inputs that came while stepping */
	guint timer;          /* of the state */
	guint attempts;       /* in vain, since the last success */
	guint plain_question; /* may the password be sent as it is? */
	bool wanted;          /* the user wants to be online */

	GError *why;           /* of the coming loss, NULL: as the user wished */
	const char *condition; /* what to tell the server with it, NULL */
	bool retry;            /* after it */
	guint retry_least_ms;

	Secret *password;
	Transport *transport;
	Parser *parser;
	GError *broken; /* what was parsed last is at fault; said after what came before it */
	const char *broken_condition;
	guint more;          /* source: what was parsed goes on when the main loop has turned */
	guint stanza_timer;  /* of an unfinished stanza */
	guint ack_timer;     /* of our <r/> */
	guint owing_timer;   /* of theirs */
	Stanza *current;     /* the stanza of this step */
	const char *skipped; /* why it has no tree */

	Sasl *sasl;
	Stanza *features; /* after login */
	char *bind_id, *full;
	struct sm sm;
	bool loaded; /* what an earlier process left of its session */
	bool resumed, inactive;

	/* Of the present or latest link, for events and /tls. */
	char *first_seen;
	char *auth, *binding;
	bool proved;
};

void machine_step(Stream *stream, enum input input, Stanza *stanza);
void machine_late(gpointer stream); /* the state's timer is over */
/* Something broke: what follows is the loss, with this reason. Takes error. condition: to tell the server, NULL. */
enum input machine_lose(Stream *stream, GError *error, const char *condition, bool retry);
/* Takes what was parsed, for a few milliseconds at most; the rest after the main loop has turned. */
void machine_dispatch(Stream *stream);
extern const struct transport_hooks machine_hooks;

Stream *stream_hold(Stream *stream);
void stream_release(Stream *stream);
void stream_write(Stream *stream, const char *xml);         /* as it is */
bool stream_write_counted(Stream *stream, const char *xml); /* a stanza: remembered until it is acknowledged */
void stream_ask_ack(Stream *stream);
void stream_tell_acks(Stream *stream, guint64 before); /* EVENT_ACK, when there is news */
void stream_announce(Stream *stream, enum connection_state state, bool will_retry);
void stream_cut(Stream *stream); /* the link and all that belongs to it alone */
GPtrArray *streams(void);        /* all that live */
const Element *stream_features(const Stream *stream);

/* The actions of the rules, by file. */
enum input login_start(Stream *stream, const Element *element);
enum input login_without_password(Stream *stream, const Element *element);
enum input login_connect(Stream *stream, const Element *element);
enum input login_header(Stream *stream, const Element *element);
enum input login_greeted(Stream *stream, const Element *element);
enum input login_ask_tls(Stream *stream, const Element *element);
enum input login_begin_tls(Stream *stream, const Element *element);
enum input login_tls_refused(Stream *stream, const Element *element);
enum input login_secured(Stream *stream, const Element *element);
enum input login_begin(Stream *stream, const Element *element);
enum input login_answer(Stream *stream, const Element *element);
enum input login_derived(Stream *stream, const Element *element);
enum input login_success(Stream *stream, const Element *element);
enum input login_refused(Stream *stream, const Element *element);
enum input session_features(Stream *stream, const Element *element);
enum input session_resume(Stream *stream, const Element *element);
enum input session_resumed(Stream *stream, const Element *element);
enum input session_not_resumed(Stream *stream, const Element *element);
enum input session_bind(Stream *stream, const Element *element);
enum input session_bound(Stream *stream, const Element *element);
enum input session_enable(Stream *stream, const Element *element);
enum input session_enabled(Stream *stream, const Element *element);
enum input session_online(Stream *stream, const Element *element);
enum input session_stanza(Stream *stream, const Element *element);
enum input session_ack(Stream *stream, const Element *element);
enum input session_ack_wanted(Stream *stream, const Element *element);
enum input session_leave(Stream *stream, const Element *element);
enum input session_cut(Stream *stream, const Element *element);
enum input loss_left(Stream *stream, const Element *element);
enum input loss_now(Stream *stream, const Element *element);
enum input loss_ended(Stream *stream, const Element *element);
enum input loss_late(Stream *stream, const Element *element);
enum input loss_stream_error(Stream *stream, const Element *element);
enum input loss_settle(Stream *stream, const Element *element);
enum input loss_wait(Stream *stream, const Element *element);
enum input loss_stop(Stream *stream, const Element *element);
