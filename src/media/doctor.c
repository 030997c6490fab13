/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each server is asked by hand, message by message: libnice says only that there is no candidate, never why. */
#include "media/doctor.h"

#include "media/stunasker.h"

#include "api/error.h"

struct Doctor {
	MediaLink *link;
	GPtrArray *askers;
	guint pending, relays, timer;
};

static void
say(Doctor *doctor, const char *step, bool well, const char *sentence)
{
	media_link_send(doctor->link, MEDIA_REPORT, g_variant_new("(sbs)", step, well, sentence));
}

static void
finish(Doctor *doctor)
{
	if (doctor->relays)
		say(doctor, "done", true, "calls can go through a relay");
	else
		say(doctor, "done", false, "no relay works: calls go directly or not at all");
}

static void
on_answer(gpointer owner, const StunAsker *asker, bool well, const char *sentence)
{
	Doctor *doctor = owner;

	say(doctor, stunasker_step(asker), well, sentence);
	doctor->relays += well && stunasker_is_relay(asker);
	if (!--doctor->pending)
		finish(doctor);
}

/* Later, so that the first answer comes when all were asked. */
static gboolean
ask_all(gpointer data)
{
	Doctor *doctor = data;

	doctor->timer = 0;
	doctor->pending = doctor->askers->len + 1;
	for (guint i = 0; i < doctor->askers->len; i++)
		stunasker_begin(doctor->askers->pdata[i]);
	if (!doctor->askers->len)
		say(doctor, "servers", false, "the server names neither STUN nor TURN: ask its operator for XEP-0215 and a relay");
	if (!--doctor->pending)
		finish(doctor);
	return G_SOURCE_REMOVE;
}

Doctor *
doctor_new(MediaLink *link, GVariant *start)
{
	Doctor *doctor = g_new0(Doctor, 1);
	g_autoptr(GVariant) servers = start ? g_variant_get_child_value(start, 5) : NULL;
	const char *proxy = "", *authorities = "";

	if (start) {
		g_variant_get_child(start, 6, "&s", &proxy);
		g_variant_get_child(start, 13, "&s", &authorities);
	}
	doctor->link = link;
	doctor->askers = g_ptr_array_new_with_free_func((GDestroyNotify)stunasker_free);
	for (gsize i = 0; servers && i < g_variant_n_children(servers); i++) {
		g_autoptr(GVariant) server = g_variant_get_child_value(servers, i);

		g_ptr_array_add(doctor->askers, stunasker_new(server, proxy, authorities, on_answer, doctor));
	}
	doctor->timer = g_idle_add(ask_all, doctor);
	return doctor;
}

void
doctor_free(Doctor *doctor)
{
	if (!doctor)
		return;
	if (doctor->timer)
		g_source_remove(doctor->timer);
	g_ptr_array_unref(doctor->askers);
	g_free(doctor);
}
