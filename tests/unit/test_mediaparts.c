/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of sotto-media that read what others made: candidates, sound files, films, heads of VP8, words of sources. */
#include "media/bitrate.h"
#include "media/candidate.h"
#include "media/choice.h"
#include "media/feeder.h"
#include "media/vp8.h"
#include "media/wav.h"
#include "media/y4m.h"

#include "base/medialink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static NiceCandidate *
take(const char *ip, guint port, const char *type, const char *protocol, guint component, bool loopback)
{
	g_autoptr(GVariant) told = g_variant_ref_sink(g_variant_new(
		MEDIA_CANDIDATE_TYPE, "0", "1", (guchar)component, protocol, 1u, ip, (guint16)port, type, "", (guint16)0));

	return candidate_take(told, loopback);
}

static void
F01_only_addresses_of_one_host_are_tried(void **state)
{
	static const char *const bad[] = { "", "evil.example", "127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "224.0.0.1",
		"239.255.255.250", "240.0.0.1", "255.255.255.255", "169.254.9.9", "::", "::1", "fe80::1", "ff02::1",
		"::ffff:192.0.2.1", "::192.0.2.1", "64:ff9b::7f00:1", "2002:7f00:1::", "1.2.3", "1.2.3.4.5", "192.0.2.1 ", "0x7f.1",
		"2130706433" };
	static const char *const good[] = { "192.0.2.1", "10.1.2.3", "2001:db8::7" };

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(take(bad[i], 40000, "host", "udp", 1, false));
	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		NiceCandidate *candidate = take(good[i], 40000, "srflx", "UDP", 1, false);
		assert_non_null(candidate);
		assert_int_equal(nice_address_get_port(&candidate->addr), 40000);
		nice_candidate_free(candidate);
	}
	NiceCandidate *loopback = take("127.0.0.1", 40000, "host", "udp", 1, true);
	assert_non_null(loopback);
	nice_candidate_free(loopback);
}

static void
F01_ports_of_services_other_protocols_and_components_are_not_tried(void **state)
{
	(void)state;
	assert_null(take("192.0.2.1", 0, "host", "udp", 1, false));
	assert_null(take("192.0.2.1", 25, "host", "udp", 1, false));
	assert_null(take("192.0.2.1", 1023, "host", "udp", 1, false));
	assert_null(take("192.0.2.1", 40000, "host", "tcp", 1, false));
	assert_null(take("192.0.2.1", 40000, "host", "udp", 2, false));
	assert_null(take("192.0.2.1", 40000, "nonsense", "udp", 1, false));
}

static void
what_we_tell_has_no_second_address(void **state)
{
	NiceCandidate *candidate = nice_candidate_new(NICE_CANDIDATE_TYPE_RELAYED);
	const char *related;
	guint16 port;

	(void)state;
	nice_address_set_from_string(&candidate->addr, "192.0.2.1");
	nice_address_set_from_string(&candidate->base_addr, "10.9.8.7");
	g_autoptr(GVariant) told = g_variant_ref_sink(candidate_tell("0", candidate));
	nice_candidate_free(candidate);
	g_variant_get_child(told, 8, "&s", &related);
	g_variant_get_child(told, 9, "q", &port);
	assert_string_equal(related, "");
	assert_int_equal(port, 0);
	g_autofree char *text = g_variant_print(told, FALSE);
	assert_null(strstr(text, "10.9.8.7"));
}

static void
sound_files_are_read_and_cut_ones_are_not_read_beyond(void **state)
{
	guint8 file[WAV_HEAD + 8];
	struct wav wav;

	(void)state;
	wav_head(file, 48000, 1);
	memset(file + WAV_HEAD, 7, 8);
	assert_true(wav_read(file, sizeof file, &wav, NULL));
	assert_int_equal(wav.rate, 48000);
	assert_int_equal(wav.size, 8); /* its head says two gigabytes */
	for (gsize length = 0; length < WAV_HEAD; length++) {
		g_autofree guint8 *cut = g_memdup2(file, length ? length : 1);
		assert_false(wav_read(cut, length, &wav, NULL));
	}
	file[22] = 9; /* channels */
	assert_false(wav_read(file, sizeof file, &wav, NULL));
	assert_false(wav_read((const guint8 *)"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", 20, &wav, NULL));
}

static bool
is_film(const char *head, gsize size)
{
	g_autofree guint8 *bytes = g_malloc0(size);
	struct y4m film;

	memcpy(bytes, head, MIN(strlen(head), size));
	return y4m_read(bytes, size, &film, NULL);
}

static void
films_are_read_and_huge_or_cut_ones_are_refused(void **state)
{
	const gsize picture = 16 * 16 * 3 / 2;

	(void)state;
	assert_true(is_film("YUV4MPEG2 W16 H16 F30:1 C420jpeg\nFRAME\n", 39 + picture));
	assert_false(is_film("YUV4MPEG2 W16 H16 F30:1 C420jpeg\nFRAME\n", 38 + picture));
	assert_false(is_film("YUV4MPEG2 W16 H16 F30:1 C444\nFRAME\n", 4096));
	assert_false(is_film("YUV4MPEG2 W4294967312 H16 F30:1\nFRAME\n", 4096));
	assert_false(is_film("YUV4MPEG2 W99999 H99999 F30:1\nFRAME\n", 4096));
	assert_false(is_film("YUV4MPEG2 W16 H16 F30:0\nFRAME\n", 4096));
	assert_false(is_film("YUV4MPEG2 W16 H16\nFRAME\n", 4096));
	assert_false(is_film("YUV4MPEG2 W16 H16 F30:1", 4096));
	assert_false(is_film("", 1));
}

static void
F07_pictures_larger_than_agreed_do_not_reach_the_decoder(void **state)
{
	guint8 key[10] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 640 & 0xff, 640 >> 8, 480 & 0xff, 480 >> 8 };

	(void)state;
	assert_true(vp8_fits(key, sizeof key));
	assert_true(vp8_fits((guint8[]){ 0x11 }, 1)); /* no key frame: of the size before */
	assert_false(vp8_fits(key, 9));
	assert_false(vp8_fits(key, 0));
	key[6] = 0xff;
	key[7] = 0x3f; /* 16383 */
	assert_false(vp8_fits(key, sizeof key));
	key[6] = key[7] = 0;
	assert_false(vp8_fits(key, sizeof key));
	key[3] = 0;
	assert_false(vp8_fits(key, sizeof key));
}

static void
sources_are_words_and_descriptors_that_came(void **state)
{
	const int fds[3] = { 5, -1, -1 };
	struct choice choice;
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_true(choice_read("fd:0", fds, 3, &choice, NULL) && choice.kind == CHOICE_FILE && choice.fd == 5);
	assert_false(choice_read("fd:1", fds, 3, &choice, NULL));
	assert_false(choice_read("fd:3", fds, 3, &choice, NULL));
	assert_false(choice_read("fd:-1", fds, 3, &choice, NULL));
	assert_false(choice_read("file:/etc/passwd", fds, 3, &choice, &error));
	assert_non_null(strstr(error->message, "/etc/passwd"));
	assert_true(choice_read("device:a b", fds, 3, &choice, NULL) && !strcmp(choice.device, "a b"));
	assert_true(choice_read("echo", fds, 3, &choice, NULL) && choice.kind == CHOICE_ECHO);
}

static void
the_picture_gives_way_to_loss_and_to_a_queue_and_comes_back(void **state)
{
	struct bitrate bitrate = { 0 };
	guint bits = bitrate_next(&bitrate, 0, 20);

	(void)state;
	assert_true(bitrate_next(&bitrate, 0.2, 20) < bits);
	bits = bitrate.bits;
	assert_true(bitrate_next(&bitrate, 0, 300) < bits);
	bits = bitrate.bits;
	assert_int_equal(bitrate_next(&bitrate, -1, -1), bits); /* nothing is known */
	assert_true(bitrate_next(&bitrate, 0, 20) > bits);
	for (int i = 0; i < 100; i++)
		bits = bitrate_next(&bitrate, 0.5, 500);
	assert_int_equal(bits, BITRATE_LEAST);
	for (int i = 0; i < 100; i++)
		bits = bitrate_next(&bitrate, 0, 20);
	assert_int_equal(bits, BITRATE_MOST);
}

static void
count(gpointer owner, guint64 n, guint8 *bytes, gsize size)
{
	memset(bytes, 0, size);
	g_atomic_int_set((gint *)owner, (gint)n + 1);
}

/* A film may have a picture a second. */
static void
a_feeder_ends_at_once_however_slow_it_is(void **state)
{
	g_autoptr(GstPlugin) plugin = gst_plugin_load_file(SOTTO_GST_PLUGINS "/libgstapp.so", NULL);
	g_autoptr(GstElement) appsrc = gst_object_ref_sink(gst_element_factory_make("appsrc", NULL));
	gint filled = 0;

	(void)state;
	gst_element_set_state(appsrc, GST_STATE_PLAYING);
	gint64 began = g_get_monotonic_time();
	Feeder *feeder = feeder_new(appsrc, 4, 20 * GST_SECOND, count, &filled);
	while (!g_atomic_int_get(&filled))
		g_usleep(1000);
	g_usleep(50000);
	feeder_free(feeder);
	assert_true(g_get_monotonic_time() - began < 10 * G_USEC_PER_SEC);
	assert_int_equal(filled, 1);
	gst_element_set_state(appsrc, GST_STATE_NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F01_only_addresses_of_one_host_are_tried),
		cmocka_unit_test(F01_ports_of_services_other_protocols_and_components_are_not_tried),
		cmocka_unit_test(what_we_tell_has_no_second_address),
		cmocka_unit_test(sound_files_are_read_and_cut_ones_are_not_read_beyond),
		cmocka_unit_test(films_are_read_and_huge_or_cut_ones_are_refused),
		cmocka_unit_test(F07_pictures_larger_than_agreed_do_not_reach_the_decoder),
		cmocka_unit_test(sources_are_words_and_descriptors_that_came),
		cmocka_unit_test(the_picture_gives_way_to_loss_and_to_a_queue_and_comes_back),
		cmocka_unit_test(a_feeder_ends_at_once_however_slow_it_is),
	};

	g_setenv("GST_REGISTRY_DISABLE", "yes", TRUE);
	gst_registry_fork_set_enabled(FALSE);
	gst_init(NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
