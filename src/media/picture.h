/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures that sotto asked for: scaled here, sent over the link, dropped when it is busy. */
#pragma once

#include "base/medialink.h"

#include <gst/gst.h>

typedef struct Picture Picture;
/* What flows through the tee, at most rate times a second. */
Picture *picture_new(GstElement *tee, MediaLink *link, bool own, guint width, guint height, guint rate, GError **error);
void picture_free(Picture *picture);
