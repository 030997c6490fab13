/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What /privacy watches. */
#pragma once

#include "api/event.h"

extern const struct event_watch cmd_privacy_watches[];
