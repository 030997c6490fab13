/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire seam: an XMPP server in memory, in the same main loop, at the other end of a socket pair. It does a whole login with
 * real SCRAM, binds, counts and resumes (XEP-0198); the rest is scripted. Freed, it takes the seam away again. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct FakeServer FakeServer;

/* The account and its password; every stream of the program now connects to this server. */
FakeServer *fake_server_new(const char *bare_jid, const char *password);
void fake_server_free(FakeServer *server);

/* What it is and offers; change it before the client connects. */
struct fake_offer {
	bool direct;            /* TLS first; else STARTTLS */
	bool starttls;          /* offered */
	bool sm, resume;        /* XEP-0198 */
	bool announce_binding;  /* XEP-0440 */
	const char *mechanisms; /* "SCRAM-SHA-256 SCRAM-SHA-1" */
	const char *exporter;   /* data of tls-exporter, NULL: none */
	const char *iterations; /* "4096" */
	const char *features;   /* more stream features after login, XML */
	bool no_signature;      /* success without the server's proof */
	bool refuse;            /* connections */
};
struct fake_offer *fake_server_offer(FakeServer *server);

/* From now on, an element of the client whose text contains substring is answered with xml instead of the usual; {id}, {from} and
 * {nonce} stand for its id, our full JID and the client's SCRAM nonce. "a & b" means that both are in it. NULL: with nothing. The
 * latest rule that fits counts. */
void fake_server_on(FakeServer *server, const char *substring, const char *xml);
/* The next first challenges of SCRAM say this, {nonce} being the client's. */
void fake_server_challenge(FakeServer *server, const char *message);
void fake_server_send(FakeServer *server, const char *xml); /* as it is; {from} as above */
/* What the client has sent that contains substring, from where the last answer stands. Its text, which lives as long as the server;
 * NULL if there is nothing yet. */
const char *fake_server_heard(FakeServer *server, const char *substring);
/* The same, turning the main loop until it comes; NULL after a minute. */
const char *fake_server_wait(FakeServer *server, const char *substring);
/* Turns the main loop until done says so or a minute passed; the last answer of done. */
bool fake_server_until(bool (*done)(gpointer data), gpointer data);
void fake_server_turn(guint ms);                         /* turns the main loop for so long, and until it is calm */
const char *fake_server_received(FakeServer *server);    /* every byte of the client so far, all connections */
void fake_server_cut(FakeServer *server);                /* the link breaks, the session stays */
void fake_server_forget_session(FakeServer *server);     /* a later resume is refused */
guint fake_server_connections(const FakeServer *server); /* so far */
