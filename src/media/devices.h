/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The microphones, loudspeakers and cameras of this machine, by name. None of them is opened for it. */
#pragma once

#include "base/medialink.h"

/* Sends MEDIA_DEVICES over link soon; a sound server that does not answer has 3 s. Once per process. */
void devices_ask(MediaLink *link);
/* The answer is not wanted any more. */
void devices_forget(void);
