/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where our sound comes from: a microphone, a tone, a file, silence, or what is heard. */
#pragma once

#include "media/choice.h"
#include "media/echo.h"

#include <gst/gst.h>

/* Added to bin and linked to sink; opened at once. file: the choice's descriptor is read whole. probe: name of the element that
 * sees what is played, for the echo canceller; NULL: none. */
typedef struct AudioSource AudioSource;
AudioSource *audiosource_new(GstBin *bin, GstPad *sink, const struct choice *choice, Echo *echo, const char *probe, GError **error);
void audiosource_free(AudioSource *source);
GstElement *audiosource_part(AudioSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AudioSource, audiosource_free)
