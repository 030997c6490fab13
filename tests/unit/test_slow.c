/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C09, M07: a server that says one byte a second, at each stage: the limit of the stage holds, whatever trickles in. */
#include "base/clock.h"
#include "fake/online.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVER online.server
#define STREAM online.stream
#define HEADER                                                                                             \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='good.test' version='1.0' id='x' " \
	"xmlns:stream='http://etherx.jabber.org/streams'>"
#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

static const struct stage {
	const char *name;
	bool in_clear;             /* before TLS */
	const char *after, *whole; /* when the client says this, this comes at once, */
	const char *drip;          /* and this byte by byte */
	bool online;               /* after the login */
	guint seconds;
} stages[] = {
	{ "the header in clear", true, "<stream:stream", NULL, "<?xml version='1.0'?><stream:stream id='" LONG, false, 15 },
	{ "features in clear", true, "<stream:stream", HEADER, "<stream:features><x a='" LONG, false, 15 },
	{ "white space in clear", true, "<stream:stream", HEADER, "                                                        ", false,
		15 },
	{ "the answer to STARTTLS", true, "<starttls", NULL, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls' a='" LONG, false,
		15 },
	{ "the header", false, "<stream:stream", NULL, "<?xml version='1.0'?><stream:stream id='" LONG, false, 15 },
	{ "features", false, "<stream:stream", HEADER, "<stream:features><mechanisms " SASL "><mechanism>" LONG, false, 15 },
	{ "white space", false, "<stream:stream", HEADER, "                                                        ", false, 15 },
	{ "a challenge", false, "<auth", NULL, "<challenge " SASL ">" LONG, false, 15 },
	{ "success", false, "<response", NULL, "<success " SASL ">" LONG, false, 15 },
	{ "what is bound", false, "<bind", NULL, "<iq type='result' id='" LONG, false, 15 },
	{ "messages while binding", false, "<bind", NULL, "<message/><message/><message/><message/><message/>", false, 15 },
	{ "what is enabled", false, "<enable", NULL, "<enabled xmlns='urn:xmpp:sm:3' id='" LONG, false, 15 },
	{ "a tag", true, NULL, NULL, "<message from='" LONG, true, 60 },
	{ "a body", false, NULL, NULL, "<message from='bob@b.test/x'><body>" LONG, true, 60 },
	{ "an iq of many elements", false, NULL, NULL,
		"<iq type='result'><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/><a/>", true, 60 },
};

static bool
reach(enum connection_state state)
{
	for (guint i = 0; i < 400 && online.state != state; i++) {
		clock_turn(1);
		fake_server_turn(1);
	}
	return online.state == state;
}

static bool
hear(const char *text)
{
	for (guint i = 0; i < 400 && !strstr(fake_server_received(SERVER), text); i++) {
		clock_turn(1);
		fake_server_turn(1);
	}
	return strstr(fake_server_received(SERVER), text) != NULL;
}

/* Seconds until it was given up. */
static guint
drip(const char *text)
{
	guint changes = online.changes;

	for (guint second = 0; text[second]; second++) {
		const char byte[2] = { text[second], 0 };
		fake_server_send(SERVER, byte);
		fake_server_turn(1);
		clock_turn(1000);
		fake_server_turn(1);
		if (online.changes != changes && online.state == CONNECTION_FAILED)
			return second + 1;
	}
	return 0;
}

static void
one_byte_a_second_is_given_up_in_time(void **state)
{
	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(stages); i++) {
		const struct stage *stage = &stages[i];
		guint seconds;

		online_setup(NULL);
		fake_server_offer(SERVER)->direct = !stage->in_clear;
		if (stage->after)
			fake_server_on(SERVER, stage->after, stage->whole);
		stream_connect(STREAM);
		if (stage->online ? !reach(CONNECTION_ONLINE) : !hear(stage->after))
			fail_msg("%s: not reached, %s", stage->name, online.reason);
		/* A keepalive of ours must not be answered in the middle of it. */
		if (stage->online)
			fake_server_on(SERVER, "urn:xmpp:sm:3", NULL);
		fake_server_turn(5);
		seconds = drip(stage->drip);
		if (!seconds || seconds > stage->seconds + 1 || (!stage->online && seconds < stage->seconds - 1))
			fail_msg("%s: given up after %u seconds, %s", stage->name, seconds, online.reason);
		assert_string_equal(online.code, "network");
		assert_true(online.will_retry);
		if (!stage->online && strstr(stage->name, "clear"))
			assert_null(strstr(fake_server_received(SERVER), "<auth"));
		stream_disconnect(STREAM);
		online_teardown(NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_byte_a_second_is_given_up_in_time),
	};

	clock_hold(G_GINT64_CONSTANT(1795536000000000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
