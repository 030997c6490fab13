/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures by media.socket are asked for small and shown as large as they were wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/farpicture.h"

static void
what_half_blocks_need_is_asked_for_as_it_is(void **state)
{
	struct far_picture picture = { 0 };
	guint width = 80, height = 48, rate = 15;

	(void)state;
	far_picture_ask(&picture, &width, &height, &rate);
	assert_int_equal(width, 80);
	assert_int_equal(height, 48);
	assert_int_equal(rate, 10);
	far_picture_clear(&picture);
}

static void
a_large_one_is_asked_for_small_and_becomes_large_again(void **state)
{
	struct far_picture picture = { 0 };
	guint width = 640, height = 384, rate = 15;
	const guint8 four[] = { 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4 };
	struct call_frame frame = { .width = 2, .height = 2, .rgb = four };

	(void)state;
	far_picture_ask(&picture, &width, &height, &rate);
	assert_in_range(width * height, 15000, 16000);
	assert_in_range(width * 1000 / height, 1640, 1690);
	far_picture_enlarge(&picture, &frame);
	assert_int_equal(frame.width, 640);
	assert_int_equal(frame.height, 384);
	assert_int_equal(frame.rgb[0], 1);
	assert_int_equal(frame.rgb[3 * 319], 1);
	assert_int_equal(frame.rgb[3 * 320], 2);
	assert_int_equal(frame.rgb[3 * (640 * 192)], 3);
	assert_int_equal(frame.rgb[3 * (640 * 384 - 1)], 4);
	far_picture_clear(&picture);
}

static void
when_none_is_wanted_any_more_none_is_kept(void **state)
{
	struct far_picture picture = { 0 };
	guint width = 640, height = 384, rate = 15, none = 0;
	const guint8 one[3] = { 0 };
	struct call_frame frame = { .width = 1, .height = 1, .rgb = one };

	(void)state;
	far_picture_ask(&picture, &width, &height, &rate);
	far_picture_enlarge(&picture, &frame);
	far_picture_ask(&picture, &none, &none, &none);
	assert_null(picture.rgb);
	frame = (struct call_frame){ .width = 1, .height = 1, .rgb = one };
	far_picture_enlarge(&picture, &frame);
	assert_int_equal(frame.width, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_half_blocks_need_is_asked_for_as_it_is),
		cmocka_unit_test(a_large_one_is_asked_for_small_and_becomes_large_again),
		cmocka_unit_test(when_none_is_wanted_any_more_none_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
