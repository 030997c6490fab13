/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sotto-media and what two sottos would say to them: pair [option=value ...]. What the two say comes out as lines of JSON.
 *
 * Options: seconds=N, video=on, bundled=off, mixed=on, wrong=secret|fingerprint|hash, policy=relay, loopback=off, fec=off,
 * dtmf=CLOCK, toward=ADDRESS, through=ADDRESS,PORT,PORT (where a's and b's candidates are said to be),
 * relay=TYPE,HOST,PORT,TRANSPORT,USER,PASSWORD (again for more), and of a side (a. or b., both without): media=PROGRAM, source=,
 * sink=, camera= (file:PATH is opened here), consent=MS (-1 never), keys=MS, policy=. at=MS,SIDE,KIND,ARGUMENTS sends one frame
 * more (+MS: so long after both heard each other): set,NAME,VALUE  picture,WHICH,WIDTH,HEIGHT,RATE  restart  deaf,on|off
 * add,NAME,MEDIA  remote (what it knows of the other) remove,NAME candidate,IP,PORT[,COUNT]  die. ringing=MS: what is known is told
 * after so long. after=MS: the end comes so long after both heard each other (until=secured: have keys), or after one is gone.
 * save=PREFIX writes the last picture of each kind as PPM. */
#include "api/secret.h"
#include "base/medialink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct local {
	char *name, *media, *ufrag, *pwd;
	guint8 fingerprint[32];
	gsize length;
};

struct side {
	const char *letter;
	MediaLink *link;
	pid_t pid;
	bool initiator, over, there, deaf;
	char *source, *sink, *camera, *policy, *program;
	int consent, keys;
	int fds[MEDIA_FDS];
	guint n_fds;
	GPtrArray *locals; /* struct local */
	GPtrArray *early;  /* candidates for the other, before it knows us */
	bool answered;
	guint64 frames;
	bool looks, sees; /* pictures were asked for; one came since what was last done about them */
};

static struct side sides[2] = { { .letter = "a", .initiator = true }, { .letter = "b" } };
static GMainLoop *loop;
static char *toward, *wrong, *save;
static char **through;
static const char *until = "flowing";
static bool video, bundled = true, mixed, loopback = true, fec = true;
static int seconds = 3, after = -1, ringing, dtmf = 48000;
static GPtrArray *relays, *timed;
static gint64 started;
static guint8 secrets[3][32];

static void G_GNUC_PRINTF(3, 4) say(const struct side *side, const char *event, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	g_autofree char *rest = g_strdup_vprintf(format, list);
	va_end(list);
	printf("{\"ms\":%d,\"side\":\"%s\",\"event\":\"%s\"%s}\n", (int)((g_get_monotonic_time() - started) / 1000), side->letter,
		event, rest);
	fflush(stdout);
}

static struct side *
other(const struct side *side)
{
	return &sides[side == &sides[0]];
}

/* ---- what sotto would do ---- */

static gboolean
finish(gpointer data)
{
	(void)data;
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

/* A picture that somebody looks for is waited for, on a busy machine longer than after says. */
static gboolean
finish_seen(gpointer data)
{
	for (int i = 0; i < 2; i++)
		if (sides[i].looks && !sides[i].sees && !sides[i].over) {
			g_timeout_add(200, finish_seen, data);
			return G_SOURCE_REMOVE;
		}
	return finish(data);
}

static void
end_soon(int ms)
{
	if (after >= 0)
		g_timeout_add(ms, finish_seen, NULL);
}

static bool
opt(const char *text, const char *name, const char **value)
{
	if (!g_str_has_prefix(text, name) || text[strlen(name)] != '=')
		return false;
	*value = text + strlen(name) + 1;
	return true;
}

static GVariant *
remote_of(struct side *to)
{
	struct side *from = other(to);
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sssaysiiiiuuubb)"));
	for (guint i = 0; i < from->locals->len; i++) {
		struct local *local = from->locals->pdata[i];
		bool picture = !strcmp(local->media, "video");
		guint8 fingerprint[32];
		memcpy(fingerprint, local->fingerprint, 32);
		if (!g_strcmp0(wrong, "fingerprint") && to->initiator)
			fingerprint[7] ^= 1;
		g_variant_builder_add(&builder, "(sss@aysiiiiuuubb)", local->name, local->ufrag, local->pwd,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, fingerprint, g_strcmp0(wrong, "hash") ? 32 : 20, 1),
			to->initiator ? "active" : "actpass", picture ? -1 : MEDIA_PT_OPUS, picture ? MEDIA_PT_VP8 : -1,
			picture ? MEDIA_PT_RTX : -1, picture ? -1 : MEDIA_PT_DTMF, (guint)dtmf, MEDIA_EXT_TWCC, 0u, !from->deaf,
			TRUE);
	}
	return g_variant_new("(ba(sssaysiiiiuuubb))", bundled, &builder);
}

static void
answer(struct side *side)
{
	struct side *from = other(side);

	if (!media_link_send(side->link, MEDIA_REMOTE, remote_of(side))) {
		say(side, "refused", "%s", "");
		end_soon(after);
	}
	side->answered = true;
	for (guint i = 0; i < from->early->len; i++)
		media_link_send(side->link, MEDIA_CANDIDATE, from->early->pdata[i]);
	g_ptr_array_set_size(from->early, 0);
}

static gboolean
give_keys(gpointer data)
{
	struct side *side = data;
	guint8 mine[32];

	memcpy(mine, secrets[1], 32);
	if (!g_strcmp0(wrong, "secret") && side->initiator)
		mine[0] ^= 1;
	gsize n = mixed ? 32 : 0;
	media_link_send(side->link, MEDIA_KEYS,
		g_variant_new("(b@ay@ay@ay)", mixed, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, secrets[0], n, 1),
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, mine, n, 1),
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, secrets[2], n, 1)));
	return G_SOURCE_REMOVE;
}

static gboolean
give_consent(gpointer data)
{
	struct side *side = data;

	say(side, "consent", "%s", "");
	media_link_send(side->link, MEDIA_CONSENT, g_variant_new("()"));
	return G_SOURCE_REMOVE;
}

/* They were rung: now one says yes. */
static gboolean
accept_call(gpointer data)
{
	(void)data;
	for (int i = 0; i < 2; i++)
		answer(&sides[i]);
	for (int i = 0; i < 2; i++) {
		if (sides[i].keys >= 0)
			g_timeout_add(sides[i].keys, give_keys, &sides[i]);
		if (sides[i].consent >= 0)
			g_timeout_add(sides[i].consent, give_consent, &sides[i]);
	}
	return G_SOURCE_REMOVE;
}

static void
begin_when_known(void)
{
	guint contents = video ? 2 : 1;
	static bool begun;

	if (begun || sides[0].locals->len < contents || sides[1].locals->len < contents)
		return;
	begun = true;
	if (ringing)
		g_timeout_add(ringing, accept_call, NULL);
	else
		accept_call(NULL);
}

/* ---- frames at a time ---- */

struct timed {
	struct side *side;
	char **words;
};

static gboolean
do_timed(gpointer data)
{
	struct timed *it = data;
	MediaLink *link = it->side->link;
	char **w = it->words;

	say(it->side, "do", ",\"what\":\"%s\"", w[2]);
	it->side->looks |= !strcmp(w[2], "picture") && !strcmp(w[3], "remote");
	if (!strcmp(w[2], "picture") || !strcmp(w[2], "add"))
		it->side->sees = false;
	if (!strcmp(w[2], "set"))
		media_link_send(link, MEDIA_SET, g_variant_new("(ss)", w[3], w[4]));
	else if (!strcmp(w[2], "picture"))
		media_link_send(link, MEDIA_PICTURE, g_variant_new("(suuu)", w[3], atoi(w[4]), atoi(w[5]), atoi(w[6])));
	else if (!strcmp(w[2], "remote"))
		media_link_send(link, MEDIA_REMOTE, remote_of(it->side));
	else if (!strcmp(w[2], "deaf")) {
		it->side->deaf = !strcmp(w[3], "on");
		answer(other(it->side));
	} else if (!strcmp(w[2], "restart"))
		media_link_send(link, MEDIA_RESTART, g_variant_new("()"));
	else if (!strcmp(w[2], "add"))
		media_link_send(link, MEDIA_ADD, g_variant_new("(ss)", w[3], w[4]));
	else if (!strcmp(w[2], "remove"))
		media_link_send(link, MEDIA_REMOVE, g_variant_new("(s)", w[3]));
	else if (!strcmp(w[2], "candidate"))
		for (int i = 0; i < (w[5] ? atoi(w[5]) : 1); i++)
			media_link_send(link, MEDIA_CANDIDATE,
				g_variant_new(MEDIA_CANDIDATE_TYPE, "0", "1", (guchar)1, "udp", 2000000000u, w[3],
					(guint16)(atoi(w[4]) + i), "host", "", (guint16)0));
	else if (!strcmp(w[2], "die"))
		media_link_free(g_steal_pointer(&it->side->link)), it->side->over = true;
	return G_SOURCE_REMOVE;
}

static void
begin_timed(bool flowing)
{
	for (guint i = 0; i < timed->len; i++) {
		const char *text = timed->pdata[i];
		if ((*text == '+') != flowing)
			continue;
		struct timed *it = g_new0(struct timed, 1);
		it->words = g_strsplit(text, ",", 7);
		it->side = &sides[it->words[1][0] == 'b'];
		g_timeout_add(atoi(it->words[0]), do_timed, it);
	}
}

static void
take_local(struct side *side, GVariant *body)
{
	struct local *local = g_new0(struct local, 1);
	g_autoptr(GVariant) bytes = NULL;

	g_variant_get(body, "(ssss@ayuus)", &local->name, &local->media, &local->ufrag, &local->pwd, &bytes, NULL, NULL, NULL);
	memcpy(local->fingerprint, g_variant_get_data(bytes), MIN(32, g_variant_get_size(bytes)));
	for (guint i = 0; i < side->locals->len; i++) {
		struct local *before = side->locals->pdata[i];
		if (!strcmp(before->name, local->name)) {
			side->locals->pdata[i] = local;
			if (side->answered)
				answer(other(side));
			return;
		}
	}
	g_ptr_array_add(side->locals, local);
	if (sides[0].answered && sides[0].locals->len == sides[1].locals->len)
		for (int i = 0; i < 2; i++)
			answer(&sides[i]);
}

static void
save_picture(const struct side *side, const char *which, guint width, guint height, const void *rgb, gsize size)
{
	g_autofree char *path = g_strdup_printf("%s-%s-%s.ppm", save, side->letter, which);
	g_autoptr(GString) file = g_string_new(NULL);

	g_string_printf(file, "P6\n%u %u\n255\n", width, height);
	g_string_append_len(file, rgb, size);
	g_file_set_contents(path, file->str, file->len, NULL);
}

/* Somebody stands in between, and both take the one for the other. */
static GVariant *
told_of(const struct side *side, GVariant *body)
{
	g_autoptr(GVariant) whole = NULL;
	GVariant *parts[10];

	if (!through)
		return body;
	whole = g_variant_ref_sink(body);
	for (gsize i = 0; i < 10; i++)
		parts[i] = g_variant_get_child_value(whole, i);
	g_variant_unref(parts[5]);
	g_variant_unref(parts[6]);
	parts[5] = g_variant_new_string(through[0]);
	parts[6] = g_variant_new_uint16(atoi(through[side->initiator ? 1 : 2]));
	GVariant *told = g_variant_new_tuple(parts, 10);
	for (gsize i = 0; i < 10; i++)
		if (i != 5 && i != 6)
			g_variant_unref(parts[i]);
	return told;
}

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	struct side *side = owner;
	struct side *peer = other(side);

	(void)fds;
	if (kind == MEDIA_FRAME) {
		const char *which;
		guint width, height;
		g_autoptr(GVariant) rgb = NULL;
		g_variant_get(body, "(&suu@ay)", &which, &width, &height, &rgb);
		side->frames++;
		side->sees |= !strcmp(which, "remote");
		say(side, "FRAME", ",\"which\":\"%s\",\"width\":%u,\"height\":%u,\"size\":%zu", which, width, height,
			g_variant_get_size(rgb));
		if (save)
			save_picture(side, which, width, height, g_variant_get_data(rgb), g_variant_get_size(rgb));
		return;
	}
	if (kind == MEDIA_STATS) {
		double d[3], level[2];
		guint u[2];
		guint64 t[5];
		g_variant_get(body, MEDIA_STATS_TYPE, &d[0], &d[1], &d[2], &u[0], &u[1], &level[0], &level[1], &t[0], &t[1], &t[2],
			&t[3], &t[4]);
		for (int i = 0; i < 2; i++)
			level[i] = level[i] == level[i] ? level[i] : -999;
		say(side, "STATS",
			",\"rtt\":%.2f,\"jitter\":%.2f,\"loss\":%.3f,\"in\":%u,\"out\":%u,\"level_in\":%.1f,\"level_out\":%.1f,"
			"\"audio_in\":%" G_GUINT64_FORMAT ",\"video_in\":%" G_GUINT64_FORMAT ",\"audio_out\":%" G_GUINT64_FORMAT
			",\"video_out\":%" G_GUINT64_FORMAT ",\"refused\":%" G_GUINT64_FORMAT,
			d[0], d[1], d[2], u[0], u[1], level[0], level[1], t[0], t[1], t[2], t[3], t[4]);
		return;
	}
	g_autofree char *text = g_variant_print(body, FALSE);
	g_autofree char *escaped = g_strescape(text, NULL);
	say(side, media_kinds[kind].name, ",\"body\":\"%s\"", escaped);
	if (kind == MEDIA_STATE && strstr(text, until) && !side->there) {
		side->there = true;
		if (peer->there) {
			end_soon(after);
			begin_timed(true);
		}
	}
	if (kind == MEDIA_LOCAL) {
		take_local(side, body);
		begin_when_known();
	} else if (kind == MEDIA_CANDIDATE) {
		if (peer->answered)
			media_link_send(peer->link, MEDIA_CANDIDATE, told_of(side, body));
		else
			g_ptr_array_add(side->early, g_variant_ref_sink(told_of(side, body)));
	}
}

static void
on_ended(gpointer owner, const GError *error)
{
	struct side *side = owner;

	say(side, "ended", ",\"body\":\"%s\"", error ? error->message : "");
	side->over = true;
	end_soon(after);
}

static const struct media_link_hooks hooks = { on_frame, on_ended };

/* ---- start ---- */

static char *
with_file(struct side *side, const char *choice, int flags)
{
	if (!g_str_has_prefix(choice, "file:"))
		return g_strdup(choice);
	int fd = open(choice + 5, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		g_error("%s: %s", choice, g_strerror(errno));
	side->fds[side->n_fds] = fd;
	return g_strdup_printf("fd:%u", side->n_fds++);
}

static void
start(struct side *side)
{
	GVariantBuilder contents, servers;

	g_variant_builder_init(&contents, G_VARIANT_TYPE("a(ss)"));
	g_variant_builder_add(&contents, "(ss)", "0", "audio");
	if (video)
		g_variant_builder_add(&contents, "(ss)", "1", "video");
	g_variant_builder_init(&servers, G_VARIANT_TYPE("a(ssqsss)"));
	for (guint i = 0; i < relays->len; i++) {
		g_auto(GStrv) w = g_strsplit(relays->pdata[i], ",", 6);
		g_variant_builder_add(&servers, "(ssqsss)", w[0], w[1], (guint16)atoi(w[2]), w[3], w[4], w[5]);
	}
	g_autofree char *source = with_file(side, side->source, O_RDONLY),
			*sink = with_file(side, side->sink, O_WRONLY | O_CREAT | O_TRUNC);
	g_autofree char *camera = with_file(side, side->camera, O_RDONLY);
	GVariant *body = g_variant_new(MEDIA_START_TYPE, side->initiator, &contents, side->policy, loopback, toward, &servers, "",
		source, sink, camera, 640u, 480u, 30u, "", fec);
	media_link_send_fds(side->link, MEDIA_START, body, side->fds, side->n_fds);
}

static void
spawn(struct side *side)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		abort();
	side->pid = fork();
	if (side->pid == 0) {
		dup2(pair[1], MEDIA_LINK_FD);
		execl(side->program, side->program, NULL);
		_exit(127);
	}
	close(pair[1]);
	side->link = media_link_new(pair[0], true, &hooks, side);
	start(side);
}

static void
take_option(char *text)
{
	const char *v;

	for (int i = 0; i < 2; i++) {
		struct side *side = &sides[i];
		const char *at = text;
		if (text[1] == '.' && text[0] != side->letter[0])
			continue;
		if (text[1] == '.')
			at += 2;
		if (opt(at, "source", &v))
			side->source = g_strdup(v);
		else if (opt(at, "sink", &v))
			side->sink = g_strdup(v);
		else if (opt(at, "camera", &v))
			side->camera = g_strdup(v);
		else if (opt(at, "policy", &v))
			side->policy = g_strdup(v);
		else if (opt(at, "media", &v))
			side->program = g_strdup(v);
		else if (opt(at, "consent", &v))
			side->consent = atoi(v);
		else if (opt(at, "keys", &v))
			side->keys = atoi(v);
	}
	if (opt(text, "seconds", &v))
		seconds = atoi(v);
	else if (opt(text, "after", &v))
		after = atoi(v);
	else if (opt(text, "video", &v))
		video = !strcmp(v, "on");
	else if (opt(text, "bundled", &v))
		bundled = !strcmp(v, "on");
	else if (opt(text, "mixed", &v))
		mixed = !strcmp(v, "on");
	else if (opt(text, "dtmf", &v))
		dtmf = atoi(v);
	else if (opt(text, "fec", &v))
		fec = !strcmp(v, "on");
	else if (opt(text, "loopback", &v))
		loopback = !strcmp(v, "on");
	else if (opt(text, "toward", &v))
		toward = g_strdup(v);
	else if (opt(text, "through", &v))
		through = g_strsplit(v, ",", 3);
	else if (opt(text, "wrong", &v))
		wrong = g_strdup(v);
	else if (opt(text, "until", &v))
		until = g_strdup(v);
	else if (opt(text, "ringing", &v))
		ringing = atoi(v);
	else if (opt(text, "save", &v))
		save = g_strdup(v);
	else if (opt(text, "relay", &v))
		g_ptr_array_add(relays, g_strdup(v));
	else if (opt(text, "at", &v))
		g_ptr_array_add(timed, g_strdup(v));
}

/* How long they take to go once the link is gone, and with what. */
static void
bury(struct side *side)
{
	gint64 from = g_get_monotonic_time();
	int status = 0;

	g_clear_pointer(&side->link, media_link_free);
	while (waitpid(side->pid, &status, WNOHANG) == 0 && g_get_monotonic_time() - from < 20 * G_USEC_PER_SEC)
		g_usleep(5000);
	say(side, "exit", ",\"after\":%d,\"status\":%d", (int)((g_get_monotonic_time() - from) / 1000), status);
}

int
main(int argc, char **argv)
{
	started = g_get_monotonic_time();
	relays = g_ptr_array_new();
	timed = g_ptr_array_new();
	toward = "";
	g_autofree char *here = g_path_get_dirname(argv[0]);
	g_autofree char *program = g_build_filename(here, "..", "..", "sotto-media", NULL);
	for (int i = 0; i < 2; i++) {
		sides[i].program = program;
		sides[i].source = sides[i].camera = "test";
		sides[i].sink = "none";
		sides[i].policy = "direct";
		sides[i].locals = g_ptr_array_new();
		sides[i].early = g_ptr_array_new();
	}
	for (int i = 1; i < argc; i++)
		take_option(argv[i]);
	for (int i = 0; i < 3; i++)
		random_bytes(secrets[i], 32);
	say(&sides[0], "begin", ",\"monotonic\":%.6f", started / 1e6);
	loop = g_main_loop_new(NULL, FALSE);
	for (int i = 0; i < 2; i++)
		spawn(&sides[i]);
	begin_timed(false);
	g_timeout_add_seconds(seconds, finish, NULL);
	g_main_loop_run(loop);
	for (int i = 0; i < 2; i++)
		bury(&sides[i]);
	return 0;
}
