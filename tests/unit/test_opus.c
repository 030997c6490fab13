/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packets may go to the decoder of sound (RFC 6716 §3.2, §3.4). */
#include "media/opus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *head; /* hex; zeros follow up to size */
	gsize size;
	bool fits;
} rows[] = {
	{ "", 0, false },
	{ "48", 1, true },       /* nothing was said */
	{ "48", 80, true },      /* one frame */
	{ "48", 1276, true },    /* the longest */
	{ "48", 1277, false },   /* longer */
	{ "49", 81, true },      /* two equal ones */
	{ "49", 80, false },     /* are not equal */
	{ "4a4f", 82, true },    /* two, the first of 79 */
	{ "4a51", 82, false },   /* of 81: it is not there */
	{ "4afc", 2, false },    /* half a length */
	{ "4a", 1, false },      /* none */
	{ "4b", 1, false },      /* a number of frames that is missing */
	{ "4b00", 80, false },   /* no frames */
	{ "4b06", 80, true },    /* six of 20 ms: 120 ms */
	{ "4b07", 86, false },   /* seven */
	{ "4b06", 81, false },   /* six that are not equal */
	{ "e330", 98, true },    /* 48 of 2.5 ms */
	{ "e331", 100, false },  /* 49 */
	{ "4b4210", 83, true },  /* two and padding of 16 */
	{ "4b42ff", 3, false },  /* padding goes on */
	{ "4b4251", 83, false }, /* padding alone, and more of it than there is */
	{ "4b420050", 83, true },
	{ "4b830a14", 80, true },  /* three of lengths of their own */
	{ "4b830aff", 80, false }, /* the second is longer than the rest */
	{ "4bc3020a", 80, true },
	{ "ffffffff", 4, false },
	{ "03", 1, false },
};

static void
a_packet_is_one_or_is_none(void **unused)
{
	(void)unused;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		/* As long as it says: a sanitizer sees who reads on. */
		g_autofree guint8 *packet = g_malloc0(rows[i].size ? rows[i].size : 1);
		for (gsize n = 0; rows[i].head[2 * n] && n < rows[i].size; n++)
			packet[n] = g_ascii_xdigit_value(rows[i].head[2 * n]) << 4 | g_ascii_xdigit_value(rows[i].head[2 * n + 1]);
		if (opus_fits(packet, rows[i].size) != rows[i].fits)
			fail_msg("%s of %zu bytes", rows[i].head, rows[i].size);
	}
}

static void
noise_is_not_read_past_its_end(void **unused)
{
	(void)unused;
	for (int turn = 0; turn < 100000; turn++) {
		gsize size = g_random_int_range(1, 60);
		g_autofree guint8 *packet = g_malloc(size);
		for (gsize n = 0; n < size; n++)
			packet[n] = g_random_int();
		opus_fits(packet, size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_one_or_is_none),
		cmocka_unit_test(noise_is_not_read_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
