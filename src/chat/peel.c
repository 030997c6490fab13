/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peeling: live messages, carbons (XEP-0280) and archive results (XEP-0313) around a forwarded one (XEP-0297). */
#include "chat/peel.h"

#include "api/jid.h"
#include "api/log.h"
#include "api/stream.h"
#include "api/timer.h"
#include "base/text.h"
#include "chat/msgcodec.h"
#include "xmpp/mam.h"
#include "xmpp/ns.h"

#include <string.h>

#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_MAM "urn:xmpp:mam:2"
#define NS_DELAY "urn:xmpp:delay"

void
letter_clear(Letter *letter)
{
	g_free(letter->from);
	g_free(letter->sender);
	g_free(letter->peer);
	*letter = (Letter){ 0 };
}

/* Floods come from few addresses: the last one is kept normalised. */
static char *
normalised(const char *jid)
{
	static char *last, *last_normalised;

	if (!last || strcmp(last, jid) != 0) {
		g_free(last);
		g_free(last_normalised);
		last = g_strdup(jid);
		last_normalised = jid_normalise(jid, NULL);
	}
	return g_strdup(last_normalised);
}

/* RFC 6120 §8.1.2.1: without a from it comes from our own account. */
static char *
address(const Element *message, const char *attribute, const char *missing)
{
	const char *jid = element_attr(message, attribute);

	return jid ? normalised(jid) : g_strdup(missing);
}

/* Sender and peer of the innermost message; one of its ends must be us. */
static bool
read_ends(const Element *message, const char *own, Letter *letter)
{
	g_autofree char *to = address(message, "to", own), *to_bare = NULL;

	letter->from = address(message, "from", own);
	if (!letter->from || !to)
		return false;
	letter->message = message;
	letter->sender = jid_bare(letter->from);
	to_bare = jid_bare(to);
	letter->direction = strcmp(letter->sender, own) == 0 ? MESSAGE_OUT : MESSAGE_IN;
	letter->peer = g_strdup(letter->direction == MESSAGE_OUT ? to_bare : letter->sender);
	return letter->direction == MESSAGE_OUT || strcmp(to_bare, own) == 0;
}

static bool
is_wrapped(const Element *stanza)
{
	return element_child(stanza, NULL, NS_CARBONS) || element_child(stanza, "result", NS_MAM);
}

/* Nobody spoke this protocol before 1999. A stamp that is ahead of us may as well show that our clock is behind: it counts unless
 * it is absurd, or all of a catch-up would be said now, in the order in which its pages happen to come. 0 when it does not count.
 */
static gint64
stamp_of(const Element *delay)
{
	const gint64 first = G_GINT64_CONSTANT(915148800) * G_USEC_PER_SEC, year = 366 * G_TIME_SPAN_DAY, now = clock_now();
	const char *stamp = delay ? element_attr(delay, "stamp") : NULL;
	gint64 at = stamp ? text_time_parse(stamp) : 0;

	return at >= first && at < (now < CLOCK_LEAST ? CLOCK_LEAST + 100 * year : now + year) ? at : 0;
}

/* XEP-0203: only our own server's word on when it was said counts. */
static const Element *
trusted_delay(const Element *message, const char *own)
{
	g_autofree char *domain = jid_domain(own);

	for (const Element *child = element_first(message); child; child = element_next(child)) {
		const char *from = element_attr(child, "from");

		if (element_is(child, "delay", NS_DELAY) && from && (!strcmp(from, domain) || !strcmp(from, own)))
			return child;
	}
	return NULL;
}

static bool
peel_live(const Element *stanza, const char *own, Letter *letter)
{
	if (is_wrapped(stanza))
		return false;
	letter->stanza_id = msgcodec_stanza_id(stanza, own);
	letter->sent_at = stamp_of(trusted_delay(stanza, own));
	return read_ends(stanza, own, letter);
}

static bool
is_from_own_account(const Element *stanza, const char *own)
{
	const char *from = element_attr(stanza, "from");

	return !from || strcmp(from, own) == 0;
}

static const Element *
forwarded(const Element *wrapper, gint64 *at)
{
	const Element *forward = wrapper ? element_child(wrapper, "forwarded", NS_FORWARD) : NULL;

	if (!forward)
		return NULL;
	*at = stamp_of(element_child(forward, "delay", NS_DELAY));
	return element_child(forward, "message", NS_CLIENT);
}

/* XEP-0280 §11: a carbon counts only if our own account forwarded it, else anyone could speak as us. */
static bool
peel_carbon(const Element *stanza, const char *own, Letter *letter)
{
	const Element *received = element_child(stanza, "received", NS_CARBONS), *sent = element_child(stanza, "sent", NS_CARBONS);
	const Element *message = forwarded(received ? received : sent, &letter->sent_at);

	if (!is_from_own_account(stanza, own) || !message || (received && sent) || !element_attr(message, "from"))
		return false;
	letter->stanza_id = msgcodec_stanza_id(message, own);
	return read_ends(message, own, letter) && (received || letter->direction == MESSAGE_OUT);
}

/* XEP-0313 §4.2: a result counts only while we ask, and from the archive that we asked. */
static bool
peel_archived(Stream *stream, const Element *stanza, const char *own, Letter *letter)
{
	const Element *result = element_child(stanza, "result", NS_MAM);
	const Element *message = forwarded(result, &letter->sent_at);

	if (!message || !mam_expected(stream, element_attr(stanza, "from"), element_attr(result, "queryid")))
		return false;
	letter->stanza_id = element_attr(result, "id");
	return letter->stanza_id && element_attr(message, "from") && read_ends(message, own, letter);
}

bool
letter_peel(Stream *stream, const Element *stanza, enum message_origin origin, Letter *letter)
{
	const char *own = stream_jid(stream);
	bool fine = false;

	*letter = (Letter){ .origin = origin };
	switch (origin) {
	case MESSAGE_LIVE:
		fine = peel_live(stanza, own, letter);
		break;
	case MESSAGE_CARBON:
		fine = peel_carbon(stanza, own, letter);
		break;
	case MESSAGE_ARCHIVE:
		fine = peel_archived(stream, stanza, own, letter);
		break;
	}
	if (!fine)
		log_info("%s: a message with a wrapper or ends that cannot be is dropped", own);
	return fine;
}
