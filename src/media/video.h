/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures in both directions. */
#pragma once

#include "base/medialink.h"
#include "media/choice.h"

#include <gst/gst.h>

struct video_setup {
	GstBin *bin;
	GstElement *funnel; /* where packets go */
	guint32 ssrc;
	int pt;
	guint twcc;
	guint width, height, rate; /* of what we send */
	MediaLink *link;           /* where pictures go */
};

typedef struct Video Video;
Video *video_new(const struct video_setup *setup, GError **error);
void video_free(Video *video);
GstPad *video_pad(Video *video); /* where packets of VP8 go; borrowed */

/* Opens it, closes the one before; none: nothing is sent. */
bool video_source(Video *video, const struct choice *choice, GError **error);
/* Pictures of that size go over the link; width 0: no more. */
void video_show(Video *video, bool own, guint width, guint height, guint rate);
/* Bits a second for the encoder; half the rate below a limit. */
void video_bitrate(Video *video, guint bits);
void video_whole(Video *video); /* the next picture is a whole one */
guint64 video_frames(Video *video, bool own);
bool video_owns(Video *video, GstObject *element);
