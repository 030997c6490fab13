/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which front end is in use. */
#include "ui/ui.h"

#include "api/error.h"

static bool
no_start(const struct ui_calls *calls, GError **error)
{
	(void)calls;
	(void)error;
	return true;
}

static void
no_stop(void)
{
}

static void
no_show(Conversation *conv)
{
	(void)conv;
}

static Conversation *
no_current(void)
{
	return NULL;
}

static void
no_secret(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data)
{
	(void)prompt;
	done(NULL, data);
}

static bool
no_window(const char *verb, const char *arg, GError **error)
{
	(void)verb;
	(void)arg;
	return fault(error, FAULT_GONE, "there are no windows here");
}

static void
no_unlock(bool create)
{
	(void)create;
}

static const struct front_end none = {
	.name = "none",
	.start = no_start,
	.stop = no_stop,
	.show = no_show,
	.current = no_current,
	.ask_secret = no_secret,
	.window = no_window,
	.show_unlock = no_unlock,
};
static const struct front_end *front = &none;

void
ui_use(const struct front_end *wanted)
{
	front = wanted ? wanted : &none;
}

const struct front_end *
ui(void)
{
	return front;
}

void
ui_init(void)
{
}
