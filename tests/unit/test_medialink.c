/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link between sotto and sotto-media: what is said arrives, and who breaks a rule is cut off with a sentence. */
#define _GNU_SOURCE
#include "base/medialink.h"

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/error.h"
#include "base/base.h"
#include "call/medialink.h"

/* One end: what it heard. */
struct end {
	MediaLink *link;
	GPtrArray *frames; /* "kind:text of the body" */
	GError *error;
	guint ended, want_fds;
	int fds[MEDIA_FDS];
	bool free_in_frame;
};
static struct end sotto, media;
static int raw; /* the other end, when a test plays it by hand */

static void
on_frame(gpointer owner, enum media_kind kind, GVariant *body, int fds[MEDIA_FDS])
{
	struct end *end = owner;
	g_autofree char *text = kind == MEDIA_FRAME ? g_strdup("picture") : g_variant_print(body, FALSE);

	g_ptr_array_add(end->frames, g_strdup_printf("%s:%s", media_kinds[kind].name, text));
	for (guint i = 0; i < end->want_fds; i++) {
		end->fds[i] = fds[i];
		fds[i] = -1;
	}
	if (end->free_in_frame && kind != MEDIA_HELLO)
		g_clear_pointer(&end->link, media_link_free);
}

static void
on_ended(gpointer owner, const GError *error)
{
	struct end *end = owner;

	assert_null(end->error);
	end->error = g_error_copy(error);
	end->ended++;
}

static const struct media_link_hooks hooks = { on_frame, on_ended };

static void
begin(struct end *end, int fd, bool to_media)
{
	*end = (struct end){ .frames = g_ptr_array_new_with_free_func(g_free), .fds = { -1, -1, -1 } };
	end->link = media_link_new(fd, to_media, &hooks, end);
}

static void
finish(struct end *end)
{
	g_clear_pointer(&end->link, media_link_free);
	g_clear_pointer(&end->frames, g_ptr_array_unref);
	g_clear_error(&end->error);
	for (guint i = 0; i < MEDIA_FDS; i++)
		if (end->fds[i] > 0)
			close(end->fds[i]);
	*end = (struct end){ 0 };
}

static void
turn(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static int
set_up(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	begin(&sotto, fds[0], true);
	begin(&media, fds[1], false);
	turn();
	return 0;
}

static int
set_up_raw(void **state)
{
	char hello[128];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	begin(&media, fds[0], false);
	raw = fds[1];
	assert_true(read(raw, hello, sizeof hello) > 8);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	finish(&sotto);
	finish(&media);
	if (raw > 0)
		close(raw);
	raw = 0;
	return 0;
}

static const char *
last(const struct end *end)
{
	return end->frames->len ? end->frames->pdata[end->frames->len - 1] : "";
}

/* A frame as the wire has it. */
static GByteArray *
frame(guint kind, const void *body, gsize length)
{
	GByteArray *bytes = g_byte_array_new();
	guint32 head[2] = { GUINT32_TO_BE((guint32)length), GUINT32_TO_BE(kind << 16) };

	g_byte_array_append(bytes, (guint8 *)head, sizeof head);
	return g_byte_array_append(bytes, body, (guint)length);
}

static void
say(guint kind, const void *body, gsize length)
{
	g_autoptr(GByteArray) bytes = frame(kind, body, length);

	assert_int_equal(write(raw, bytes->data, bytes->len), bytes->len);
	turn();
}

static void
say_variant(enum media_kind kind, GVariant *floating)
{
	g_autoptr(GVariant) body = g_variant_ref_sink(floating);

	say(kind, g_variant_get_data(body), g_variant_get_size(body));
}

static void
say_hello(void)
{
	say_variant(MEDIA_HELLO, g_variant_new("(us)", (guint32)MEDIA_LINK_VERSION, "test"));
}

static void
assert_refused(const char *words)
{
	assert_int_equal(media.ended, 1);
	assert_true(g_error_matches(media.error, FAULT, FAULT_PEER));
	if (!strstr(media.error->message, words))
		fail_msg("\"%s\" does not say \"%s\"", media.error->message, words);
	assert_false(media_link_send(media.link, MEDIA_GATHERED, g_variant_new("(s)", "audio")));
}

static GVariant *
keys(bool mixed, gsize length)
{
	guint8 bytes[64] = { 1, 2, 3 };

	return g_variant_new("(b@ay@ay@ay)", mixed, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1),
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1),
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1));
}

static GVariant *
picture(guint width, guint height, gsize length)
{
	g_autofree guint8 *bytes = g_malloc0(length);

	return g_variant_new("(suu@ay)", "remote", width, height, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1));
}

/* ---- stories ---- */

static void
what_is_said_arrives_in_order_and_hello_is_first(void **state)
{
	(void)state;
	assert_string_equal(last(&media), "hello:(2, '" SOTTO_VERSION "')");
	assert_string_equal(last(&sotto), "hello:(2, '" SOTTO_VERSION "')");
	assert_true(media_link_send(sotto.link, MEDIA_CONSENT, g_variant_new("()")));
	assert_true(media_link_send(sotto.link, MEDIA_SET, g_variant_new("(ss)", "mute", "on")));
	assert_true(media_link_send(sotto.link, MEDIA_KEYS, keys(true, 32)));
	assert_true(media_link_send(media.link, MEDIA_STATE, g_variant_new("(sss)", "audio", "flowing", "relay")));
	turn();
	assert_int_equal(media.frames->len, 4);
	assert_string_equal(media.frames->pdata[1], "consent:()");
	assert_string_equal(media.frames->pdata[2], "set:('mute', 'on')");
	assert_string_equal(last(&sotto), "state:('audio', 'flowing', 'relay')");
	assert_int_equal(media_link_waiting(sotto.link), 0);
}

static void
nothing_that_the_other_end_would_refuse_is_sent(void **state)
{
	g_autofree char *words = g_strnfill(2000, 'a');

	(void)state;
	assert_false(media_link_send(sotto.link, MEDIA_HELLO, g_variant_new("(us)", 1u, "again")));
	assert_false(media_link_send(sotto.link, MEDIA_STATE, g_variant_new("(sss)", "audio", "lost", "")));
	assert_false(media_link_send(sotto.link, MEDIA_SET, g_variant_new("(s)", "mute")));
	assert_false(media_link_send(sotto.link, MEDIA_SET, g_variant_new("(ss)", "mute", words)));
	assert_false(media_link_send(sotto.link, MEDIA_KEYS, keys(true, 31)));
	assert_false(media_link_send(sotto.link, MEDIA_KEYS, keys(false, 32)));
	assert_false(media_link_send(media.link, MEDIA_FRAME, picture(4, 4, 47)));
	assert_false(media_link_send_fds(sotto.link, MEDIA_CONSENT, g_variant_new("()"), (int[]){ 0 }, 1));
	turn();
	assert_int_equal(sotto.ended + media.ended, 0);
	assert_int_equal(media.frames->len, 1);
}

static void
ten_thousand_frames_arrive(void **state)
{
	(void)state;
	for (guint i = 0; i < 10000; i++) {
		g_autofree char *text = g_strdup_printf("%u", i);
		assert_true(media_link_send(sotto.link, MEDIA_SET, g_variant_new("(ss)", "volume", text)));
	}
	turn();
	assert_int_equal(media.frames->len, 10001);
	assert_string_equal(last(&media), "set:('volume', '9999')");
	assert_int_equal(media_link_waiting(sotto.link), 0);
}

static void
a_reader_that_stops_does_not_stop_the_writer_and_is_given_up(void **state)
{
	guint sent = 0;

	(void)state;
	say_hello();
	while (media_link_send(media.link, MEDIA_FRAME, picture(640, 480, 640 * 480 * 3)))
		sent++;
	assert_in_range(sent, 10, 40);
	turn();
	assert_int_equal(media.ended, 1);
	assert_true(g_error_matches(media.error, FAULT, FAULT_GONE));
}

static void
descriptors_travel_with_what_may_carry_them(void **state)
{
	int pipes[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	media.want_fds = 1;
	assert_true(media_link_send(sotto.link, MEDIA_CONSENT, g_variant_new("()")));
	assert_true(media_link_send_fds(sotto.link, MEDIA_SET, g_variant_new("(ss)", "audio-source", "fd:0"), pipes, 1));
	close(pipes[0]);
	turn();
	assert_true(media.fds[0] > 0);
	assert_true(fcntl(media.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(read(media.fds[0], &byte, 1), 1);
	close(pipes[1]);
}

static guint
open_fds(void)
{
	guint n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
descriptors_that_nobody_takes_are_closed(void **state)
{
	guint before = open_fds();

	(void)state;
	for (guint i = 0; i < 20; i++)
		assert_true(media_link_send_fds(
			sotto.link, MEDIA_SET, g_variant_new("(ss)", "audio-source", "fd:0"), (int[]){ 0, 1, 2 }, 3));
	turn();
	assert_int_equal(media.frames->len, 21);
	assert_int_equal(open_fds(), before);
}

/* n descriptors with some bytes. */
static void
say_fds(const void *bytes, size_t length, guint n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec place = { (void *)bytes, length };
	struct msghdr message = {
		.msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(n * sizeof(int))
	};

	*CMSG_FIRSTHDR(&message) =
		(struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memset(CMSG_DATA(CMSG_FIRSTHDR(&message)), 0, n * sizeof(int));
	assert_int_equal(sendmsg(raw, &message, 0), length);
	turn();
}

static void
descriptors_with_other_frames_are_refused_and_closed(void **state)
{
	g_autoptr(GByteArray) consent = frame(MEDIA_CONSENT, "", 1);
	guint before = open_fds();

	(void)state;
	say_hello();
	say_fds(consent->data, consent->len, 1);
	assert_refused("descriptors with a frame \"consent\"");
	assert_int_equal(open_fds(), before - 1); /* that of the link itself */
}

static void
descriptors_within_a_frame_are_refused_and_closed(void **state)
{
	g_autoptr(GByteArray) set = frame(MEDIA_SET, "mute\0on\0\5", 9);
	guint before = open_fds();

	(void)state;
	say_hello();
	assert_int_equal(write(raw, set->data, 10), 10);
	turn();
	say_fds(set->data + 10, set->len - 10, 1);
	assert_refused("descriptors that do not belong there");
	assert_int_equal(open_fds(), before - 1);
}

static void
too_many_descriptors_are_refused_and_closed(void **state)
{
	g_autoptr(GByteArray) set = frame(MEDIA_SET, "mute\0on\0\5", 9);
	guint before = open_fds();

	(void)state;
	say_hello();
	say_fds(set->data, set->len, 4);
	assert_refused("descriptors that do not belong there");
	assert_int_equal(open_fds(), before - 1);
}

static void
two_frames_in_one_read_and_one_byte_at_a_time_are_the_same(void **state)
{
	g_autoptr(GByteArray) hello = frame(MEDIA_HELLO, "\2\0\0\0test\0", 9);
	g_autoptr(GByteArray) set = frame(MEDIA_SET, "mute\0on\0\5", 9), both = g_byte_array_new();

	(void)state;
	for (guint i = 0; i < hello->len; i++) {
		assert_int_equal(write(raw, hello->data + i, 1), 1);
		turn();
	}
	assert_string_equal(last(&media), "hello:(2, 'test')");
	g_byte_array_append(both, set->data, set->len);
	g_byte_array_append(both, set->data, set->len);
	assert_int_equal(write(raw, both->data, both->len), both->len);
	turn();
	assert_int_equal(media.frames->len, 3);
	assert_string_equal(last(&media), "set:('mute', 'on')");
}

static void
frames_that_break_a_rule_end_the_link(void **state)
{
	static const struct {
		const char *words;
		guint kind;
		const char *body;
		gsize length;
		bool before_hello;
	} bad[] = {
		{ "before hello", MEDIA_CONSENT, "", 1, true },
		{ "speaks version 1", MEDIA_HELLO, "\1\0\0\0x\0", 6, true },
		{ "second hello", MEDIA_HELLO, "\2\0\0\0x\0", 6, false },
		{ "no known kind", MEDIA_NONE, "", 0, false },
		{ "no known kind", MEDIA_KINDS, "", 0, false },
		{ "no known kind", 0xffff, "", 0, false },
		{ "\"state\" in the wrong direction", MEDIA_STATE, "a\0b\0c\0\4\2", 8, false },
		{ "\"frame\" in the wrong direction", MEDIA_FRAME, "", 0, false },
		{ "\"set\" holds", MEDIA_SET, "mute\0on\0\4", 9, false },
		{ "\"set\" holds", MEDIA_SET, "mute\0on\0\5\5", 10, false },
		{ "\"set\" holds", MEDIA_SET, "mut\xff\0on\0\5", 9, false },
		{ "\"set\" holds", MEDIA_SET, "", 0, false },
		{ "\"consent\" holds", MEDIA_CONSENT, "\1", 1, false },
		{ "\"keys\" holds", MEDIA_KEYS, "\2", 1, false },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		set_up_raw(state);
		if (!bad[i].before_hello)
			say_hello();
		say(bad[i].kind, bad[i].body, bad[i].length);
		assert_refused(bad[i].words);
		tear_down(state);
	}
}

static void
a_frame_that_is_too_long_is_refused_by_its_head(void **state)
{
	static const guint8 head[8] = { 0, 0, 4, 1, 0, MEDIA_SET }, huge[8] = { 0xff, 0xff, 0xff, 0xff, 0, MEDIA_START };

	set_up_raw(state);
	say_hello();
	assert_int_equal(write(raw, head, 8), 8);
	turn();
	assert_refused("\"set\" of 1025 bytes");
	tear_down(state);
	set_up_raw(state);
	say_hello();
	assert_int_equal(write(raw, huge, 8), 8);
	turn();
	assert_refused("\"start\" of 4294967295 bytes");
	tear_down(state);
}

static void
keys_of_another_length_are_refused(void **state)
{
	(void)state;
	say_hello();
	say_variant(MEDIA_KEYS, keys(true, 33));
	assert_refused("\"keys\" holds");
}

static void
a_picture_without_all_its_bytes_is_refused(void **state)
{
	static const struct {
		guint width, height;
		gsize length;
	} bad[] = { { 4, 4, 47 }, { 4, 4, 49 }, { 0, 4, 0 }, { 4097, 1, 4097 * 3 }, { 0x80000000, 2, 0 },
		{ 0xffffffff, 0xffffffff, 3 } };

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		begin(&media, fds[0], true);
		raw = fds[1];
		say_hello();
		say_variant(MEDIA_FRAME, picture(2, 2, 12));
		assert_string_equal(last(&media), "frame:picture");
		say_variant(MEDIA_FRAME, picture(bad[i].width, bad[i].height, bad[i].length));
		assert_int_equal(media.ended, 1);
		assert_non_null(strstr(media.error->message, "sotto-media broke the rules of the link: a frame \"frame\" holds"));
		tear_down(state);
	}
}

static void
an_end_in_the_middle_of_a_frame_is_an_end(void **state)
{
	g_autoptr(GByteArray) set = frame(MEDIA_SET, "mute\0on\0\5", 9);

	(void)state;
	say_hello();
	assert_int_equal(write(raw, set->data, 12), 12);
	close(raw);
	raw = 0;
	turn();
	assert_int_equal(media.ended, 1);
	assert_true(g_error_matches(media.error, FAULT, FAULT_GONE));
	assert_int_equal(media.frames->len, 1);
}

static void
last_words_are_heard_though_writing_fails_first(void **state)
{
	(void)state;
	assert_true(media_link_send(media.link, MEDIA_FAILED, g_variant_new("(ss)", "device", "there is no microphone")));
	g_clear_pointer(&media.link, media_link_free);
	assert_false(media_link_send(sotto.link, MEDIA_SET, g_variant_new("(ss)", "mute", "on")));
	assert_int_equal(sotto.ended, 0);
	turn();
	assert_string_equal(last(&sotto), "failed:('device', 'there is no microphone')");
	assert_int_equal(sotto.ended, 1);
	assert_string_equal(sotto.error->message, "sotto-media is gone");
}

static void
freed_within_a_hook_it_calls_no_further_one(void **state)
{
	(void)state;
	media.free_in_frame = true;
	assert_true(media_link_send(sotto.link, MEDIA_CONSENT, g_variant_new("()")));
	assert_true(media_link_send(sotto.link, MEDIA_CONSENT, g_variant_new("()")));
	turn();
	assert_null(media.link);
	assert_int_equal(media.frames->len, 2);
	assert_int_equal(media.ended, 0);
	assert_int_equal(sotto.ended, 1);
}

static void
secret_bodies_are_wiped_where_they_were_made(void **state)
{
	g_autoptr(GVariant) child = g_variant_ref_sink(g_variant_new_string("password"));
	g_autoptr(GVariant) body = g_variant_ref_sink(g_variant_new("(s@s)", "dtmf", child));

	(void)state;
	assert_true(media_link_send(sotto.link, MEDIA_SET, body));
	assert_memory_equal(g_variant_get_data(child), "\0\0\0\0\0\0\0\0", 8);
	turn();
	assert_string_equal(last(&media), "set:('dtmf', 'password')");
}

static void
secret_bodies_that_are_refused_are_wiped_too(void **state)
{
	g_autoptr(GVariant) child = g_variant_ref_sink(g_variant_new_string("password"));
	g_autoptr(GVariant) body = g_variant_ref_sink(g_variant_new("(s@s)", "dtmf", child));

	(void)state;
	g_clear_pointer(&media.link, media_link_free);
	turn();
	assert_false(media_link_send(sotto.link, MEDIA_SET, body));
	assert_memory_equal(g_variant_get_data(child), "\0\0\0\0\0\0\0\0", 8);
}

static void
on_body_freed(gpointer freed)
{
	*(bool *)freed = true;
}

/* START waits for the names of relays, and what is said after it for START. */
static void
what_waited_is_freed_when_it_was_sent(void **state)
{
	g_autofree char *folder = g_dir_make_tmp("sotto-XXXXXX", NULL), *path = g_build_filename(folder, "media", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Nothing of a thing is all of it with nothing in it. */
	g_autoptr(GVariant) none =
		g_variant_ref_sink(g_variant_new_from_data(G_VARIANT_TYPE(MEDIA_START_TYPE), "", 0, FALSE, NULL, NULL));
	bool freed = false;

	(void)state;
	strcpy(address.sun_path, path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1), 0);
	g_autoptr(Media) call = media_start(path, &hooks, &sotto, NULL);
	assert_non_null(call);
	sotto = (struct end){ .frames = g_ptr_array_new_with_free_func(g_free) };
	begin(&media, accept(listener, NULL, NULL), false);
	assert_true(media_begin(call, g_variant_get_normal_form(none), NULL));
	assert_true(media_send(call, MEDIA_REMOVE,
		g_variant_new_from_data(G_VARIANT_TYPE("(s)"), "video", sizeof "video", TRUE, on_body_freed, &freed)));
	assert_false(freed);
	while (!g_str_has_prefix(last(&media), "remove"))
		g_main_context_iteration(NULL, TRUE);
	assert_true(freed);
	close(listener);
	unlink(path);
	rmdir(folder);
}

int
main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define RAW(name) cmocka_unit_test_setup_teardown(name, set_up_raw, tear_down)
	const struct CMUnitTest tests[] = {
		FRESH(what_is_said_arrives_in_order_and_hello_is_first),
		FRESH(nothing_that_the_other_end_would_refuse_is_sent),
		FRESH(ten_thousand_frames_arrive),
		RAW(a_reader_that_stops_does_not_stop_the_writer_and_is_given_up),
		FRESH(descriptors_travel_with_what_may_carry_them),
		FRESH(descriptors_that_nobody_takes_are_closed),
		RAW(descriptors_with_other_frames_are_refused_and_closed),
		RAW(descriptors_within_a_frame_are_refused_and_closed),
		RAW(too_many_descriptors_are_refused_and_closed),
		RAW(two_frames_in_one_read_and_one_byte_at_a_time_are_the_same),
		cmocka_unit_test(frames_that_break_a_rule_end_the_link),
		cmocka_unit_test(a_frame_that_is_too_long_is_refused_by_its_head),
		RAW(keys_of_another_length_are_refused),
		cmocka_unit_test(a_picture_without_all_its_bytes_is_refused),
		RAW(an_end_in_the_middle_of_a_frame_is_an_end),
		FRESH(last_words_are_heard_though_writing_fails_first),
		FRESH(freed_within_a_hook_it_calls_no_further_one),
		FRESH(secret_bodies_are_wiped_where_they_were_made),
		FRESH(secret_bodies_that_are_refused_are_wiped_too),
		cmocka_unit_test_teardown(what_waited_is_freed_when_it_was_sent, tear_down),
	};

	if (!base_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
