/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sotto's way to the media of one call: a sotto-media of its own, started here or reached at media.socket. It lives as long as
 * the call and is gone with it. */
#pragma once

#include "base/medialink.h"

typedef struct Media Media;

/* Starts one, at once, or connects to socket (an absolute path; NULL or "": start one). Frames may be sent right away. hooks are
 * those of the link: frame for what it says, ended (once, within a second of its end) with a sentence that says why: it crashed,
 * was not to be started, broke the rules, closed the connection. NULL with an error only when nothing could be tried. */
Media *media_start(const char *socket, const struct media_link_hooks *hooks, gpointer owner, GError **error);
/* Over with it: the child is ended and reaped, no hook is called any more; from within a hook too. NULL is fine. */
void media_stop(Media *media);

/* START, floating, of MEDIA_START_TYPE. Its sources and sinks as the options say, "file:PATH" too: such a file is opened here, the
 * descriptor goes along and "fd:N" takes the place of the words. Names of relays are resolved here (unless a proxy does it):
 * until then what is sent after waits behind it. False with a sentence when a file cannot be opened. */
bool media_begin(Media *media, GVariant *start, GError **error);
/* A control and its value as in MEDIA_SET; "file:PATH" is opened here as well. */
bool media_set(Media *media, const char *control, const char *value, GError **error);
/* Every other frame. False when it is over: ended was or will be called. */
bool media_send(Media *media, enum media_kind kind, GVariant *body);

/* Is it at the other end of media.socket: devices, files and the network are those over there. */
bool media_is_far(const Media *media);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Media, media_stop)
