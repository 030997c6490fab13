/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages without text: one table of kinds with what each may hold, and the receipts, markers and chat states that chat sends
 * by itself. They go to those only who may see our presence anyway (XEP-0184 §8). */
#include "chat/signal.h"

#include "api/error.h"
#include "api/jid.h"
#include "api/stream.h"
#include "api/timer.h"
#include "base/rate.h"
#include "base/text.h"
#include "chat/chat.h"
#include "chat/convo.h"
#include "chat/seal.h"
#include "store/db.h"
#include "xmpp/stream.h"

#include <string.h>

#define BURST 100 /* receipts that a contact may cause at once */
#define PER_SECOND 20
#define PAUSE_MS 10000 /* without a key it is a pause */

static const struct kind {
	const char *names[8], *ns; /* ns NULL: the sealed element of a provider */
	const char *hint;          /* XEP-0334 */
	bool has_children;
} kinds[] = {
	[SIGNAL_RECEIPT] = { { "received" }, "urn:xmpp:receipts", "store" },
	[SIGNAL_MARKER] = { { "displayed" }, "urn:xmpp:chat-markers:0", "store" },
	[SIGNAL_CHAT_STATE] = { { "active", "composing", "paused", "inactive", "gone" }, "http://jabber.org/protocol/chatstates",
		"no-store" },
	[SIGNAL_KEY_TRANSPORT] = { { NULL }, NULL, "store" },
	[SIGNAL_CALL] = { { "propose", "ringing", "proceed", "accept", "reject", "retract", "finish" }, "urn:xmpp:jingle-message:0",
		"store", .has_children = true },
};

/* Anywhere below: a signal is never a way for text. */
static bool
has_body(const Element *element)
{
	if (!strcmp(element_name(element), "body"))
		return true;
	for (const Element *child = element_first(element); child; child = element_next(child))
		if (has_body(child))
			return true;
	return false;
}

static bool
is_allowed(const struct kind *kind, const Element *content)
{
	if (has_body(content))
		return false;
	if (!kind->ns)
		return e2ee_provider_for(content) != NULL;
	if ((element_first(content) && !kind->has_children) || *element_text(content))
		return false;
	for (size_t i = 0; kind->names[i]; i++)
		if (element_is(content, kind->names[i], kind->ns))
			return true;
	return false;
}

bool
message_signal(Account *account, enum signal_kind kind, const char *to, Node *content, GError **error)
{
	g_autoptr(Node) node = node_new("message", NULL);
	g_autofree char *id = text_random_id(), *xml = node_to_xml(content);
	g_autoptr(Stanza) read = stanza_parse(xml, strlen(xml), error);

	node_attr(node, "to", to);
	node_attr(node, "type", "chat");
	node_attr(node, "id", id);
	node_take(node, content);
	node_add(node, kinds[kind].hint, "urn:xmpp:hints");
	if (!read)
		return false;
	if (!is_allowed(&kinds[kind], stanza_root(read)))
		return fault(error, FAULT_INPUT, "a signal of this kind may not hold <%s>", element_name(stanza_root(read)));
	/* Whatever was begun when they still saw us. */
	if (!contact_sees_us(account, to))
		return fault(error, FAULT_INPUT, "%s may not learn that you are here", to);
	if (!account_online(account) || !stream_send(account_stream(account), g_steal_pointer(&node)))
		return fault(error, FAULT_OFFLINE, "%s is offline", account_jid(account));
	return true;
}

static Node *
named(const char *name, const char *ns, const char *id)
{
	Node *node = node_new(name, ns);

	node_attr(node, "id", id);
	return node;
}

/* ---- what says "I have it": true only when the disk has it ---- */

struct word {
	enum signal_kind kind;
	char *account, *to, *id;
};

static GPtrArray *waiting, *due; /* for the batch; to be sent */
static guint timer;

static void
word_free(gpointer data)
{
	struct word *word = data;

	g_free(word->account);
	g_free(word->to);
	g_free(word->id);
	g_free(word);
}

static void
send_due(gpointer data)
{
	g_autoptr(GPtrArray) words = g_steal_pointer(&due);

	(void)data;
	timer = 0;
	for (guint i = 0; words && i < words->len; i++) {
		const struct word *word = g_ptr_array_index(words, i);
		const struct kind *kind = &kinds[word->kind];
		Account *account = account_find(word->account);

		if (account)
			message_signal(account, word->kind, word->to, named(kind->names[0], kind->ns, word->id), NULL);
	}
}

/* Not within the commit: the outbox commits the number of the next stanza, and that must be its own. */
void
signal_flush(void)
{
	if (waiting && due)
		g_ptr_array_extend_and_steal(due, g_steal_pointer(&waiting));
	else if (waiting)
		due = g_steal_pointer(&waiting);
	if (due && !timer)
		timer = clock_after(0, send_due, NULL, NULL);
}

/* What they are for comes again, and they with it. */
void
signal_lost(void)
{
	g_clear_pointer(&waiting, g_ptr_array_unref);
}

static void
say_when_durable(enum signal_kind kind, const Account *account, const char *to, const char *id)
{
	struct word *word = g_new(struct word, 1);

	*word = (struct word){ .kind = kind, .account = g_strdup(account_jid(account)), .to = g_strdup(to), .id = g_strdup(id) };
	if (!waiting)
		waiting = g_ptr_array_new_with_free_func(word_free);
	g_ptr_array_add(waiting, word);
	if (!db_is_pending())
		signal_flush();
}

/* ---- receipts and markers ---- */

/* Whoever sends faster gets no receipts for the rest. */
static struct rate receipts = { .burst = BURST, .per_second = PER_SECOND };

void
signal_delivered(Conversation *conv, const Message *message, const char *to)
{
	Account *account = convo_account(conv);

	/* XEP-0184 §5.4: only when it is first received, so neither for copies nor from the archive. */
	if (!chat_settings.receipts || message->origin != MESSAGE_LIVE || !message->wants_receipt || !message->wire_id ||
		!message->body)
		return;
	if (!account || !contact_sees_us(account, convo_peer(conv)) ||
		!rate_take(&receipts, account_jid(account), convo_peer(conv)))
		return;
	say_when_durable(SIGNAL_RECEIPT, account, to, message->wire_id);
}

void
signal_displayed(Conversation *conv, const char *wire_id, bool sealed)
{
	Account *account = convo_account(conv);

	if (!account || !(sealed ? chat_settings.markers_sealed : chat_settings.markers) ||
		!contact_sees_us(account, convo_peer(conv)))
		return;
	say_when_durable(SIGNAL_MARKER, account, convo_peer(conv), wire_id);
}

/* ---- chat states ---- */

static GHashTable *typing; /* Conversation -> id of the timer that turns it to paused */

static void
send_state(Conversation *conv, const char *state)
{
	Account *account = convo_account(conv);

	if (account)
		message_signal(account, SIGNAL_CHAT_STATE, convo_peer(conv),
			node_new(state, "http://jabber.org/protocol/chatstates"), NULL);
}

static void
stop(Conversation *conv)
{
	clock_cancel(GPOINTER_TO_UINT(g_hash_table_lookup(typing, conv)));
	g_hash_table_remove(typing, conv);
}

static void
pause_typing(gpointer data)
{
	g_hash_table_remove(typing, data);
	send_state(data, "paused");
}

void
convo_typing(Conversation *conv, bool is_typing)
{
	Account *account = convo_account(conv);
	bool sealed = convo_seal_state(conv) != CONVO_READABLE, was;

	if (!typing)
		typing = g_hash_table_new(NULL, NULL);
	was = g_hash_table_contains(typing, conv);
	if (was)
		stop(conv);
	if (!account || !account_online(account) || !contact_sees_us(account, convo_peer(conv)))
		return;
	if (!(sealed ? chat_settings.states_sealed : chat_settings.states))
		return;
	if (is_typing)
		g_hash_table_insert(typing, conv, GUINT_TO_POINTER(clock_after(PAUSE_MS, pause_typing, conv, NULL)));
	if (is_typing != was)
		send_state(conv, is_typing ? "composing" : "active");
}

void
signal_forget(Conversation *conv)
{
	if (typing && g_hash_table_contains(typing, conv))
		stop(conv);
}
