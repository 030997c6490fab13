/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files: RIFF WAVE with samples of 16 bit. */
#pragma once

#include "api/error.h"

struct wav {
	guint rate, channels;
	const guint8 *samples; /* borrowed from the bytes */
	gsize size;            /* whole frames */
};

bool wav_read(const guint8 *bytes, gsize size, struct wav *wav, GError **error);
/* The head of a file whose length is not known yet. */
enum { WAV_HEAD = 44 };
void wav_head(guint8 head[WAV_HEAD], guint rate, guint channels);
