/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the link share. */
#pragma once

#include "base/medialink.h"

#include <glib-unix.h>

enum { MEDIALINK_HEAD = 8 }; /* bytes before a body */

struct MediaLink {
	int fd; /* -1: over */
	bool to_media, greeted;
	const struct media_link_hooks *hooks;
	gpointer owner;
	GSource *reader, *writer;
	guint busy; /* hooks are running: who frees now frees later */
	bool freed;

	GQueue *out;
	size_t waiting;
	bool mute; /* the other end reads no more: what it said is still read */

	guint8 head[MEDIALINK_HEAD], *body;
	size_t got, length; /* of head and body together; of the body */
	enum media_kind kind;
	int fds[MEDIA_FDS];
};

/* Does a body of the right type keep the rest of the rules? */
bool medialink_is_sound(enum media_kind kind, GVariant *body);
bool medialink_may(bool to_media, enum media_kind kind);
/* The same in the other order of bytes where this machine has that. */
GVariant *medialink_swapped(GVariant *body);

void medialink_close_fds(int *fds);
GSource *medialink_watch(MediaLink *link, GIOCondition condition, GUnixFDSourceFunc call);
void medialink_drop_source(GSource **source);
/* What waits to be written goes. */
void medialink_drop_out(MediaLink *link);
/* As media_link_send_fds(), HELLO too. */
bool medialink_send_frame(MediaLink *link, enum media_kind kind, GVariant *floating, const int *fds, guint n);
