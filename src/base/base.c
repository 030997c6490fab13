/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts the base: what every other layer stands on. */
#include "base/base.h"

#include "base/log.h"
#include "base/timers.h"

bool
base_init(GError **error)
{
	log_catch_glib();
	if (!secret_init(error))
		return false;
	timers_init();
	return true;
}
