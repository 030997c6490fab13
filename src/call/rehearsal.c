/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call with oneself: two sotto-media that meet at the relay, each told of the other what Jingle would carry. */
#include <string.h>

#include "api/error.h"
#include "api/timer.h"
#include "call/calls.h"
#include "call/devices.h"

enum { PATIENCE_MS = 15000, FIGURES = 3 /* STATS, before the figures are worth a line */ };

/* What is reached, in order; the words for having done so and for not. */
enum step { STEP_NONE, STEP_PAIR, STEP_KEYS, STEP_SOUND, STEPS };
static const struct {
	const char *state, *reached, *missed;
} steps[STEPS] = {
	[STEP_PAIR] = { "connected", "two ends find a way to each other through the relay",
		"two ends find no way to each other through the relay: it hands out addresses, but lets nothing through" },
	[STEP_KEYS] = { "secured", "they agree on keys (DTLS)",
		"they do not agree on keys (DTLS): large packets are lost on the way" },
	[STEP_SOUND] = { "flowing", "sound arrives", "no sound arrives, though there are keys" },
};

struct end {
	Rehearsal *rehearsal;
	Media *media;
	struct end *other;
	enum step step;
	guint figures;
	double rtt, loss;
};

struct Rehearsal {
	struct end ends[2];
	guint timer;
	enum step told;
	bool over;
	void (*line)(const char *text, bool good, gpointer data);
	gpointer data;
};

static void
finish(Rehearsal *rehearsal)
{
	if (rehearsal->over)
		return;
	rehearsal->over = true;
	if (rehearsal->timer)
		clock_cancel(rehearsal->timer);
	rehearsal->timer = 0;
	rehearsal->line(NULL, true, rehearsal->data);
}

static void
fail(Rehearsal *rehearsal, const char *sentence)
{
	if (rehearsal->over)
		return;
	rehearsal->line(sentence, false, rehearsal->data);
	finish(rehearsal);
}

/* What one says of itself becomes what the other is told of its peer (the Jingle between them). */
static void
pass_local(struct end *end, GVariant *body)
{
	g_autoptr(GVariant) fingerprint = g_variant_get_child_value(body, 4);
	const char *name, *ufrag, *pwd;
	bool initiator = end == &end->rehearsal->ends[0];
	GVariantBuilder contents;

	g_variant_get_child(body, 0, "&s", &name);
	g_variant_get_child(body, 2, "&s", &ufrag);
	g_variant_get_child(body, 3, "&s", &pwd);
	g_variant_builder_init(&contents, G_VARIANT_TYPE("a(sssaysiiiiuuubb)"));
	g_variant_builder_add(&contents, "(sss@aysiiiiuuubb)", name, ufrag, pwd, fingerprint, initiator ? "actpass" : "active",
		MEDIA_PT_OPUS, -1, -1, MEDIA_PT_DTMF, 48000u, MEDIA_EXT_TWCC, 0u, TRUE, TRUE);
	media_send(end->other->media, MEDIA_REMOTE, g_variant_new("(ba(sssaysiiiiuuubb))", TRUE, &contents));
}

static void
take_state(struct end *end, GVariant *body)
{
	Rehearsal *rehearsal = end->rehearsal;
	const char *state;

	g_variant_get_child(body, 1, "&s", &state);
	for (guint step = STEP_PAIR; step < STEPS; step++)
		if (!strcmp(steps[step].state, state))
			end->step = MAX(end->step, step);
	while (rehearsal->told < MIN(end->step, end->other->step)) {
		rehearsal->told++;
		rehearsal->line(steps[rehearsal->told].reached, true, rehearsal->data);
	}
}

static void
take_stats(struct end *end, GVariant *body)
{
	Rehearsal *rehearsal = end->rehearsal;
	g_autofree char *text = NULL;

	g_variant_get_child(body, 0, "d", &end->rtt);
	g_variant_get_child(body, 2, "d", &end->loss);
	if (rehearsal->told < STEP_SOUND || ++end->figures < FIGURES || rehearsal->over)
		return;
	if (end->rtt >= 0)
		text = g_strdup_printf(
			"to the relay and back through it: %.0f ms, %.0f %% lost", end->rtt, 100 * MAX(end->loss, 0));
	else if (end->figures < 2 * FIGURES)
		return;
	if (text)
		rehearsal->line(text, end->loss < 0.05, rehearsal->data);
	finish(rehearsal);
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	struct end *end = owner;
	const char *sentence;

	(void)fds;
	if (kind == MEDIA_LOCAL)
		pass_local(end, body);
	else if (kind == MEDIA_CANDIDATE)
		media_send(end->other->media, MEDIA_CANDIDATE, body);
	else if (kind == MEDIA_STATE)
		take_state(end, body);
	else if (kind == MEDIA_STATS)
		take_stats(end, body);
	else if (kind == MEDIA_FAILED)
		g_variant_get_child(body, 1, "&s", &sentence), fail(end->rehearsal, sentence);
}

static void
on_ended(gpointer owner, const GError *error)
{
	struct end *end = owner;

	fail(end->rehearsal, error->message);
}

static void
on_time_over(gpointer data)
{
	Rehearsal *rehearsal = data;

	rehearsal->timer = 0;
	if (rehearsal->told < STEP_SOUND)
		fail(rehearsal, steps[rehearsal->told + 1].missed);
	else
		finish(rehearsal);
}

static bool
start(struct end *end, bool initiator, const struct media_ways *ways, GError **error)
{
	static const struct media_link_hooks hooks = { on_frame, on_ended };
	GVariantBuilder contents;

	/* The other end is here, and so the relay is tried from both. */
	end->media = media_start(initiator ? call_settings.media_socket : NULL, &hooks, end, error);
	g_variant_builder_init(&contents, G_VARIANT_TYPE("a(ss)"));
	g_variant_builder_add(&contents, "(ss)", "audio", "audio");
	if (!end->media ||
		!media_begin(end->media, media_question_start(initiator, g_variant_builder_end(&contents), ways), error)) {
		g_variant_builder_clear(&contents);
		return false;
	}
	media_send(end->media, MEDIA_KEYS,
		g_variant_new("(b@ay@ay@ay)", FALSE, g_variant_new_array(G_VARIANT_TYPE_BYTE, NULL, 0),
			g_variant_new_array(G_VARIANT_TYPE_BYTE, NULL, 0), g_variant_new_array(G_VARIANT_TYPE_BYTE, NULL, 0)));
	return media_send(end->media, MEDIA_CONSENT, g_variant_new("()"));
}

static void
on_not_started(gpointer data)
{
	Rehearsal *rehearsal = data;

	rehearsal->timer = 0;
	fail(rehearsal, "a call with oneself cannot be tried here");
}

Rehearsal *
rehearsal_new(const struct media_ways *ways, void (*line)(const char *text, bool good, gpointer data), gpointer data)
{
	Rehearsal *rehearsal = g_new0(Rehearsal, 1);

	rehearsal->line = line;
	rehearsal->data = data;
	for (guint i = 0; i < 2; i++)
		rehearsal->ends[i] = (struct end){ .rehearsal = rehearsal, .other = &rehearsal->ends[1 - i] };
	if (start(&rehearsal->ends[0], true, ways, NULL) && start(&rehearsal->ends[1], false, ways, NULL))
		rehearsal->timer = clock_after(PATIENCE_MS, on_time_over, rehearsal, NULL);
	else
		rehearsal->timer = clock_after(0, on_not_started, rehearsal, NULL);
	return rehearsal;
}

void
rehearsal_free(Rehearsal *rehearsal)
{
	if (!rehearsal)
		return;
	rehearsal->over = true;
	if (rehearsal->timer)
		clock_cancel(rehearsal->timer);
	media_stop(rehearsal->ends[0].media);
	media_stop(rehearsal->ends[1].media);
	g_free(rehearsal);
}
