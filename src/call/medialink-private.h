/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the media link share: the child, and START made ready. */
#pragma once

#include "api/public.h"

#include <gio/gio.h>

/* ---- the program ---- */

typedef struct MediaChild MediaChild;

/* Starts sotto-media with one end of a new socket pair; the other is *fd. ended is called once, when it is reaped: why says how it
 * ended, NULL when it ended well. */
MediaChild *media_child_start(int *fd, void (*ended)(gpointer owner, const char *why), gpointer owner, GError **error);
/* Reaped already? */
bool media_child_ended(const MediaChild *child);
/* It is forgotten here, has a second to end by itself, is killed then and reaped. */
void media_child_leave(MediaChild *child);

/* Another program than sotto-media beside us: tests. */
extern const char *media_program;

/* ---- START ---- */

/* Opens what "file:PATH" in *word names and puts "fd:N" in its place; at most max, *n counts. Other words stay. */
bool media_file_open(char **word, bool write, int *fds, guint *n, GError **error);
/* START with addresses for the names of relays; done is called later, once, with a floating one, unless it was cancelled. */
void media_names_resolve(GVariant *start, GCancellable *cancellable, void (*done)(gpointer owner, GVariant *start), gpointer owner);
