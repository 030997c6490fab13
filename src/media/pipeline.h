/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pipeline of the call: one clock, one rtpbin with a session per transport, and where what arrives goes. */
#pragma once

#include "api/error.h"

#include <gst/gst.h>

enum { PIPELINE_SESSIONS = 16, PIPELINE_TYPES = 128 };

/* In the main loop. An element failed; the text is GStreamer's. */
typedef void (*pipeline_failed)(gpointer owner, GstObject *where, const char *text);

typedef struct Pipeline Pipeline;
Pipeline *pipeline_new(const char *cname, pipeline_failed failed, gpointer owner, GError **error);
void pipeline_free(Pipeline *pipeline);
GstBin *pipeline_bin(Pipeline *pipeline);
GstElement *pipeline_rtpbin(Pipeline *pipeline);

/* Takes the caps: what a payload type means in a session. */
void pipeline_map(Pipeline *pipeline, guint session, int pt, GstCaps *caps);
/* Where the stream of that type goes. NULL: it goes nowhere. */
void pipeline_receiver(Pipeline *pipeline, guint session, int pt, GstPad *sink);
/* The element that gathers what a session sends; the session comes into being. NULL: no. */
GstElement *pipeline_sender(Pipeline *pipeline, guint session);
/* Repeat what the peer misses. */
void pipeline_rtx(Pipeline *pipeline, guint session, int pt, int rtx, guint32 ssrc, guint32 rtx_ssrc);
/* Latency changed: elements came or went. */
void pipeline_settle(Pipeline *pipeline);
/* The rtp session itself, for its figures; NULL before pipeline_sender(). */
GObject *pipeline_session(Pipeline *pipeline, guint session);

/* A bin made of GStreamer's own words, added to the pipeline but not started. */
GstElement *pipeline_add(GstBin *bin, GError **error, const char *words, ...) G_GNUC_PRINTF(3, 4);
/* Stops it and takes it out. */
void pipeline_take(GstElement *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pipeline, pipeline_free)
