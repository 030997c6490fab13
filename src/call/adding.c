/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures that come to a running call or leave it (XEP-0166 §7.2.8). Each new medium needs a yes of its own. */
#include "api/ask.h"
#include "api/chat.h"
#include "call/call.h"

#include <string.h>

/* ---- the peer adds ---- */

static void
answer_content(Call *call, const char *name, enum jingle_action action)
{
	Jingle *jingle = jingle_new(action, call->sid);
	const struct content *content = call_content(call, name);

	jingle_add(jingle, name)->by_responder = content && content->by_responder;
	talk_send(call, jingle);
}

static void
drop(Call *call, struct content *content)
{
	guint question = content->asked ? call->question : 0;

	if (!content->asked)
		engine_remove(call, content->name);
	if (content->video)
		call->video = call->video_on = false;
	g_ptr_array_remove(call->contents, content);
	/* Last: it is answered by that, and what it was about is gone. */
	if (question) {
		call->question = 0;
		ask_withdraw(question);
	}
}

struct ticket {
	guint id;
	char *name;
};

static void
ticket_free(gpointer data)
{
	struct ticket *ticket = data;

	g_free(ticket->name);
	g_free(ticket);
}

static void
on_choice(const char *choice, gpointer data)
{
	const struct ticket *ticket = data;
	Call *call = call_by_id(ticket->id);
	struct content *content = call ? call_content(call, ticket->name) : NULL;

	if (!content || !content->asked || call->state == STATE_ENDED)
		return;
	call->question = 0;
	/* Nothing is shown or sent while it is held. */
	if (!choice || !strcmp(choice, "no") || call->state == STATE_HELD) {
		answer_content(call, content->name, JINGLE_CONTENT_REJECT);
		g_ptr_array_remove(call->contents, content);
		return;
	}
	content->asked = false;
	content->answer_due = true;
	call->video = true;
	call->video_on = !strcmp(choice, "yes");
	engine_add(call, content);
	call_tell(call);
}

static void
refuse_added(Call *call, const Jingle *jingle)
{
	Jingle *no = jingle_new(JINGLE_CONTENT_REJECT, call->sid);

	for (guint i = 0; i < jingle->contents->len; i++) {
		const JingleContent *theirs = g_ptr_array_index(jingle->contents, i);

		jingle_add(no, theirs->name)->by_responder = theirs->by_responder;
	}
	talk_send(call, no);
}

enum input
talk_content_add(Call *call, const struct call_input *in)
{
	static const char *const choices[] = { "no", "watch", "yes", NULL };
	g_autoptr(GError) error = NULL;
	const JingleContent *theirs = in->jingle->contents->len == 1 ? g_ptr_array_index(in->jingle->contents, 0) : NULL;
	bool wanted = theirs && !call_video_content(call) && !g_strcmp0(theirs->media, "video");
	/* Only what may be taken is kept. */
	Jingle *jingle = wanted ? talk_keep(call, in) : NULL;
	struct content *content;
	struct ticket *ticket;
	g_autofree char *text = NULL;

	if (!jingle || !keys_take(call->keys, jingle, &error) || !talk_take_added(call, jingle, &error)) {
		refuse_added(call, in->jingle);
		return INPUT_NONE;
	}
	content = call_content(call, theirs->name);
	content->asked = true;
	ticket = g_new(struct ticket, 1);
	*ticket = (struct ticket){ call->id, g_strdup(content->name) };
	/* Who answers by itself has said yes to all that a contact may ask. */
	if (call_settings.answer == CALL_ANSWER_CONTACTS) {
		on_choice("yes", ticket);
		ticket_free(ticket);
		return INPUT_NONE;
	}
	text = g_strdup_printf("%s adds pictures to the call: watch only, or show yourself as well (yes)?", call->peer);
	call->question = ask(call->account, call->peer, text, choices, on_choice, ticket, ticket_free);
	return INPUT_NONE;
}

/* ---- we add ---- */

static void
send_content(Call *call, struct content *content, bool is_answer)
{
	g_autoptr(GError) error = NULL;
	Jingle *jingle = jingle_new(is_answer ? JINGLE_CONTENT_ACCEPT : JINGLE_CONTENT_ADD, call->sid);

	talk_describe_content(call, jingle, content, is_answer);
	if (!keys_seal_into(call->keys, jingle, &error)) {
		jingle_free(jingle);
		call_fail(call, "security-error", "%s", error->message);
		call_step(call, INPUT_FAIL, NULL);
		return;
	}
	talk_send(call, jingle);
}

/* Our side of a content is ready: it was added, answered, or has new credentials. */
enum input
talk_local(Call *call, const struct call_input *in)
{
	(void)in;
	for (guint i = 0; i < call->contents->len; i++) {
		struct content *content = g_ptr_array_index(call->contents, i);

		if (!content->local || !content->fresh)
			continue;
		content->fresh = false;
		if (content->adding) {
			send_content(call, content, false);
		} else if (content->answer_due) {
			content->answer_due = false;
			send_content(call, content, true);
			engine_restarted(call);
		} else if (content->remote) {
			talk_restarted(call, content);
		}
	}
	return INPUT_NONE;
}

/* What we took back meanwhile, or did not add yet, is answered too late or by mistake. */
static bool
is_answer_due(const Call *call, const Jingle *jingle)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		const struct content *content = call_content(call, ((const JingleContent *)jingle->contents->pdata[i])->name);

		if (!content || !content->adding || !content->local || content->fresh)
			return false;
	}
	return jingle->contents->len > 0;
}

static void
say_none(const Call *call, const char *why)
{
	Account *account = call_account(call);
	Conversation *conv = account ? convo_get(account, call->peer) : NULL;
	g_autofree char *line = g_strdup_printf("no pictures: %s", why);

	if (conv)
		convo_note(conv, line);
}

/* What was added goes again; the call had enough without it. */
static void
take_back(Call *call, const Jingle *jingle, const char *why)
{
	for (guint i = 0; i < jingle->contents->len; i++) {
		struct content *content = call_content(call, ((const JingleContent *)jingle->contents->pdata[i])->name);

		if (content)
			talk_remove(call, content);
	}
	say_none(call, why);
}

enum input
talk_content_accept(Call *call, const struct call_input *in)
{
	g_autoptr(GError) error = NULL;
	bool bundled = call->bundled, taken;
	Jingle *jingle;

	if (!is_answer_due(call, in->jingle))
		return INPUT_NONE;
	jingle = talk_keep(call, in);
	taken = jingle && talk_take_answer(call, jingle, &error);
	call->bundled = bundled;
	if (!taken) {
		take_back(call, in->jingle, error ? error->message : "the answer makes no sense");
		return INPUT_NONE;
	}
	/* Keys that do not fit are no fault of pictures: somebody may be in between. */
	if (!keys_take(call->keys, jingle, &error))
		return call_fail(call, "security-error", "%s: %s", call->peer, error->message);
	for (guint i = 0; i < jingle->contents->len; i++)
		call_content(call, ((const JingleContent *)jingle->contents->pdata[i])->name)->adding = false;
	engine_restarted(call);
	talk_send_waiting(call);
	return INPUT_NONE;
}

void
talk_not_added(Call *call, const char *name)
{
	struct content *content = call_content(call, name);

	if (!content || !content->adding)
		return;
	drop(call, content);
	say_none(call, "the other end does not take them in a call that runs - /vcall has them from the start");
}

enum input
talk_content_reject(Call *call, const struct call_input *in)
{
	const GPtrArray *named = in->jingle->contents;

	for (guint i = 0; i < named->len; i++)
		talk_not_added(call, ((const JingleContent *)g_ptr_array_index(named, i))->name);
	/* Browsers name none. */
	for (guint i = call->contents->len; i && !named->len; i--)
		talk_not_added(call, ((const struct content *)g_ptr_array_index(call->contents, i - 1))->name);
	return INPUT_NONE;
}

enum input
talk_content_remove(Call *call, const struct call_input *in)
{
	for (guint i = 0; i < in->jingle->contents->len; i++) {
		const JingleContent *theirs = g_ptr_array_index(in->jingle->contents, i);
		struct content *content = call_content(call, theirs->name);

		if (content)
			drop(call, content);
	}
	if (!call->contents->len)
		return call_fail(call, "success", "%s removed all that the call had", call->peer);
	return INPUT_NONE;
}

/* §7.2.7: the other end begins or ceases to send what was agreed upon; nothing new is sent by us for it. */
enum input
talk_content_modify(Call *call, const struct call_input *in)
{
	bool changed = false;

	for (guint i = 0; i < in->jingle->contents->len; i++) {
		const JingleContent *theirs = g_ptr_array_index(in->jingle->contents, i);
		struct content *content = call_content(call, theirs->name);

		if (!content || !content->remote)
			continue;
		g_free(content->theirs->senders);
		content->theirs->senders = g_strdup(theirs->senders);
		changed = true;
	}
	if (changed)
		engine_restarted(call);
	return INPUT_NONE;
}

void
talk_modify(Call *call, struct content *content)
{
	Jingle *jingle = jingle_new(JINGLE_CONTENT_MODIFY, call->sid);
	JingleContent *ours = jingle_add(jingle, content->name);

	ours->by_responder = content->by_responder;
	ours->senders = g_strdup("both");
	g_free(content->theirs->senders);
	content->theirs->senders = g_strdup("both");
	talk_send(call, jingle);
	engine_restarted(call);
}

void
talk_remove(Call *call, struct content *content)
{
	answer_content(call, content->name, JINGLE_CONTENT_REMOVE);
	drop(call, content);
}

/* Ours are "0" and "1"; the other end may have named its sound so. */
static char *
free_name(const Call *call)
{
	for (guint i = 1;; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		if (!call_content(call, name))
			return g_steal_pointer(&name);
	}
}

void
talk_add_video(Call *call)
{
	g_autofree char *name = free_name(call);
	struct content *content = call_add_content(call, name, true);

	content->by_responder = call->incoming;
	content->adding = true;
	call->video = call->video_on = true;
	engine_add(call, content);
}
