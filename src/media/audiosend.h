/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our sound on its way out: Opus of constant size, whatever is said or not said. */
#pragma once

#include "media/audiosource.h"

#include <gst/gst.h>

struct audiosend_setup {
	GstBin *bin;
	GstElement *funnel; /* where packets go */
	guint32 ssrc;
	int pt, dtmf; /* payload types; dtmf -1: the peer takes none */
	guint dtmf_clock;
	guint twcc; /* header extension, 0 none */
	bool fec;   /* each packet says once more, coarser, what the one before said */
	Echo *echo;
	const char *probe; /* as in audiosource_new() */
};

typedef struct AudioSend AudioSend;
AudioSend *audiosend_new(const struct audiosend_setup *setup, GError **error);
void audiosend_free(AudioSend *send);

/* Opens it, closes the one before. When it cannot be opened silence is sent. */
bool audiosend_source(AudioSend *send, const struct choice *choice, GError **error);
void audiosend_mute(AudioSend *send, bool mute);   /* silence of the same size */
void audiosend_pause(AudioSend *send, bool pause); /* nothing at all is sent */
void audiosend_loss(AudioSend *send, double loss); /* 0..1: how much the peer misses */
bool audiosend_dtmf(AudioSend *send, char digit);
double audiosend_level(AudioSend *send);
guint64 audiosend_frames(AudioSend *send);
/* Is it one of its devices that failed? */
bool audiosend_owns(AudioSend *send, GstObject *element);
