/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gates on the pads of one transport: who may pass, and how much did. */
#pragma once

#include "api/public.h"

#include <gst/gst.h>

/* Embedded; zeroed is closed. Fields are read by the threads of the packets. */
struct gates {
	gint send, report, receive, flowing; /* atomic */
	gsize in, out;                       /* bytes; atomic */
	void (*first)(gpointer owner);
	gpointer owner;
};

void gates_watch(struct gates *gates, GstPad *rtp, GstPad *rtcp);
/* first runs once, on the thread of the first packet that passes. */
void gates_watch_received(struct gates *gates, GstPad *rtp, void (*first)(gpointer owner), gpointer owner);
/* report: may reports (RTCP) leave? */
void gates_set(struct gates *gates, bool send, bool report, bool receive);
bool gates_receiving(const struct gates *gates);
void gates_count(struct gates *gates, guint64 *in, guint64 *out);
