/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media --listen PATH: the end of media.socket that has the microphone, the camera and the network. */
#pragma once

#include "api/public.h"

/* Before any thread is made. Serves PATH (0600, this user only, one call at a time) until a signal ends it; in a fresh child per
 * call it returns true with the connected socket in *fd, to go on as if sotto had started it. False with an error when it
 * cannot listen; false without one when it was ended. */
bool listen_serve(const char *path, int *fd, GError **error);
