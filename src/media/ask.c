/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions without a call, and who answers which. */
#include "media/ask.h"

#include <string.h>

#include "api/error.h"
#include "media/devices.h"
#include "media/doctor.h"
#include "media/levels.h"

static Levels *levels;
static Doctor *doctor;

static void
test_sound(MediaLink *link, bool loopback, GVariant *start, const int *fds)
{
	g_autoptr(GError) error = NULL;

	if (start)
		levels = levels_new(link, loopback, start, fds, &error);
	else
		fault(&error, FAULT_INPUT, "a test of sound needs to know of what");
	if (error)
		media_link_send(link, MEDIA_FAILED, g_variant_new("(ss)", fault_word(error), error->message));
}

void
ask_begin(MediaLink *link, const char *what, GVariant *start, const int *fds)
{
	ask_end();
	if (!strcmp(what, "devices"))
		devices_ask(link);
	else if (!strcmp(what, "doctor"))
		doctor = doctor_new(link, start);
	else if (!strcmp(what, "levels") || !strcmp(what, "loopback"))
		test_sound(link, !strcmp(what, "loopback"), start, fds);
}

void
ask_end(void)
{
	devices_forget();
	g_clear_pointer(&levels, levels_free);
	g_clear_pointer(&doctor, doctor_free);
}
