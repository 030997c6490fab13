/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be asked of sotto-media without a call: which devices there are, and how one sounds to oneself. One is started for it.
 */
#include "call/devices.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/error.h"
#include "api/timer.h"
#include "call/calls.h"

enum { DEVICES_MS = 12000, FIRST_MS = 12000, BAR = 20, SILENCE = -60, TOO_LOUD = -3 };

GVariant *
media_question_start(bool initiator, GVariant *contents, const struct media_ways *ways)
{
	static const struct media_ways none = { 0 };
	const struct media_ways *by = ways ? ways : &none;
	bool rehearsal = contents;

	return g_variant_new("(b@a(ss)sbs@a(ssqsss)ssssuuusb)", initiator,
		contents ? contents : g_variant_new_array(G_VARIANT_TYPE("(ss)"), NULL, 0), "relay", by->loopback, "",
		by->relays ? by->relays : g_variant_new_array(G_VARIANT_TYPE("(ssqsss)"), NULL, 0), by->proxy ? by->proxy : "",
		rehearsal ? "test" : call_settings.audio_source, rehearsal ? "none" : call_settings.audio_sink, "none", 0u, 0u, 0u,
		by->authorities ? by->authorities : "", TRUE);
}

/* ---- /devices ---- */

struct question {
	Media *media;
	guint timer;
	void (*done)(const struct call_device *devices, guint n, const GError *error, gpointer data);
	gpointer data;
};

static void
answer(struct question *question, const struct call_device *devices, guint n, const GError *error)
{
	if (question->timer)
		clock_cancel(question->timer);
	question->done(devices, n, error, question->data);
	media_stop(question->media);
	g_free(question);
}

static void
on_devices(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(struct call_device));
	gboolean is_default;
	struct call_device device;
	GVariantIter list;

	(void)fds;
	if (kind != MEDIA_DEVICES)
		return;
	g_variant_iter_init(&list, body);
	while (g_variant_iter_next(&list, "(&s&s&sb)", &device.what, &device.id, &device.name, &is_default)) {
		device.is_default = is_default;
		g_array_append_val(devices, device);
	}
	answer(owner, (const struct call_device *)(gpointer)devices->data, devices->len, NULL);
}

static void
on_devices_ended(gpointer owner, const GError *error)
{
	answer(owner, NULL, 0, error);
}

static void
on_devices_late(gpointer data)
{
	struct question *question = data;
	g_autoptr(GError) error = NULL;

	question->timer = 0;
	fault(&error, FAULT_BUSY, "the sound server does not answer");
	answer(question, NULL, 0, error);
}

static gboolean
on_not_started(gpointer data)
{
	struct question *question = data;
	g_autoptr(GError) error = NULL;

	fault(&error, FAULT_GONE, "there is no program sotto-media beside sotto: calls need it, install it as well");
	answer(question, NULL, 0, error);
	return G_SOURCE_REMOVE;
}

void
call_devices(void (*done)(const struct call_device *devices, guint n, const GError *error, gpointer data), gpointer data)
{
	static const struct media_link_hooks hooks = { on_devices, on_devices_ended };
	struct question *question = g_new0(struct question, 1);

	question->done = done;
	question->data = data;
	question->media = media_start(call_settings.media_socket, &hooks, question, NULL);
	if (question->media) {
		media_send(question->media, MEDIA_ASK, g_variant_new("(s)", "devices"));
		question->timer = clock_after(DEVICES_MS, on_devices_late, question, NULL);
	} else {
		g_idle_add(on_not_started, question);
	}
}

/* ---- /calltest ---- */

static struct test {
	Media *media; /* NULL: none is under way */
	guint timer, answers, ms;
	double said, heard, loudest; /* of this second; of all */
	void (*line)(const char *text, bool good, gpointer data);
	gpointer data;
} test;

static void
finish_test(void)
{
	struct test ended = test;

	test = (struct test){ 0 };
	if (ended.timer)
		clock_cancel(ended.timer);
	ended.line(NULL, true, ended.data);
	media_stop(ended.media);
}

static char *
bar(double level)
{
	int full = (int)lround(CLAMP((level - SILENCE) / -SILENCE, 0, 1) * BAR);
	g_autofree char *on = g_strnfill((gsize)full, '|'), *off = g_strnfill((gsize)(BAR - full), '.');

	return level <= -100 ? g_strdup_printf("%s%s silence", on, off) : g_strdup_printf("%s%s %.0f dB", on, off, level);
}

static void
on_test_over(gpointer data)
{
	(void)data;
	test.timer = 0;
	if (!test.answers)
		test.line("nothing came from the microphone: /devices lists what there is", false, test.data);
	else if (test.loudest <= SILENCE)
		test.line("the microphone is silent: is it muted, or is another one meant? /devices lists them", false, test.data);
	else if (test.loudest > TOO_LOUD)
		test.line("the microphone is so loud that it is distorted: turn it down", false, test.data);
	else if (test.heard <= SILENCE)
		test.line("the microphone works, but nothing was played", false, test.data);
	else
		test.line("the microphone works; if you did not hear yourself, look at the loudspeaker", true, test.data);
	finish_test();
}

/* Five of them come in a second; one line is said. */
static void
on_level(GVariant *body)
{
	g_autofree char *text = NULL, *meter = NULL;
	double said, heard;

	g_variant_get_child(body, 5, "d", &heard);
	g_variant_get_child(body, 6, "d", &said);
	if (!test.answers) {
		clock_cancel(test.timer);
		test.timer = clock_after(test.ms, on_test_over, NULL, NULL);
	}
	test.said = fmax(test.said, said);
	test.loudest = fmax(test.loudest, said);
	test.heard = fmax(test.heard, heard);
	if (++test.answers % 5)
		return;
	meter = bar(test.said);
	text = g_strdup_printf("microphone %s", meter);
	test.line(text, test.said > SILENCE, test.data);
	test.said = -100;
}

static void
on_test_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	const char *sentence;

	(void)owner, (void)fds;
	if (kind == MEDIA_STATS) {
		on_level(body);
	} else if (kind == MEDIA_FAILED) {
		g_variant_get_child(body, 1, "&s", &sentence);
		test.line(sentence, false, test.data);
		finish_test();
	}
}

static void
on_test_ended(gpointer owner, const GError *error)
{
	(void)owner;
	test.line(error->message, false, test.data);
	finish_test();
}

bool
call_test(int seconds, void (*line)(const char *text, bool good, gpointer data), gpointer data, GError **error)
{
	static const struct media_link_hooks hooks = { on_test_frame, on_test_ended };

	if (test.media)
		return fault(error, FAULT_BUSY, "a test of sound is under way");
	test = (struct test){ .said = -100, .heard = -100, .loudest = -100, .line = line, .data = data };
	test.media = media_start(call_settings.media_socket, &hooks, NULL, error);
	if (!test.media)
		return false;
	if (!media_begin(test.media, media_question_start(true, NULL, NULL), error)) {
		g_clear_pointer(&test.media, media_stop);
		return false;
	}
	media_send(test.media, MEDIA_ASK, g_variant_new("(s)", "loopback"));
	test.ms = (guint)seconds * 1000;
	/* The time is that of sound: what has to start first may be slow. */
	test.timer = clock_after(MAX(test.ms, (guint)FIRST_MS), on_test_over, NULL, NULL);
	return true;
}
