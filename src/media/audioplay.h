/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The peer's sound on its way to the ear. */
#pragma once

#include "media/choice.h"
#include "media/echo.h"

#include <gst/gst.h>

typedef struct AudioPlay AudioPlay;
/* Heard sound goes to echo, too, once audioplay_echo() says so. */
/* fec: what was lost is taken from what comes next, for which all waits. */
AudioPlay *audioplay_new(GstBin *bin, Echo *echo, bool fec, GError **error);
void audioplay_free(AudioPlay *play);
GstPad *audioplay_pad(AudioPlay *play);       /* where packets of Opus go; borrowed */
const char *audioplay_probe(AudioPlay *play); /* the element that the echo canceller watches; NULL: there is none */

/* Opens it, closes the one before. False: nothing is played. */
bool audioplay_sink(AudioPlay *play, const struct choice *choice, GError **error);
void audioplay_echo(AudioPlay *play, bool on);
void audioplay_volume(AudioPlay *play, guint percent);
double audioplay_level(AudioPlay *play);
guint64 audioplay_frames(AudioPlay *play);
/* Is it one of its devices that failed? */
bool audioplay_owns(AudioPlay *play, GstObject *element);
