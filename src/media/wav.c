/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of a RIFF file; what is longer than the file is cut at its end. */
#include "media/wav.h"

#include <string.h>

enum { RIFF = 12, CHUNK = 8, FORMAT = 16, PCM = 1, EXTENSIBLE = 0xfffe, BITS = 16, RATE_MAX = 192000, UNKNOWN = 0x7fffffff };

static guint32
read32(const guint8 *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (guint32)at[3] << 24;
}

static guint
read16(const guint8 *at)
{
	return at[0] | at[1] << 8;
}

bool
wav_read(const guint8 *bytes, gsize size, struct wav *wav, GError **error)
{
	*wav = (struct wav){ 0 };
	if (size < RIFF || memcmp(bytes, "RIFF", 4) || memcmp(bytes + 8, "WAVE", 4))
		return fault(error, FAULT_INPUT, "the sound file is no WAV file");
	for (gsize at = RIFF; at + CHUNK <= size;) {
		const guint8 *body = bytes + at + CHUNK;
		gsize length = MIN(read32(bytes + at + 4), size - at - CHUNK);
		if (!memcmp(bytes + at, "fmt ", 4) && length >= FORMAT) {
			guint kind = read16(body);
			wav->channels = read16(body + 2);
			wav->rate = read32(body + 4);
			if ((kind != PCM && kind != EXTENSIBLE) || read16(body + 14) != BITS || wav->channels < 1 ||
				wav->channels > 2 || wav->rate < 8000 || wav->rate > RATE_MAX)
				return fault(error, FAULT_INPUT, "the sound file must have samples of 16 bit, one or two channels");
		} else if (!memcmp(bytes + at, "data", 4) && wav->channels) {
			wav->samples = body;
			wav->size = length - length % (2 * wav->channels);
			return true;
		}
		at += CHUNK + length + (length & 1);
	}
	return fault(error, FAULT_INPUT, "the sound file has no sound");
}

static void
write32(guint8 *at, guint32 value)
{
	for (int i = 0; i < 4; i++)
		at[i] = value >> 8 * i;
}

void
wav_head(guint8 head[WAV_HEAD], guint rate, guint channels)
{
	memset(head, 0, WAV_HEAD);
	memcpy(head, "RIFF", 4);
	write32(head + 4, UNKNOWN);
	memcpy(head + 8, "WAVEfmt ", 8);
	write32(head + 16, FORMAT);
	head[20] = PCM;
	head[22] = channels;
	write32(head + 24, rate);
	write32(head + 28, rate * channels * 2);
	head[32] = channels * 2;
	head[34] = BITS;
	memcpy(head + 36, "data", 4);
	write32(head + 40, UNKNOWN);
}
