/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sotto-media, asked as sotto asks: ask [program=PATH] [socket=PATH]
 * [what=devices|levels|loopback|doctor|none|linger|list|test|rehearsal] [source=WORDS] [sink=WORDS]
 * [relay=TYPE,HOST,PORT,TRANSPORT,USER,PASSWORD]... [proxy=URI] [ca_file=PATH] [seconds=N]. What it says comes out line by line. */
#include "base/base.h"
#include "call/authorities.h"
#include "call/calls.h"
#include "call/devices.h"
#include "call/medialink-private.h"
#include "call/medialink.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/error.h"

static GMainLoop *loop;
static gint64 began;
static GVariantBuilder relays;
static struct media_ways ways = { .proxy = "" };
static char *authorities;
static int status = 1;
static Media *lingering; /* its call is over a second after it came to be */

static void G_GNUC_PRINTF(2, 3) say(const char *event, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list list;

	va_start(list, format);
	text = g_strdup_vprintf(format, list);
	va_end(list);
	printf("%d %s %s\n", (int)((g_get_monotonic_time() - began) / 1000), event, text);
	fflush(stdout);
}

/* The call is over, the program goes on. */
static gboolean
on_call_over(gpointer data)
{
	media_stop(data);
	say("stopped", "%s", "");
	return G_SOURCE_REMOVE;
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	g_autofree char *text = g_variant_print(body, FALSE);
	const char *step;

	(void)owner, (void)fds;
	say(media_kinds[kind].name, "%s", text);
	if (kind == MEDIA_HELLO && lingering)
		g_timeout_add(1000, on_call_over, g_steal_pointer(&lingering));
	if (kind == MEDIA_REPORT)
		g_variant_get_child(body, 0, "&s", &step);
	if (kind != MEDIA_DEVICES && (kind != MEDIA_REPORT || strcmp(step, "done")))
		return;
	status = 0;
	g_main_loop_quit(loop);
}

static void
on_ended(gpointer owner, const GError *error)
{
	(void)owner;
	say("ended", "%s", error->message);
	status = 2;
	g_main_loop_quit(loop);
}

static gboolean
on_time(gpointer data)
{
	(void)data;
	status = 0;
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void
add_relay(const char *words)
{
	g_auto(GStrv) part = g_strsplit(words, ",", 6);

	g_variant_builder_add(&relays, "(ssqsss)", part[0], part[1], (guint16)atoi(part[2]), part[3], part[4], part[5]);
}

/* ---- what the layer above sees ---- */

static void
on_line(const char *text, bool good, gpointer data)
{
	(void)data;
	if (text) {
		say(good ? "good" : "bad", "%s", text);
		return;
	}
	status = 0;
	g_main_loop_quit(loop);
}

static void
on_list(const struct call_device *devices, guint n, const GError *error, gpointer data)
{
	(void)data;
	for (guint i = 0; i < n; i++)
		say("device", "%s %s %s%s", devices[i].what, devices[i].id, devices[i].name, devices[i].is_default ? " *" : "");
	on_line(error ? error->message : NULL, false, NULL);
	if (error)
		on_line(NULL, false, NULL);
}

static bool
ask_above(const char *what, int seconds)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) list = NULL;

	if (!strcmp(what, "list"))
		call_devices(on_list, NULL);
	else if (!strcmp(what, "test") && !call_test(seconds, on_line, NULL, &error))
		say("refused", "%s", error->message);
	else if (!strcmp(what, "rehearsal"))
		ways.relays = list = g_variant_ref_sink(g_variant_builder_end(&relays)), rehearsal_new(&ways, on_line, NULL);
	else if (strcmp(what, "test"))
		return false;
	g_timeout_add_seconds((guint)seconds + 20, on_time, NULL);
	g_main_loop_run(loop);
	return true;
}

int
main(int argc, char **argv)
{
	static const struct media_link_hooks hooks = { on_frame, on_ended };
	const char *socket = NULL, *what = "devices", *source = "test", *sink = "none";
	g_autoptr(GError) error = NULL;
	Media *media;
	int seconds = 100;

	g_variant_builder_init(&relays, G_VARIANT_TYPE("a(ssqsss)"));
	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=') + 1;

		if (g_str_has_prefix(argv[i], "program="))
			media_program = value;
		else if (g_str_has_prefix(argv[i], "socket="))
			socket = value;
		else if (g_str_has_prefix(argv[i], "what="))
			what = value;
		else if (g_str_has_prefix(argv[i], "source="))
			source = value;
		else if (g_str_has_prefix(argv[i], "sink="))
			sink = value;
		else if (g_str_has_prefix(argv[i], "relay="))
			add_relay(value);
		else if (g_str_has_prefix(argv[i], "proxy="))
			ways.proxy = value;
		else if (g_str_has_prefix(argv[i], "ca_file="))
			ways.authorities = authorities = authorities_text(value);
		else if (g_str_has_prefix(argv[i], "seconds="))
			seconds = atoi(value);
	}
	if (!base_init(NULL))
		return 1;
	ways.loopback = true;
	loop = g_main_loop_new(NULL, FALSE);
	began = g_get_monotonic_time();
	call_settings.media_socket = (char *)socket;
	call_settings.audio_source = (char *)source;
	call_settings.audio_sink = (char *)sink;
	if (ask_above(what, seconds))
		return status;
	media = media_start(socket, &hooks, NULL, &error);
	if (media &&
		!media_begin(media,
			g_variant_new("(b@a(ss)sbs@a(ssqsss)ssssuuusb)", TRUE, g_variant_new_array(G_VARIANT_TYPE("(ss)"), NULL, 0),
				"relay", FALSE, "", g_variant_builder_end(&relays), ways.proxy, source, sink, "none", 640u, 480u,
				30u, authorities ? authorities : "", TRUE),
			&error))
		g_clear_pointer(&media, media_stop);
	if (!media) {
		say("refused", "%s", error->message);
		return 3;
	}
	if (!strcmp(what, "linger"))
		lingering = g_steal_pointer(&media);
	else if (strcmp(what, "none"))
		media_send(media, MEDIA_ASK, g_variant_new("(s)", what));
	g_timeout_add_seconds((guint)seconds, on_time, NULL);
	g_main_loop_run(loop);
	media_stop(media);
	return status;
}
