/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of alice@good.test with everything around it, for tests that look at the stream itself. */
#pragma once

#include "api/event.h"
#include "fake/server.h"
#include "xmpp/stream.h"

struct online {
	FakeServer *server;
	Stream *stream;
	GHashTable *remembered; /* what stream_memory holds */
	const char *password;
	guint asked, flushes;
	bool disk_full; /* a flush loses the batch */
	bool slow_disk; /* a flush does not end */
	/* what the events said last */
	enum connection_state state;
	char *reason, *code, *auth, *binding, *alert, *question;
	guint question_id;
	bool resumed, will_retry;
	guint64 ack;
	guint changes; /* of the connection */
};
extern struct online online;

int online_setup(void **state);
int online_teardown(void **state);
void online_restart(void); /* the stream is thrown away without a word, and a new one made, as after kill -9 */
bool online_reach(enum connection_state state);
void online_log_in(void);
