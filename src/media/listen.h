/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto-media --listen PATH: the end of media.socket that has the microphone, the camera and the network. */
#pragma once

#include "api/error.h"

/* Serves PATH (0600, this user only, a bounded number of calls) until SIGINT, SIGTERM or SIGHUP end it; each call is this program
 * anew, with the link where sotto would have put it. Before any thread is made. False with an error when it cannot listen. */
bool listen_serve(const char *path, GError **error);
