/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench for the plugin: its own objects and the core's real store, clock and trees; the network side of the public headers is a
 * small server in memory. All accounts live in one store, as several accounts of one person do. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../plugins/omemo/omemo.h"

/* A fresh store and server; the plugin is started. */
int bench_begin(void **state);
int bench_end(void **state);
/* Close and open the store and the plugin again. */
void bench_restart(void);
void bench_kill(void);                   /* the same, but what was not durable is lost */
Account *bench_account(const char *jid); /* made, online, logged in, caught up */
void bench_set_online(Account *account, bool online);
void bench_only_online(Account *account, bool online); /* without a login */
void bench_catching_up(Account *account, bool catching_up);
void bench_turn(guint ms);            /* let time pass and everything that is due happen */
void bench_strangers(bool strangers); /* nobody is a contact of anybody */

/* The server: nodes hold <items>; conditions refuse. */
const char *bench_node(const char *owner, const char *node); /* the XML of its items, NULL if there is none */
const char *bench_node_access(const char *owner, const char *node);
void
bench_set_node(const char *owner, const char *node, const char *items, const char *access); /* items: inner XML, NULL deletes */
void bench_push_list(const char *from, const char *items);                                  /* to everybody online */
extern const char *bench_refuse;         /* condition of all answers to strangers */
extern const char *bench_refuse_publish; /* of everything that is published */
extern const char *bench_mute;           /* a node about which no question is answered for a minute */
extern guint bench_fetches, bench_publishes;

/* Alerts since the last look, "code: text" each. */
extern GPtrArray *bench_alerts;
bool bench_alerted(const char *code);
/* What the plugin sent by itself: to whom and what. */
struct bench_signal {
	char *from, *to, *xml;
};
extern GPtrArray *bench_signals;
void bench_deliver_signals(void);
extern GString *bench_output; /* of commands */
bool bench_command(Account *account, const char *name, const char *arg, const char *arg2);
extern const char *bench_answer; /* to questions */

enum e2ee_readiness bench_prepare(Account *from, const char *to);
void bench_begin_prepare(Account *from, const char *to);
bool bench_prepared_once(void);
extern char *bench_sentence; /* of the last prepare */
/* Prepared and sealed, or NULL. */
char *bench_seal(Account *from, const char *to, const char *text);
extern char bench_why[256]; /* the last one was not opened */
enum e2ee_outcome bench_open(Account *to, const char *from, const char *xml, E2eeOpened *opened);
/* Opens as exactly this text. */
void bench_hears(Account *to, Account *from, const char *xml, const char *text);
void bench_says(Account *from, Account *to, const char *text); /* sealed, delivered, read */
/* alice@a.test and bob@b.test, made and acquainted: each has read from the other. */
void bench_meet(Account **alice, Account **bob);
/* The text with other words where a pattern fits, which it must. */
char *bench_replace(const char *text, const char *pattern, const char *with);
