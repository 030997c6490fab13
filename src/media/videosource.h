/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where our picture comes from: a camera, the test card, a film, or what is seen. */
#pragma once

#include "media/choice.h"
#include "media/echo.h"

#include <gst/gst.h>

typedef struct VideoSource VideoSource;
/* Added to bin, linked to sink and opened at once. Pictures of that size where we are free to choose. */
VideoSource *videosource_new(
	GstBin *bin, GstPad *sink, const struct choice *choice, guint width, guint height, guint rate, Echo *echo, GError **error);
/* What comes behind a camera that gives caps, as words for a pipeline, so that there are raw pictures of at most this size. */
char *videosource_camera(GstCaps *caps, guint width, guint height);
void videosource_free(VideoSource *source);
GstElement *videosource_part(VideoSource *source);
